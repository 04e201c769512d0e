"""WellTempered: metadynamics whose hills shrink where the bias has grown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.gaussians import add_gaussian
from sciae.simulation.bias.records import fields, lines, names_of, settings
from sciae.simulation.bias.snapshot import check, identity
from sciae.simulation.bias.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.bias.energy import Tables, Walls
    from sciae.simulation.bias.grid import Grid
    from sciae.simulation.bias.protocol import EnergyAndGradient
    from sciae.simulation.bias.static import Static

    Array = NDArray[np.float64]

__all__ = ["WellTempered"]

CUTOFF = 6.0  # in sigma; a hill is 1.5e-8 of its height there


class WellTempered:
    r"""Well-tempered metadynamics.

    .. math::

        V \leftarrow V + W e^{-V(s_t) / (\gamma - 1) kT}\, G(s - s_t), \qquad
        c(t) = kT \ln \frac{\int e^{\gamma V(s) / (\gamma - 1) kT} ds}
                             {\int e^{V(s) / (\gamma - 1) kT} ds}

    V tends to -(1 - 1/gamma) F plus a constant; frames have the weight
    :math:`e^{(V - c(t)) / kT}`.

    Parameters
    ----------
    grid : Grid
    height : float
        W, kJ/mol.
    sigma : sequence of float
        Width of the hills, at least one spacing of the grid, per dimension.
    gamma : float
        Bias factor, above 1; ``inf`` for hills that do not shrink.
    kt : float
        kJ/mol.
    start : Static, optional
        A bias on the same grid to begin with.
    walls : Walls, optional
    names : sequence of str, optional
        Names of the variables, for records.

    References
    ----------
    A. Barducci, G. Bussi and M. Parrinello, Phys. Rev. Lett. 100 (2008) 020603; P. Tiwary and
    M. Parrinello, J. Phys. Chem. B 119 (2015) 736.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> bias = WellTempered(Grid((-1,), (1,), (40,)), height=1, sigma=[0.2], gamma=5, kt=2.5)
    >>> bias.deposit([0.0])
    >>> bias.deposit([0.0])  # exp(-1/10) lower
    >>> round(bias.energy([0.0]).energy, 4)
    1.9048
    """

    def __init__(
        self,
        grid: Grid,
        *,
        height: float,
        sigma: Sequence[float],
        gamma: float,
        kt: float,
        start: Static | None = None,
        walls: Walls | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.grid, self.height = grid, float(height)
        self.gamma, self.kt = float(gamma), float(kt)
        self.sigma = np.array(sigma, np.float64)
        self._check()
        self._names = names_of(names, grid.dim)
        self._surface = Surface(grid, walls=walls)
        self._place = (
            np.array(grid.shape, np.int64), np.array(grid.low), np.array(grid.spacing),
            np.array(grid.periods),
        )  # fmt: skip
        self._hills = 0
        self._pending: list[Array] = []  # lines not yet asked for
        self._start(start)

    def _check(self) -> None:
        if not (self.height > 0 and self.gamma > 1 and self.kt > 0):
            raise SpecError(
                f"height {self.height}, gamma {self.gamma}, kt {self.kt}", where="WellTempered",
                expected="height > 0, gamma > 1, kt > 0",
            )  # fmt: skip
        spacing = self.grid.spacing
        if self.sigma.shape != spacing.shape or not (self.sigma >= spacing * (1 - 1e-9)).all():
            raise SpecError(
                f"sigma {self.sigma}", where="WellTempered",
                expected=f"at least the grid's spacing, {spacing}", fix="Use more bins.",
            )  # fmt: skip

    def _start(self, start: Static | None) -> None:
        if start is not None:
            if start.grid != self.grid:
                raise SpecError("another grid", where="start", expected="the grid of this bias")
            self._surface.set(start.values)
        self.offset = self._c()

    @property
    def tables(self) -> Tables:
        """Arrays that `bias_energy` reads."""
        return self._surface.tables

    @property
    def values(self) -> Array:
        """A copy of V at the nodes, in the grid's shape."""
        return self._surface.values.reshape(self.grid.shape).copy()

    def energy(self, s: ArrayLike) -> EnergyAndGradient:
        """V(s) and dV/ds at one point."""
        return self._surface.energy(s)

    def deposit(self, s: ArrayLike, *, time: float | None = None) -> None:
        """Add hills at the walkers' points, (dim,) or (walker, dim). `time` in ps."""
        self.merge(self.propose(s), time=time)

    def propose(self, s: ArrayLike) -> Array:
        """Rows of point and height."""
        rows = self.grid.points(s)
        bias = self._surface.tabulated(rows)
        return np.hstack([rows, (self.height * np.exp(-bias / self._scale))[:, None]])

    @property
    def _scale(self) -> float:
        """(gamma - 1) kT."""
        return (self.gamma - 1) * self.kt

    def merge(self, proposals: ArrayLike, *, time: float | None = None) -> None:
        """Add the hills of all walkers, in the order of the rows."""
        rows = np.array(proposals, np.float64, ndmin=2)
        for row in rows:
            add_gaussian(self._surface.values, *self._place, row[-1], row[:-1], self.sigma, CUTOFF)
        self._surface.changed()
        self._hills += len(rows)
        self.offset = self._c()
        self._pending.append(self._lines(rows, time))

    def _lines(self, rows: Array, time: float | None) -> Array:
        """Rows of a HILLS file; heights are scaled to sum up to -F, as PLUMED has them."""
        ones = np.ones((len(rows), 1))
        scale = 1.0 if math.isinf(self.gamma) else self.gamma / (self.gamma - 1)
        clock = self._hills if time is None else time
        sigma = ones * self.sigma
        return np.hstack([
            clock * ones, rows[:, :-1], sigma, scale * rows[:, -1:], self.gamma * ones,
        ])  # fmt: skip

    def _c(self) -> float:
        return float(_tiwary(self._surface.values, self.grid.volumes, self._scale, self.kt))

    def columns(self) -> dict[str, float]:
        """c(t) in kJ/mol, under PLUMED's name, rct."""
        return {"rct": self.offset}

    def header(self) -> list[str]:
        """Head of a HILLS file."""
        first = fields(self._names, ["height", "biasf"])
        pairs = [("multivariate", "false"), ("kerneltype", "gaussian")]
        return [first, *settings(pairs, self._names, self.grid)]

    def records(self) -> list[str]:
        """Hills added since the last call."""
        rows, self._pending = self._pending, []
        return [line for row in rows for line in lines(row)]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Values at the nodes, number of hills and lines not yet written."""
        return {
            "identity": self._identity(),
            "values": self._surface.values.copy(),
            "hills": np.array(self._hills, np.int64),
            "pending": np.vstack([np.zeros((0, 2 * self.grid.dim + 3)), *self._pending]),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Become what `state` was taken of."""
        kept = check(state, self._identity(), like=self.state(), where="state of WellTempered")
        self._surface.set(np.asarray(kept["values"], np.float64))
        self._hills, self._pending = int(kept["hills"]), [np.asarray(kept["pending"], np.float64)]
        self.offset = self._c()

    def _identity(self) -> Array:
        return identity(self.grid, [self.height, self.gamma, self.kt, *self.sigma])


@compiled
def _tiwary(values: Array, volumes: Array, scale: float, kt: float) -> float:
    """c(t) by sums over the nodes, with the largest term taken out before exponentiating."""
    most = np.max(values)
    slow = 0.0 if math.isinf(scale) else 1 / scale
    fast = slow + 1 / kt  # gamma / (gamma - 1) kT
    above, below = 0.0, 0.0
    empty_above, empty_below = math.exp(-fast * most), math.exp(-slow * most)
    for n in range(len(values)):
        v = values[n]
        if v == 0:  # where no hill has been: most nodes, at first
            above += volumes[n] * empty_above
            below += volumes[n] * empty_below
        else:
            above += volumes[n] * math.exp(fast * (v - most))
            below += volumes[n] * math.exp(slow * (v - most))
    return kt * (math.log(above / below)) + most
