"""The energy of any bias: grid, harmonic restraint and soft walls in one compiled function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciae.errors import SpecError
from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.interpolation import INVERSE, LOW, PERIOD, interpolate, padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.simulation.bias.grid import Grid

__all__ = ["Tables", "Walls", "bias_energy", "tables_of"]

CENTER, KAPPA, WALL_LOW, WALL_HIGH, WALL_KAPPA, WALL_POWER = range(3, 9)
ROWS = 9


# What `bias_energy` reads: coefficients of the spline, flat and padded; bins, (dim,); and
# geometry, (ROWS, dim). A plain tuple: numba's cache of compiled code would name a class of
# ours, and could not be read any more by a version that has moved it.
Tables = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True)
class Walls:
    r"""Soft walls that keep a variable in range.

    .. math:: V = \frac{\kappa}{p} (s - high)^p \text{ above } high

    and likewise below `low`; infinite where there is no wall.

    Parameters
    ----------
    low, high : sequence of float
        Where the walls begin, per dimension; ``-inf`` and ``inf`` for none.
    kappa : float or sequence of float
        Stiffness, kJ/mol per unit of the variable to the power p; of all, or per dimension.
    power : int
        p: 2 (harmonic) or 4 (quartic).

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> Walls.inside(Grid((-1,), (1,), (20,)), kappa=100.0, margin=0.1)
    Walls(low=(-0.8,), high=(0.8,), kappa=100.0, power=2)
    """

    low: Sequence[float]
    high: Sequence[float]
    kappa: float | Sequence[float]
    power: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", tuple(float(x) for x in self.low))
        object.__setattr__(self, "high", tuple(float(x) for x in self.high))
        if not (np.asarray(self.kappa) > 0).all() or self.power not in {2, 4}:
            raise SpecError(
                f"kappa {self.kappa}, power {self.power}",
                where="Walls",
                expected="kappa > 0 and power 2 or 4",
            )

    @classmethod
    def inside(cls, grid: Grid, *, kappa: float, margin: float = 0.05, power: int = 2) -> Walls:
        """Walls a fraction `margin` of the range within each dimension that is not periodic."""
        low, high = np.array(grid.low), np.array(grid.high)
        inset = np.where(grid.periodic, -np.inf, margin * (high - low))
        return cls(low=(low + inset).tolist(), high=(high - inset).tolist(), kappa=kappa,
                   power=power)  # fmt: skip


def tables_of(
    grid: Grid,
    *,
    walls: Walls | None = None,
    center: Sequence[float] | None = None,
    kappa: Sequence[float] | None = None,
) -> Tables:
    """Tables of a bias that is zero on the grid.

    Raises
    ------
    SpecError
        If a length differs from the grid's, or a wall stands in a periodic dimension.
    """
    geometry = np.zeros((ROWS, grid.dim))
    geometry[LOW], geometry[INVERSE], geometry[PERIOD] = grid.low, 1 / grid.spacing, grid.periods
    if center is not None and kappa is not None:
        geometry[CENTER] = _row(center, grid, "center")
        geometry[KAPPA] = _row(kappa, grid, "kappa")
    geometry[WALL_LOW], geometry[WALL_HIGH], geometry[WALL_POWER] = -np.inf, np.inf, 2
    if walls is not None:
        _wall(geometry, walls, grid)
    return np.zeros(padded(tuple(grid.bins))), np.array(grid.bins, np.int64), geometry


def _row(numbers: Sequence[float], grid: Grid, name: str) -> Sequence[float]:
    if len(numbers) != grid.dim:
        raise SpecError(f"{len(numbers)} numbers", where=name, expected=f"{grid.dim}")
    return numbers


def _wall(geometry: NDArray[np.float64], walls: Walls, grid: Grid) -> None:
    geometry[WALL_LOW] = _row(walls.low, grid, "Walls.low")
    geometry[WALL_HIGH] = _row(walls.high, grid, "Walls.high")
    every = np.ndim(walls.kappa) == 0
    geometry[WALL_KAPPA] = walls.kappa if every else _row(walls.kappa, grid, "Walls.kappa")  # type: ignore[arg-type]
    geometry[WALL_POWER] = walls.power
    finite = np.isfinite(geometry[[WALL_LOW, WALL_HIGH]]).any(0)
    if (finite & np.array(grid.periodic)).any():
        raise SpecError(
            "a wall in a periodic dimension",
            where=f"dimension {int(np.argmax(finite & np.array(grid.periodic)))}",
            expected="-inf and inf there",
        )


@compiled
def bias_energy(tables: Tables, s: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
    """V(s) in kJ/mol, with dV/ds written to `gradient`; both are NaN where `s` is.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> tables = tables_of(Grid((0,), (1,), (10,)), center=[0.5], kappa=[4.0])
    >>> gradient = np.zeros(1)
    >>> bias_energy(tables, np.array([1.5]), gradient), gradient
    (2.0, array([4.]))
    """
    coefficients, bins, geometry = tables
    energy = interpolate(coefficients, bins, geometry, s, gradient)
    for d in range(len(bins)):
        kappa = geometry[KAPPA, d]
        if kappa != 0:
            x = s[d] - geometry[CENTER, d]
            if geometry[PERIOD, d] > 0:
                x -= geometry[PERIOD, d] * np.round(x / geometry[PERIOD, d])
            energy += 0.5 * kappa * x * x
            gradient[d] += kappa * x
        below = min(s[d] - geometry[WALL_LOW, d], 0.0)
        above = max(s[d] - geometry[WALL_HIGH, d], 0.0)
        x = below + above
        if x != 0:
            power, kappa = geometry[WALL_POWER, d], geometry[WALL_KAPPA, d]
            force = kappa * x if power == 2 else kappa * x * x * x  # noqa: PLR2004 - harmonic
            energy += force * x / power
            gradient[d] += force
    return energy
