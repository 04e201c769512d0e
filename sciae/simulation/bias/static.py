"""Static: a bias given once, from values, from a free energy or from weighted frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError, SpecError
from sciae.simulation.bias.kernels import Kernels
from sciae.simulation.bias.snapshot import check, identity
from sciae.simulation.bias.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.bias.energy import Tables, Walls
    from sciae.simulation.bias.grid import Grid
    from sciae.simulation.bias.protocol import Bias, EnergyAndGradient

    Array = NDArray[np.float64]

__all__ = ["Static", "project"]

TENTH, TENTH_WIDTH = 0.1, 0.2513  # the middle tenth of a normal distribution, in its sigma


class Static:
    """A bias that does not change.

    Parameters
    ----------
    grid : Grid
    values : array
        Energy at the nodes, kJ/mol, in the grid's shape.
    walls : Walls, optional

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> bias = Static(Grid((0,), (4,), (4,)), np.array([0.0, 1, 2, 1, 0]))
    >>> float(round(bias.energy([2.0]).energy, 6))
    2.0
    """

    offset = 0.0

    def __init__(self, grid: Grid, values: ArrayLike, *, walls: Walls | None = None) -> None:
        self.grid = grid
        self._surface = Surface(grid, walls=walls)
        self._surface.set(np.asarray(values, np.float64))

    @classmethod
    def of_free_energy(
        cls, grid: Grid, free_energy: ArrayLike, *, most: float, walls: Walls | None = None
    ) -> Static:
        """V = -F up to `most` above the minimum of F, in kJ/mol; NaN, not visited, is there too."""
        f = np.asarray(free_energy, np.float64)
        if not np.isfinite(f).any() or not most > 0:
            raise DataError("no finite value, or no height", where="free energy")
        filled = np.where(np.isnan(f), np.inf, f - np.nanmin(f))
        return cls(grid, -np.minimum(filled, most), walls=walls)

    @classmethod
    def frozen(cls, bias: Bias, *, walls: Walls | None = None) -> Static:
        """The present state of another bias, without its restraint and walls."""
        surface = Surface(bias.grid)
        surface.tables[0][:] = bias.tables[0]
        return cls(bias.grid, surface.tabulated(bias.grid.nodes), walls=walls)

    @property
    def tables(self) -> Tables:
        """Arrays that `bias_energy` reads."""
        return self._surface.tables

    @property
    def values(self) -> Array:
        """A copy of the energy at the nodes, in the grid's shape."""
        return self._surface.values.reshape(self.grid.shape).copy()

    def energy(self, s: ArrayLike) -> EnergyAndGradient:
        """V(s) and dV/ds at one point."""
        return self._surface.energy(s)

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
        """The values."""
        return {"identity": identity(self.grid, []), "values": self._surface.values.copy()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Become what `state` was taken of."""
        kept = check(state, identity(self.grid, []), like=self.state(), where="state of Static")
        self._surface.set(np.asarray(kept["values"], np.float64))


def project(
    s: ArrayLike,
    log_weight: ArrayLike,
    *,
    grid: Grid,
    barrier: float,
    kt: float,
    gamma: float | None = None,
    walls: Walls | None = None,
) -> Static:
    r"""A first bias along a new variable, from frames sampled under an old one.

    .. math:: V(s) = (1 - 1/\gamma)\, kT \ln\bigl(P(s) / Z + \epsilon\bigr), \quad
        P(s) = \sum_t w_t\, G(s - s_t) / \sum_t w_t

    the bias that OPES tends to, with the weighted density of the frames for its own.

    Parameters
    ----------
    s : array, shape (frame, dim)
        The new variable of each frame.
    log_weight : array, shape (frame,)
        ``(bias - offset) / kT`` of the old bias that acted on each frame.
    grid : Grid
        Of the new variable.
    barrier, kt : float
        kJ/mol. V does not exceed its own flat continuation by more than about `barrier`.
    gamma : float, optional
        By default ``barrier / kt``.

    Raises
    ------
    DataError
        If frames and weights do not match or are not finite.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> s = np.random.default_rng(1).normal(size=(4000, 1))
    >>> bias = project(s, np.zeros(4000), grid=Grid((-6,), (6,), (60,)), barrier=20, kt=1.0)
    >>> well, side = bias.energy([0.0]).energy, bias.energy([2.0]).energy
    >>> bool(abs(well - side - 0.95 * 2.0) < 0.2)  # F is s**2 / 2
    True
    """
    rows, log_w = grid.points(s), np.asarray(log_weight, np.float64)
    if log_w.shape != (len(rows),) or not np.isfinite(log_w).all() or not len(rows):
        raise DataError(f"{log_w.shape} weights", where="project", expected=f"({len(rows)},)")
    gamma = barrier / kt if gamma is None else gamma
    if not gamma > 1:
        raise SpecError(f"gamma {gamma:.3g}", where="project", expected="above 1")
    factor = 1 - 1 / gamma
    epsilon = math.exp(-barrier / factor / kt)
    kernels = _density(rows, np.exp(log_w - log_w.max()), grid, math.sqrt(-2 * math.log(epsilon)))
    mean = kernels.overlap / len(kernels)
    values = factor * kt * np.log(np.maximum(kernels.density / mean, 0) + epsilon)
    return Static(grid, values, walls=walls)


def _density(rows: Array, weight: Array, grid: Grid, cutoff: float) -> Kernels:
    """Compressed kernels at the frames, of the width of Silverman's rule for the main well."""
    share = weight / weight.sum()
    size = 1 / (share**2).sum()
    rule = (size * (grid.dim + 2) / 4) ** (-1 / (grid.dim + 4))
    scale = [_narrowest(x, share, period) for x, period in zip(rows.T, grid.periods, strict=True)]
    sigma = np.maximum(np.array(scale) * rule, grid.spacing)
    kernels = Kernels(grid, cutoff=cutoff, threshold=1.0)
    for row, height in zip(rows, share, strict=True):
        if height > 0:
            kernels.add(height, row, sigma)
    return kernels


def _narrowest(x: Array, share: Array, period: float) -> float:
    """Width of the narrowest well: from the shortest interval that holds a tenth of the weight.

    The standard deviation would be the distance between wells, and blur the wells.
    """
    order = np.argsort(x)
    y, cumulative = x[order], np.cumsum(share[order])
    if period > 0:  # the interval may lie across the seam
        y, cumulative = np.r_[y, y + period], np.r_[cumulative, cumulative + 1]
    # from the frame that follows weight c, to the one that reaches c + 0.1
    last = np.searchsorted(cumulative, np.r_[0, cumulative[:-1]] + TENTH - 1e-12)
    whole = last < len(y)
    return float((y[last[whole]] - y[whole]).min() / TENTH_WIDTH)
