"""Recorder: the files that a walker writes as it goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from sciae.simulation.colvar import LineFile, header, row
from sciae.simulation.dcd import DcdFile
from sciae.simulation.snapshots import save_bias

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.simulation.bias import Bias
    from sciae.simulation.checkpoint import Checkpoint
    from sciae.simulation.engines.protocol import Engine
    from sciae.simulation.plan import Plan

__all__ = ["COLVAR", "HISTORY", "RECORDS", "STATIC", "TRAJECTORY", "Recorder"]

COLVAR, TRAJECTORY, HISTORY, STATIC = "COLVAR", "trajectory.dcd", "history", "static.npz"
RECORDS = {"metadynamics": "HILLS", "opes": "KERNELS"}
ATOMS = 2  # axes of positions: (atom, 3)


class Recorder:
    """COLVAR, the trajectory, and of the first walker HILLS or KERNELS and the bias's history.

    Parameters
    ----------
    plan : Plan
    directory : Path
    walker : int
    engine : Engine
    bias : Bias or None
    since : Checkpoint or None
        Where to go on; what was written after it is cut off.
    """

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        *,
        walker: int,
        engine: Engine,
        bias: Bias | None,
        since: Checkpoint | None,
    ) -> None:
        self.plan, self.engine, self.bias = plan, engine, bias
        self._extra = tuple(bias.columns()) if bias is not None else ()
        fields = ("time", *plan.names, "bias", "offset", *self._extra)
        self._colvar = LineFile(
            directory / plan.named(COLVAR, walker),
            head=header(fields, names=plan.names, periods=plan.periods),
            size=since.colvar if since else 0,
        )
        self._dcd = self._trajectory(directory, walker, since)
        self._records = None
        if bias is not None and walker == 0 and plan.method in RECORDS:
            path, size = directory / RECORDS[plan.method], since.records if since else 0
            self._records = LineFile(path, head=bias.header(), size=size)
        self._history = directory / HISTORY if bias is not None and walker == 0 else None

    @property
    def sizes(self) -> dict[str, int]:
        """For a checkpoint."""
        return {
            "colvar": self._colvar.size,
            "records": self._records.size if self._records else 0,
            "frames": self._dcd.frames if self._dcd else 0,
        }

    def row(self, time: float) -> None:
        """A row of COLVAR: the bias is the one that acted, before any deposit at this step."""
        s = self.engine.variable
        energy = offset = 0.0
        extra: list[float] = []
        if self.bias is not None:
            energy, offset = self.bias.energy(s).energy, self.bias.offset
            columns = self.bias.columns()
            extra = [columns[name] for name in self._extra]
        self._colvar.write([row([time, *s.tolist(), energy, offset, *extra])])

    def frame(self) -> None:
        """A frame of the trajectory."""
        if self._dcd is not None:
            self._dcd.write(self.engine.position, self.engine.box)

    def deposited(self) -> None:
        """Lines of what the bias has grown by."""
        if self.bias is not None:
            lines = self.bias.records()
            if self._records is not None:
                self._records.write(lines)

    def picture(self, step: int, time: float) -> None:
        """The bias as it is now."""
        if self._history is not None and self.bias is not None:
            self._history.mkdir(exist_ok=True)
            save_bias(self._history / f"bias-{step:012d}.npz", self.bias, time=time)

    def flush(self, *, to_disk: bool = False) -> None:
        """Hand everything to the system, or to the disk."""
        for file in (self._colvar, self._dcd, self._records):
            if file is not None:
                file.flush()
                if to_disk:
                    os.fsync(file.file.fileno())

    def close(self) -> None:
        """Flush and close."""
        for file in (self._colvar, self._dcd, self._records):
            if file is not None:
                file.close()

    def _trajectory(self, directory: Path, walker: int, since: Checkpoint | None) -> DcdFile | None:
        x = self.engine.position
        if not self.plan.frames or x.ndim != ATOMS:
            return None
        return DcdFile(
            directory / self.plan.named(TRAJECTORY, walker),
            atoms=len(np.asarray(x)),
            interval=self.plan.frames,
            timestep=self.plan.timestep,
            periodic=self.engine.box is not None,
            frames=since.frames if since else 0,
        )
