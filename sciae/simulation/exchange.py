"""Exchange: walkers tell each other what they deposit, in rounds and in a fixed order."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SimulationError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Exchange"]

PAUSE = 0.0005  # seconds between two looks, at first
LONGEST_PAUSE = 0.02


@dataclass
class Exchange:
    """One file per walker, which grows by a block of numbers per round and is never cut.

    A walker goes on only when it has read the block of every walker for its round. So all
    have the same bias at the same step, and the result does not depend on who was faster. A
    walker that was killed and comes back from its checkpoint finds the blocks of the others
    in their files, and writes its own again, which are the same.

    Parameters
    ----------
    folder : Path
        Shared by all.
    walker, walkers : int
    patience : float
        Seconds to wait for another walker.
    """

    folder: Path
    walker: int
    walkers: int
    patience: float = 600.0

    def tell(self, number: int, block: Array) -> None:
        """Write one's own block of a round, shape (deposit, number)."""
        path = self._path(self.walker)
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(number * block.nbytes)
            file.write(np.ascontiguousarray(block, "<f8").tobytes())

    def hear(self, number: int, *, like: Array) -> Array:
        """All walkers' blocks of a round, (deposit, walker, number); one's own is `like` them.

        Raises
        ------
        SimulationError
            If one does not come in time, or has ended with an error.
        """
        blocks = [self._await(walker, number, like) for walker in range(self.walkers)]
        return np.stack(blocks, 1)

    def flush(self) -> None:
        """Have one's own blocks on disk: others may rely on them from now on."""
        path = self._path(self.walker)
        if path.exists():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _await(self, walker: int, number: int, like: Array) -> Array:
        path, end = self._path(walker), (number + 1) * like.nbytes
        deadline, pause = time.monotonic() + self.patience, PAUSE
        while not path.exists() or path.stat().st_size < end:
            if time.monotonic() > deadline:
                raise self._missing(walker, number, like.nbytes)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, 1.2 * pause)
        with path.open("rb") as file:
            file.seek(number * like.nbytes)
            content = file.read(like.nbytes)
        return np.frombuffer(content, "<f8").reshape(like.shape)

    def _missing(self, walker: int, number: int, size: int) -> SimulationError:
        path = self._path(walker)
        done = path.stat().st_size // size if path.exists() else 0
        return SimulationError(
            f"walker {walker} has not deposited within {self.patience:g} s",
            where=f"walker {self.walker}, round {number}",
            expected=f"round {number}, found {done} rounds in {path.name}",
            fix="See its log for why it stopped, then resume: all go on from their checkpoints.",
        )

    def _path(self, walker: int) -> Path:
        return self.folder / f"walker.{walker}.bin"
