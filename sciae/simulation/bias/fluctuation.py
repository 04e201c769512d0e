"""Fluctuation: the running width of a variable, for kernels that adapt to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sciae.simulation.bias.grid import Grid

    Array = NDArray[np.float64]

__all__ = ["Fluctuation"]


class Fluctuation:
    """Mean that forgets exponentially, and mean square deviation from it, of each walker.

    The variance of the sampled, widened distribution is divided by `gamma`. What was
    observed without bias is widened, once, to match.

    Parameters
    ----------
    grid : Grid
        For differences in periodic dimensions.
    measure : int
        Observations before the first answer, and the memory of the mean.
    gamma : float
        By how much the bias widens the variance.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> width = Fluctuation(Grid((0,), (1,), (10,)), measure=4, gamma=5.0)
    >>> for x in (0.4, 0.6, 0.4, 0.6):
    ...     width.observe(np.array([[x]]))
    >>> width.sigma().round(2)
    array([[0.1]])
    """

    def __init__(self, grid: Grid, *, measure: int, gamma: float) -> None:
        if measure < 2:  # noqa: PLR2004 - one point has no width
            raise SpecError(f"measure {measure}", where="Opes", expected="at least 2")
        self._grid, self._measure, self._gamma = grid, measure, gamma
        self._mean = self._square = np.zeros((0, grid.dim))
        self._observed, self._widened = 0, False

    def observe(self, rows: Array) -> None:
        """Take in one point of each walker, (walker, dim)."""
        if not self._observed:
            self._mean, self._square = np.zeros_like(rows), np.zeros_like(rows)
        if rows.shape != self._mean.shape:
            raise DataError(
                f"{len(rows)} walkers", where="fluctuation", expected=f"{len(self._mean)} as before"
            )
        self._observed += 1
        apart = self._grid.difference(self._mean, rows)
        self._mean += apart / min(self._observed, self._measure)
        self._square += apart * self._grid.difference(self._mean, rows)

    def sigma(self) -> Array:
        """First width of a kernel, (walker, dim); NaN while measuring."""
        if self._observed < self._measure:
            return np.full(self._mean.shape, np.nan)
        if not self._widened:
            self._square *= self._gamma
            self._widened = True
        if not (self._square > 0).all():
            raise DataError(
                "the variable has not moved", where="fluctuation",
                fix="Check the collective variable, or set sigma.",
            )  # fmt: skip
        return np.sqrt(self._square / self._observed / self._gamma)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything measured."""
        return {
            "fluctuation": np.stack([self._mean, self._square]),
            "observed": np.array([self._observed, self._widened], np.int64),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Become what `state` was taken of."""
        self._mean, self._square = np.array(state["fluctuation"], np.float64)
        self._observed, self._widened = int(state["observed"][0]), bool(state["observed"][1])
