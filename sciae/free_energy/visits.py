"""Visits: the path of each trajectory told as stays in one basin and then in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.free_energy.frames import Frames

__all__ = ["A", "B", "Visits", "visits_of"]

A, B = 1, 2  # as in `sciae.free_energy.regions.labels`


@dataclass(frozen=True, kw_only=True, eq=False)
class Visits:
    """Stays, one after the other, of the trajectories one after the other.

    A visit lasts from the first frame in a basin to the last one before the other basin is
    entered. Leaving a basin and coming back without having been in the other one does not
    end a visit: recrossings of whatever lies between the basins are not counted.

    Attributes
    ----------
    basin : array, shape (visit,)
        1 or 2.
    group : array, shape (visit,)
    first, last : array, shape (visit,)
        Frames; both in the basin.
    weight : array, shape (visit,)
        Sum of the weights of the visit's frames in the basin.
    early : array, shape (visit,)
        The part of it before the middle of the visit's time.
    """

    basin: NDArray[np.int8]
    group: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    weight: NDArray[np.float64]
    early: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.basin)

    @property
    def entered(self) -> NDArray[np.bool_]:
        """The visit began with a transition; else with the trajectory."""
        return np.concatenate([[False], self.group[1:] == self.group[:-1]])[: len(self)]

    @property
    def left(self) -> NDArray[np.bool_]:
        """The visit ended with a transition; else with the trajectory."""
        return np.concatenate([self.entered[1:], [False]])[: len(self)]


def visits_of(frames: Frames, label: NDArray[np.int8]) -> Visits:
    """The visits of labelled frames (1, 2, or 0 for neither)."""
    at = np.flatnonzero(label)
    basin, group = label[at], frames.group[at]
    new = (np.diff(basin) != 0) | (np.diff(group) != 0)
    begins = np.flatnonzero(np.concatenate([[True], new])) if len(at) else at
    ends = np.append(begins[1:], len(at)) - 1 if len(at) else at
    first, last = at[begins], at[ends]
    middle = np.repeat(0.5 * (first + last), ends - begins + 1)
    weight = frames.weight[at]
    before = np.where(at < middle, 1.0, np.where(at == middle, 0.5, 0.0)) * weight
    return Visits(
        basin=basin[begins],
        group=group[begins],
        first=first,
        last=last,
        weight=_sums(weight, begins),
        early=_sums(before, begins),
    )


def _sums(values: NDArray[np.float64], begins: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.add.reduceat(values, begins) if len(begins) else values
