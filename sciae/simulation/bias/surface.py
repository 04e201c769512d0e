"""Surface: values on a grid, kept as a spline with restraint and walls in one set of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.energy import Tables, bias_energy, tables_of
from sciae.simulation.bias.interpolation import PERIOD, interpolate, spline
from sciae.simulation.bias.protocol import EnergyAndGradient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.bias.energy import Walls
    from sciae.simulation.bias.grid import Grid

    Array = NDArray[np.float64]

__all__ = ["Surface"]


class Surface:
    """A tabulated energy with its tables; `set` changes them in place.

    Parameters
    ----------
    grid : Grid
    walls : Walls, optional
    center, kappa : sequence of float, optional
        A harmonic restraint, per dimension.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> surface = Surface(Grid((0,), (4,), (4,)))
    >>> surface.set(np.array([1.0, 1, 3, 1, 1]))
    >>> float(round(surface.energy([2.0]).energy, 6))
    3.0
    """

    def __init__(
        self,
        grid: Grid,
        *,
        walls: Walls | None = None,
        center: Sequence[float] | None = None,
        kappa: Sequence[float] | None = None,
    ) -> None:
        self.grid = grid
        self.tables = tables_of(grid, walls=walls, center=center, kappa=kappa)
        self.values = np.zeros(len(grid.volumes))  # at the nodes, the last dimension fastest
        self._work = np.zeros_like(self.values)
        self._shape = np.array(grid.shape, np.int64)

    def set(self, values: Array) -> None:
        """Take these values at the nodes, shape (node,) or the grid's."""
        if values.size != self.values.size or not np.isfinite(values).all():
            raise DataError(
                f"shape {values.shape}, {np.isnan(values).sum()} NaN",
                where="values of a bias",
                expected=f"{self.grid.shape}, all finite",
            )
        self.values[:] = values.reshape(-1)
        self.changed()

    def changed(self) -> None:
        """Bring the spline up to date with `values`."""
        coefficients, _, geometry = self.tables
        spline(self.values, self._shape, geometry[PERIOD], self._work, coefficients)

    def energy(self, s: ArrayLike) -> EnergyAndGradient:
        """Energy and gradient at one point, with restraint and walls."""
        gradient = np.zeros(self.grid.dim)
        point = np.ascontiguousarray(np.asarray(s, np.float64).reshape(self.grid.dim))
        return EnergyAndGradient(float(bias_energy(self.tables, point, gradient)), gradient)

    def tabulated(self, rows: Array) -> Array:
        """Energy of the grid alone at each row of (point, dim)."""
        return _along(self.tables, rows)

    def total(self, rows: Array) -> Array:
        """Energy with restraint and walls at each row of (point, dim)."""
        return _total_along(self.tables, rows)


@compiled
def _along(tables: Tables, rows: Array) -> Array:
    coefficients, bins, geometry = tables
    gradient, energy = np.empty(rows.shape[1]), np.empty(len(rows))
    for n in range(len(rows)):
        energy[n] = interpolate(coefficients, bins, geometry, rows[n], gradient)
    return energy


@compiled
def _total_along(tables: Tables, rows: Array) -> Array:
    gradient, energy = np.empty(rows.shape[1]), np.empty(len(rows))
    for n in range(len(rows)):
        energy[n] = bias_energy(tables, rows[n], gradient)
    return energy
