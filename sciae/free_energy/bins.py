"""Bins of one or two coordinates, each periodic or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Bins", "bins_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bins:
    """Edges per coordinate.

    Attributes
    ----------
    edges : tuple of array
        Rising.
    period : tuple of float or None
    """

    edges: tuple[NDArray[np.float64], ...]
    period: tuple[float | None, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many bins along each coordinate."""
        return tuple(len(edges) - 1 for edges in self.edges)

    @property
    def count(self) -> int:
        """How many bins in all."""
        return math.prod(self.shape)

    @property
    def centres(self) -> tuple[NDArray[np.float64], ...]:
        """Of the bins, per coordinate."""
        return tuple(0.5 * (edges[1:] + edges[:-1]) for edges in self.edges)

    @property
    def volume(self) -> NDArray[np.float64]:
        """Width or area of each bin."""
        widths = [np.diff(edges) for edges in self.edges]
        return np.asarray(math.prod(np.ix_(*widths)))

    def wraps(self, axis: int) -> bool:
        """The last bin along the axis is a neighbour of the first."""
        period, edges = self.period[axis], self.edges[axis]
        return period is not None and math.isclose(edges[-1] - edges[0], period)

    def index(self, x: NDArray[np.float64]) -> NDArray[np.intp]:
        """Flat number of the bin of each row of (frame, coordinate); -1 outside of all.

        A bin holds its lower edge; the last one its upper edge too.
        """
        flat, inside = np.zeros(len(x), np.intp), np.ones(len(x), np.bool_)
        for column, edges, period in zip(x.T, self.edges, self.period, strict=True):
            at = column if period is None else edges[0] + (column - edges[0]) % period
            number = np.searchsorted(edges, at, side="right") - 1
            number = np.where(at == edges[-1], len(edges) - 2, number)
            inside &= (number >= 0) & (number < len(edges) - 1)
            flat = flat * (len(edges) - 1) + number
        return np.where(inside, flat, -1)

    def neighbours(self, flat: int) -> Iterator[int]:
        """Flat numbers of the bins that share a side with this one."""
        place = np.unravel_index(flat, self.shape)
        for axis, size in enumerate(self.shape):
            for step in (-1, 1):
                moved = int(place[axis]) + step
                if self.wraps(axis):
                    moved %= size
                if 0 <= moved < size:
                    yield flat + (moved - int(place[axis])) * math.prod(self.shape[axis + 1 :])


def bins_of(edges: Any, *, period: tuple[float | None, ...]) -> Bins:
    """Checked bins, one array of edges per period given.

    Examples
    --------
    >>> bins_of([0, 1, 3], period=(None,)).volume.tolist()
    [1.0, 2.0]
    """
    nested = len(edges) > 0 and np.ndim(edges[0]) == 1
    each = tuple(np.asarray(one, np.float64) for one in (edges if nested else [edges]))
    if len(each) != len(period) or len(each) not in (1, 2):
        raise SpecError(
            f"edges for {len(each)} coordinates, data of {len(period)}",
            where="edges",
            expected="one array for each of one or two coordinates",
        )
    for one, span in zip(each, period, strict=True):
        _check(one, span)
    return Bins(edges=each, period=period)


def _check(edges: NDArray[np.float64], period: float | None) -> None:
    rising = edges.ndim == 1 and len(edges) > 1 and bool(np.all(np.diff(edges) > 0))
    if not (rising and np.isfinite(edges).all()):
        raise SpecError("not edges", where="edges", expected="two or more rising numbers")
    if period is not None and edges[-1] - edges[0] > period * (1 + 1e-9):
        raise SpecError(
            f"edges from {edges[0]:g} to {edges[-1]:g} span more than the period {period:g}",
            where="edges",
        )
