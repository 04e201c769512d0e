"""Grid: where a bias is tabulated, in one to three dimensions, each periodic or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Grid"]

MOST_DIMENSIONS = 3
FEWEST_BINS = 4  # a cubic spline reaches over four nodes


@dataclass(frozen=True)
class Grid:
    """Equally spaced nodes from `low` to `high`; in a periodic dimension these two are one point.

    Parameters
    ----------
    low, high : sequence of float
        Range of each dimension; its length is the number of dimensions, 1 to 3.
    bins : sequence of int
        Intervals per dimension, at least 4.
    periodic : sequence of bool
        Whether `high` is `low` again. By default no dimension is.

    Raises
    ------
    SpecError
        If the lengths differ, a range is empty or not finite, or there are too few bins.

    Examples
    --------
    >>> grid = Grid((0, -np.pi), (2, np.pi), (4, 8), (False, True))
    >>> grid.shape
    (5, 8)
    >>> grid.spacing.round(3)
    array([0.5  , 0.785])
    >>> grid.difference([0, -3.0], [1.5, 3.0]).round(3)
    array([ 1.5  , -0.283])
    """

    low: Sequence[float]
    high: Sequence[float]
    bins: Sequence[int]
    periodic: Sequence[bool] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", tuple(float(x) for x in self.low))
        object.__setattr__(self, "high", tuple(float(x) for x in self.high))
        object.__setattr__(self, "bins", tuple(int(n) for n in self.bins))
        periodic = tuple(bool(p) for p in self.periodic) or (False,) * len(self.low)
        object.__setattr__(self, "periodic", periodic)
        self._check()

    def _check(self) -> None:
        lengths = {len(self.low), len(self.high), len(self.bins), len(self.periodic)}
        if len(lengths) > 1 or not 1 <= len(self.low) <= MOST_DIMENSIONS:
            raise SpecError(
                f"low, high, bins and periodic have {sorted(lengths)} numbers",
                where="Grid",
                expected="the same, 1 to 3",
            )
        if not all(-math.inf < a < b < math.inf for a, b in zip(self.low, self.high, strict=True)):
            raise SpecError(
                f"range {self.low} to {self.high}", where="Grid", expected="finite low < high"
            )
        if min(self.bins) < FEWEST_BINS:
            raise SpecError(f"bins {self.bins}", where="Grid", expected=f"at least {FEWEST_BINS}")

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        return len(self.bins)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of nodes per dimension."""
        return tuple(n if p else n + 1 for n, p in zip(self.bins, self.periodic, strict=True))

    @cached_property
    def spacing(self) -> Array:
        """Distance between nodes, shape (dim,)."""
        length = np.array(self.high) - np.array(self.low)
        return np.asarray(length / np.array(self.bins), np.float64)

    @cached_property
    def periods(self) -> Array:
        """Period of each dimension, 0 where it has none, shape (dim,)."""
        return np.where(self.periodic, np.array(self.high) - np.array(self.low), 0.0)

    @cached_property
    def axes(self) -> tuple[Array, ...]:
        """Positions of the nodes along each dimension."""
        return tuple(
            low + h * np.arange(n)
            for low, h, n in zip(self.low, self.spacing, self.shape, strict=True)
        )

    @cached_property
    def nodes(self) -> Array:
        """Positions of all nodes, the last dimension fastest, shape (node, dim)."""
        return np.stack([a.ravel() for a in np.meshgrid(*self.axes, indexing="ij")], 1)

    @cached_property
    def volumes(self) -> Array:
        """Weight of each node in an integral by the trapezoidal rule, shape (node,)."""
        each = []
        for h, n, periodic in zip(self.spacing, self.shape, self.periodic, strict=True):
            weight = np.full(n, h)
            if not periodic:
                weight[[0, -1]] /= 2
            each.append(weight)
        return np.asarray(reduce(np.multiply.outer, each).ravel(), np.float64)

    def difference(self, a: ArrayLike, b: ArrayLike) -> Array:
        """``b - a``, by the shorter way round where a dimension is periodic."""
        d = np.asarray(b, np.float64) - np.asarray(a, np.float64)
        period = np.where(self.periodic, self.periods, np.inf)
        turns = np.round(np.where(self.periodic, d / period, 0.0))
        return np.asarray(d - turns * self.periods)

    def points(self, s: ArrayLike) -> Array:
        """Points as rows, shape (point, dim); one point may come as (dim,).

        Raises
        ------
        DataError
            If the shape is another, or a number is not finite.
        """
        rows = np.array(s, np.float64, ndmin=2)
        if rows.ndim != 2 or rows.shape[1] != self.dim:  # noqa: PLR2004 - rows and columns
            raise DataError(
                f"shape {np.shape(s)}", where="collective variable", expected=f"(..., {self.dim})"
            )
        if not np.isfinite(rows).all():
            raise DataError(
                f"value {rows[~np.isfinite(rows).all(1)][0]} is not finite",
                where="collective variable",
                fix="The simulation has probably become unstable; shorten the time step.",
            )
        return rows
