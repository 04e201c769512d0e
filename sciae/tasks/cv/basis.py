"""Basis: simple functions of a variable, in which what it tells can be judged linearly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Basis"]

HATS = {1: 12, 2: 6}  # per coordinate, by how many there are; 4 of more
HARMONICS = {1: 6, 2: 3}
FEW = 2  # coordinates whose functions are multiplied


@dataclass(frozen=True, eq=False)
class Basis:
    """Piecewise linear hats over quantiles; of an angle, its harmonics.

    Of one or two coordinates all products, of more the functions of each.

    Attributes
    ----------
    knots : tuple of array
        Of each coordinate.
    periods : tuple of float or None

    Examples
    --------
    >>> s = np.linspace(0, 1, 100)[:, None]
    >>> float(Basis.of(s, (None,))(s).sum(1).round(12).min())
    1.0
    """

    knots: tuple[Array, ...]
    periods: tuple[float | None, ...]

    @classmethod
    def of(cls, s: Array, periods: tuple[float | None, ...]) -> Basis:
        """For values like these, shape (row, dim)."""
        hats = HATS.get(s.shape[1], 4)
        level = np.linspace(0, 1, hats)
        return cls(tuple(np.unique(np.quantile(x, level)) for x in s.T), periods)

    def __call__(self, s: Array) -> Array:
        """Shape (row, function); they span the constant."""
        each = [self._of_one(d, s[:, d]) for d in range(s.shape[1])]
        if len(each) > FEW:
            return np.concatenate(each, 1)
        product = each[0]
        for other in each[1:]:
            product = (product[:, :, None] * other[:, None, :]).reshape(len(s), -1)
        return product

    def _of_one(self, d: int, x: Array) -> Array:
        period = self.periods[d]
        if period is None:
            columns = [np.interp(x, self.knots[d], row) for row in np.eye(len(self.knots[d]))]
            return np.column_stack(columns)
        angle = x * (2 * math.pi / period)
        many = range(1, HARMONICS.get(len(self.periods), 2) + 1)
        waves = [f(k * angle) for k in many for f in (np.cos, np.sin)]
        return np.column_stack([np.ones(len(x)), *waves])
