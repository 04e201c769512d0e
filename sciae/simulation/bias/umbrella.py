"""Umbrella: one harmonic restraint; and where to put several along a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.simulation.bias.grid import FEWEST_BINS, Grid
from sciae.simulation.bias.snapshot import check, identity
from sciae.simulation.bias.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.bias.energy import Tables, Walls
    from sciae.simulation.bias.protocol import EnergyAndGradient

    Array = NDArray[np.float64]

__all__ = ["Umbrella", "windows"]


class Umbrella:
    r"""A harmonic restraint of a variable.

    .. math:: V(s) = \sum_d \tfrac12 \kappa_d (s_d - c_d)^2

    by the shorter way round in a periodic dimension.

    Parameters
    ----------
    grid : Grid
        The range, and what is periodic; its bins are of no use here.
    center, kappa : sequence of float
        Per dimension; kappa in kJ/mol per unit of s squared, 0 where s is free.
    walls : Walls, optional

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> bias = Umbrella(Grid((-180,), (180,), (36,), (True,)), center=[170], kappa=[0.1])
    >>> bias.energy([-170.0])
    EnergyAndGradient(energy=20.0, gradient=array([2.]))
    """

    offset = 0.0

    def __init__(
        self,
        grid: Grid,
        *,
        center: Sequence[float],
        kappa: Sequence[float],
        walls: Walls | None = None,
    ) -> None:
        if not all(k >= 0 for k in kappa):
            raise SpecError(f"kappa {kappa}", where="Umbrella", expected="numbers >= 0")
        coarse = (FEWEST_BINS,) * grid.dim  # no values to show
        self.grid = Grid(grid.low, grid.high, coarse, grid.periodic)
        self.center, self.kappa = tuple(map(float, center)), tuple(map(float, kappa))
        self._surface = Surface(self.grid, walls=walls, center=self.center, kappa=self.kappa)

    @property
    def tables(self) -> Tables:
        """Arrays that `bias_energy` reads."""
        return self._surface.tables

    def energy(self, s: ArrayLike) -> EnergyAndGradient:
        """V(s) and dV/ds at one point."""
        return self._surface.energy(s)

    def energies(self, s: ArrayLike) -> Array:
        """V of many points, (point, dim): a row of the matrix that MBAR reads, times kT."""
        return self._surface.total(self.grid.points(s))

    def deposit(self, s: ArrayLike, *, time: float | None = None) -> None:
        """Nothing."""

    def propose(self, s: ArrayLike) -> Array:
        """The points themselves."""
        return self.grid.points(s)

    def merge(self, proposals: ArrayLike, *, time: float | None = None) -> None:
        """Nothing."""

    def columns(self) -> dict[str, float]:
        """None."""
        return {}

    def header(self) -> list[str]:
        """No lines."""
        return []

    def records(self) -> list[str]:
        """No lines."""
        return []

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Only which restraint it is."""
        return {"identity": self._identity()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Check that `state` is of the same restraint."""
        check(state, self._identity(), like=self.state(), where="state of Umbrella")

    def _identity(self) -> Array:
        return identity(self.grid, [*self.center, *self.kappa])


def windows(
    grid: Grid, *, number: int, kt: float, along: int = 0, overlap: float = 1.0,
    walls: Walls | None = None,
) -> tuple[Umbrella, ...]:  # fmt: skip
    """Umbrellas at equal distances along one dimension, the others free.

    The stiffness is such that, where the free energy is flat, each window's standard
    deviation is `overlap` times the distance between centers.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> found = windows(Grid((0,), (2,), (20,)), number=5, kt=2.5)
    >>> [w.center[0] for w in found], found[0].kappa
    ([0.0, 0.5, 1.0, 1.5, 2.0], (10.0,))
    """
    if number < 2 or not 0 <= along < grid.dim or not (kt > 0 and overlap > 0):  # noqa: PLR2004
        raise SpecError(
            f"number {number}, along {along}, kt {kt}, overlap {overlap}", where="windows",
            expected=f"2 or more windows along dimension 0 to {grid.dim - 1}",
        )  # fmt: skip
    periodic, low, high = grid.periodic[along], grid.low[along], grid.high[along]
    at = np.linspace(low, high, number, endpoint=not periodic)
    stiff = kt / (overlap * (at[1] - at[0])) ** 2
    free = np.zeros(grid.dim)
    kappa = np.where(np.arange(grid.dim) == along, stiff, 0.0).tolist()
    return tuple(
        Umbrella(
            grid, center=(free + c * (np.arange(grid.dim) == along)).tolist(), kappa=kappa,
            walls=walls,
        )
        for c in at
    )  # fmt: skip
