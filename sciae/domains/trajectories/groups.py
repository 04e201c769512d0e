"""Groups: frames that no split may part."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["check_blocks", "groups_of", "number_of", "restarts"]

SAMPLE = 1 << 16  # bytes at either end that identify a file
BITS = 20  # of a group's number, for the part of the file


def number_of(path: Path) -> int:
    """A number that files of other content do not have, wherever the file lies.

    Tables that were read one by one can so be put together: two trajectories are two groups,
    and a copy of one is in the group of its original.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(SAMPLE))
        file.seek(max(0, size - SAMPLE))
        digest.update(file.read(SAMPLE))
    return int.from_bytes(digest.digest()[:5], "big") << BITS


def restarts(time: NDArray[np.float64] | None) -> NDArray[np.int64]:
    """The frames where time does not go on, as in files that were put together.

    Examples
    --------
    >>> restarts(np.array([0.0, 1.0, 2.0, 0.0, 1.0])).tolist()
    [3]
    """
    if time is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.diff(time) <= 0) + 1


def groups_of(
    number: int, frame: NDArray[np.int64], frames: int, *, blocks: int, breaks: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The group of each frame: one per file, block of it, and stretch between restarts.

    Parameters
    ----------
    number : int
        See `number_of`.
    frame : array, shape (row,)
    frames : int
        In the file.
    blocks : int
        Consecutive parts of about equal length.
    breaks : array
        See `restarts`.
    """
    part = frame * blocks // max(frames, 1) + np.searchsorted(breaks, frame, side="right")
    return number + part


def check_blocks(blocks: int) -> None:
    """Raise unless there can be so many.

    Raises
    ------
    SpecError
    """
    if isinstance(blocks, bool) or not (isinstance(blocks, int) and 0 < blocks < 1 << (BITS - 1)):
        raise SpecError(f"blocks {blocks!r}", expected="a whole number from 1")
