"""Frames: coordinates with weights, in time order within each trajectory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Frames", "Period", "frames_of"]

Period = float | tuple[float | None, ...] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """What every estimator here reads: groups one after the other, each in time order.

    Attributes
    ----------
    x : array, shape (frame, dimension)
    weight : array, shape (frame,)
        The greatest is 1; only ratios of weights mean anything.
    starts : array, shape (group + 1,)
        Group g is frames ``starts[g]:starts[g + 1]``.
    period : tuple of float or None
        One per dimension.
    row : array, shape (frame,)
        Where each frame stood in the arrays handed in.
    rows : int
        How many frames were handed in.
    flat : bool
        The coordinates were handed in as one number per frame.
    """

    x: NDArray[np.float64]
    weight: NDArray[np.float64]
    starts: NDArray[np.intp]
    period: tuple[float | None, ...]
    row: NDArray[np.intp]
    rows: int
    flat: bool

    def __len__(self) -> int:
        return len(self.x)

    @property
    def group(self) -> NDArray[np.intp]:
        """The number of each frame's group, from 0."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @property
    def values(self) -> NDArray[np.float64]:
        """The coordinates in the shape in which they were handed in."""
        return self.x[:, 0] if self.flat else self.x

    def pieces(self) -> Iterator[slice]:
        """One slice per group."""
        for start, stop in pairwise(self.starts):
            yield slice(int(start), int(stop))

    def part(self, low: float, high: float) -> Frames:
        """Of each group, its frames from fraction `low` up to fraction `high`."""
        kept = [np.arange(s.start + _rows(s, low), s.start + _rows(s, high)) for s in self.pieces()]
        rows = np.concatenate(kept)
        if not len(rows):
            raise DataError("no frames are left", fix="Skip less, or sample longer.")
        return Frames(
            x=self.x[rows],
            weight=self.weight[rows] / self.weight[rows].max(),
            starts=np.concatenate([[0], np.cumsum([len(k) for k in kept if len(k)])]),
            period=self.period,
            row=self.row[rows],
            rows=self.rows,
            flat=self.flat,
        )


def _rows(piece: slice, fraction: float) -> int:
    return round(fraction * float(piece.stop - piece.start))


def frames_of(
    x: ArrayLike,
    *,
    log_weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
) -> Frames:
    """Checked and sorted: frames of one group together, in the order in which they came.

    Parameters
    ----------
    x : array, shape (frame,) or (frame, dimension)
    log_weight : array, shape (frame,), optional
        :math:`(V - c) / kT`; equal weights if not given.
    group : array, shape (frame,), optional
        The trajectory or walker of each frame; all of one if not given.
    period : float, tuple or None
        Of each dimension; one number stands for all.
    skip : float
        The fraction of each group's first frames that is left out.

    Raises
    ------
    DataError
        If a number is not finite, if shapes differ, or if no frame is left.
    SpecError
        If `skip` or `period` makes no sense.

    Examples
    --------
    >>> frames = frames_of([1.0, 2.0, 3.0], group=["a", "b", "a"])
    >>> frames.values.tolist(), frames.starts.tolist()
    ([1.0, 3.0, 2.0], [0, 2, 3])
    """
    if not 0 <= skip < 1:
        raise SpecError(f"skip is {skip}", expected="a fraction, 0 <= skip < 1")
    given = np.asarray(x, np.float64)
    if given.ndim not in (1, 2) or not given.size:
        raise DataError(
            f"shape {given.shape}", where="x", expected="(frame,) or (frame, dimension), not empty"
        )
    columns = given.reshape(len(given), -1)
    _finite(columns, "x")
    order, starts = _grouped(group, len(columns))
    weight = _weights(log_weight, len(columns))
    whole = Frames(
        x=columns[order],
        weight=weight[order],
        starts=starts,
        period=_periods(period, columns.shape[1]),
        row=order,
        rows=len(order),
        flat=given.ndim == 1,
    )
    return whole.part(skip, 1.0) if skip else whole


def _weights(log_weight: ArrayLike | None, frames: int) -> NDArray[np.float64]:
    if log_weight is None:
        return np.ones(frames)
    log = np.asarray(log_weight, np.float64)
    if log.shape != (frames,):
        raise DataError(f"shape {log.shape}", where="log_weight", expected=f"({frames},)")
    _finite(log, "log_weight")
    return np.asarray(np.exp(log - log.max()))


def _grouped(group: ArrayLike | None, frames: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if group is None:
        return np.arange(frames), np.array([0, frames])
    labels = np.asarray(group)
    if labels.shape != (frames,):
        raise DataError(f"shape {labels.shape}", where="group", expected=f"({frames},)")
    _, number, count = np.unique(labels, return_inverse=True, return_counts=True)
    return np.argsort(number, kind="stable"), np.concatenate([[0], np.cumsum(count)])


def _periods(period: Period, dimensions: int) -> tuple[float | None, ...]:
    each: Sequence[float | None] = period if isinstance(period, tuple) else (period,) * dimensions
    if len(each) != dimensions:
        raise SpecError(f"{len(each)} periods", where="period", expected=f"one per {dimensions}")
    if any(p is not None and not (np.isfinite(p) and p > 0) for p in each):
        raise SpecError(f"{period}", where="period", expected="positive numbers, or None")
    return tuple(each)


def _finite(values: NDArray[np.float64], where: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(1))
    if len(bad):
        raise DataError(
            f"{len(bad)} of {len(values)} frames are not finite (the first is frame {bad[0]})",
            where=where,
            fix="Drop these frames, and find out why they are there.",
        )
