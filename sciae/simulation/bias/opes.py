"""Opes: on-the-fly probability enhanced sampling, with a well-tempered or uniform target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.fluctuation import Fluctuation
from sciae.simulation.bias.kernels import Kernels
from sciae.simulation.bias.records import fields, lines, names_of, settings
from sciae.simulation.bias.snapshot import check, identity
from sciae.simulation.bias.surface import Surface
from sciae.simulation.bias.target import target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.bias.energy import Tables, Walls
    from sciae.simulation.bias.grid import Grid
    from sciae.simulation.bias.protocol import EnergyAndGradient

    Array = NDArray[np.float64]

__all__ = ["Opes"]


class Opes:
    r"""OPES_METAD: a bias from a reweighted, compressed kernel density of the variable.

    .. math::

        V_n(s) = (1 - 1/\gamma)\, kT \ln\Bigl(\frac{P_n(s)}{Z_n} + \epsilon\Bigr), \quad
        P_n(s) = \frac{\sum_k e^{V_{k-1}(s_k)/kT} G_k(s)}{\sum_k e^{V_{k-1}(s_k)/kT}}

    with Z_n the mean of P_n over the centers of the compressed kernels. Widths shrink with
    the effective sample size as in Silverman's rule. Frames are reweighted by
    :math:`e^{V/kT}`; `offset` is 0.

    Parameters
    ----------
    grid : Grid
        Where the bias is tabulated. Beyond it the bias is constant.
    barrier : float
        The highest free-energy barrier to cross, kJ/mol. Sets `gamma`, `epsilon`, `cutoff`.
    kt : float
        kJ/mol.
    sigma : sequence of float, optional
        First widths. By default measured: no bias grows until `measure` points were
        observed, and from then on the widths follow the fluctuation.
    gamma : float, optional
        Bias factor; by default ``barrier / kt``; ``inf`` for a uniform target.
    epsilon, cutoff : float, optional
        By default :math:`e^{-barrier/((1-1/\gamma)kT)}` and the radius where a Gaussian has
        that value.
    threshold : float
        Kernels closer than this merge, in units of sigma.
    sigma_min : sequence of float, optional
        Least widths; by default one spacing of the grid, which could not show less.
    measure : int
        Observations for the measured width. A point handed to `propose` or `deposit` counts
        as one, and so does each one handed to `observe`. The longer it lasts in deposits, the
        more hops between wells widen the kernels; PLUMED's default lasts 10.
    explore : bool
        OPES_METAD_EXPLORE: more exploration and slower convergence.
    walls : Walls, optional
    names : sequence of str, optional
        Names of the variables, for records.

    Notes
    -----
    The weight of a kernel is taken from the tabulated bias, the one that acted.

    References
    ----------
    M. Invernizzi and M. Parrinello, J. Phys. Chem. Lett. 11 (2020) 2731; J. Chem. Theory
    Comput. 18 (2022) 3988. Conventions as in PLUMED's OPES_METAD.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> bias = Opes(Grid((-2,), (2,), (80,)), barrier=20.0, kt=2.5, sigma=[0.1])
    >>> round(bias.energy([0.0]).energy, 6)
    -20.0
    >>> for s in (0.0, 0.05, 1.0):
    ...     bias.deposit([s])
    >>> bias.columns()["nker"], bool(bias.energy([0.0]).energy > 0)
    (2.0, True)
    """

    offset = 0.0

    def __init__(
        self,
        grid: Grid,
        *,
        barrier: float,
        kt: float,
        sigma: Sequence[float] | None = None,
        gamma: float | None = None,
        epsilon: float | None = None,
        cutoff: float | None = None,
        threshold: float = 1.0,
        sigma_min: Sequence[float] | None = None,
        fixed_sigma: bool = False,
        measure: int = 100,
        explore: bool = False,
        walls: Walls | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.grid, self.kt, self.explore = grid, float(kt), explore
        self.target = target_of(barrier, kt, gamma, epsilon, cutoff, explore=explore)
        self._floor = np.array(grid.spacing if sigma_min is None else sigma_min, np.float64)
        self._sigma = None if sigma is None else np.array(sigma, np.float64)
        self._fixed, self._threshold = fixed_sigma, float(threshold)
        self._check()
        self._names = names_of(names, grid.dim)
        self._surface = Surface(grid, walls=walls)
        # sampled over wanted variance: kernels are of the sampled distribution to explore
        widening = 1.0 if explore else self.target.gamma
        self._fluctuation = Fluctuation(grid, measure=measure, gamma=widening)
        self._kernels = Kernels(grid, cutoff=self.target.cutoff, threshold=threshold)
        first = self.target.epsilon**self.target.prefactor
        self._sums = np.array([1.0, first, first * first])  # counter, weights, their squares
        self._pending: list[Array] = []  # lines not yet asked for
        self._rebuild()

    def _check(self) -> None:
        for name, row in (("sigma", self._sigma), ("sigma_min", self._floor)):
            if row is not None and (row.shape != (self.grid.dim,) or not (row >= 0).all()):
                raise SpecError(f"{row}", where=name, expected=f"{self.grid.dim} widths >= 0")
        if self._sigma is None and math.isinf(self.target.gamma):
            raise SpecError("no sigma", where="Opes", expected="sigma with gamma = inf")
        if not 0 <= self._threshold < self.target.cutoff:
            raise SpecError(
                f"threshold {self._threshold}", where="Opes",
                expected=f"0 to the cutoff, {self.target.cutoff:.3g}",
            )  # fmt: skip

    @property
    def tables(self) -> Tables:
        """Arrays that `bias_energy` reads."""
        return self._surface.tables

    @property
    def zed(self) -> float:
        """Z_n: the mean density over the centers of the kernels."""
        n = len(self._kernels)
        return self._kernels.overlap / self._norm / n if n else 1.0

    @property
    def _norm(self) -> float:
        return float(self._sums[0] if self.explore else self._sums[1])

    @property
    def neff(self) -> float:
        """Effective sample size of the kernels' weights."""
        return float((1 + self._sums[1]) ** 2 / (1 + self._sums[2]))

    @property
    def kernels(self) -> Array:
        """Compressed kernels, rows of height, center and sigma."""
        return self._kernels.rows

    def energy(self, s: ArrayLike) -> EnergyAndGradient:
        """V(s) and dV/ds at one point."""
        return self._surface.energy(s)

    def observe(self, s: ArrayLike) -> None:
        """Measure the fluctuation by points, (dim,) or (walker, dim), that deposit nothing."""
        if self._sigma is None:
            self._fluctuation.observe(self.grid.points(s))

    def deposit(self, s: ArrayLike, *, time: float | None = None) -> None:
        """Add kernels at the walkers' points, (dim,) or (walker, dim). `time` in ps."""
        self.merge(self.propose(s), time=time)

    def propose(self, s: ArrayLike) -> Array:
        """Rows of point, bias there, first widths; NaN widths while still measuring."""
        rows = self.grid.points(s)
        self.observe(s)
        sigma = self._fluctuation.sigma() if self._sigma is None else self._sigma
        bias = self._surface.tabulated(rows)[:, None]
        return np.hstack([rows, bias, np.broadcast_to(sigma, rows.shape)])

    def merge(self, proposals: ArrayLike, *, time: float | None = None) -> None:
        """Add the kernels of all walkers, in the order of the rows."""
        rows = np.array(proposals, np.float64, ndmin=2)
        dim = self.grid.dim
        if np.isnan(rows).any():  # some walker still measures
            return
        log_weight = rows[:, dim] / self.kt
        weight = np.exp(log_weight)
        self._sums += len(rows), weight.sum(), (weight * weight).sum()
        heights = np.ones_like(weight) if self.explore else weight
        sigmas, narrowing = self._narrowed(rows[:, dim + 1 :])
        heights /= narrowing
        for row, height, sigma in zip(rows, heights, sigmas, strict=True):
            self._kernels.add(height, row[:dim], sigma)
        clock = np.full((len(rows), 1), self._sums[0] - 1 if time is None else time)
        made = np.hstack([clock, rows[:, :dim], sigmas, heights[:, None], log_weight[:, None]])
        self._pending.append(made)
        self._rebuild()

    def _narrowed(self, sigma: Array) -> tuple[Array, Array]:
        """Widths by Silverman's rule, not below the least; and the product of the factors."""
        if self._fixed:
            return sigma, np.ones(len(sigma))
        dim = self.grid.dim
        size = self._sums[0] if self.explore else self.neff
        rule = (size * (dim + 2) / 4) ** (-1 / (dim + 4))
        factor = np.maximum(rule, self._floor / sigma)
        return sigma * factor, factor.prod(1)

    def _rebuild(self) -> None:
        target = self.target
        scale = 1 / (self._norm * self.zed)
        _log(
            self._kernels.density, scale, target.epsilon, target.prefactor * self.kt,
            self._surface.values,
        )  # fmt: skip
        self._surface.changed()

    def columns(self) -> dict[str, float]:
        """The numbers that PLUMED calls rct (in kJ/mol), zed, neff and nker."""
        rct = self.kt * math.log(self._sums[1] / self._sums[0])
        return {"rct": rct, "zed": self.zed, "neff": self.neff, "nker": float(len(self._kernels))}

    def header(self) -> list[str]:
        """Head of a KERNELS file."""
        action = "OPES_METAD_EXPLORE_kernels" if self.explore else "OPES_METAD_kernels"
        pairs = [
            ("action", action),
            ("biasfactor", self.target.gamma),
            ("epsilon", self.target.epsilon),
            ("kernel_cutoff", self.target.cutoff),
            ("compression_threshold", self._threshold),
        ]
        return [
            fields(self._names, ["height", "logweight"]),
            *settings(pairs, self._names, self.grid),
        ]

    def records(self) -> list[str]:
        """Kernels added since the last call, before compression."""
        rows, self._pending = self._pending, []
        return [line for row in rows for line in lines(row)]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Kernels, density, sums and fluctuation."""
        return {
            "identity": self._identity(),
            "sums": self._sums.copy(),
            "pending": np.vstack([np.zeros((0, 2 * self.grid.dim + 3)), *self._pending]),
            **self._kernels.state(),
            **self._fluctuation.state(),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Become what `state` was taken of."""
        kept = check(state, self._identity(), like=self.state(), where="state of Opes")
        self._sums[:], self._pending = kept["sums"], [np.asarray(kept["pending"], np.float64)]
        self._kernels.restore(kept)
        self._fluctuation.restore(kept)
        self._rebuild()

    def _identity(self) -> Array:
        """Settings that a state belongs to."""
        target = self.target
        sigma = np.full(self.grid.dim, -1.0) if self._sigma is None else self._sigma
        return identity(
            self.grid, [self.kt, target.gamma, target.epsilon, target.cutoff, self._threshold,
                        self.explore, self._fixed, *self._floor, *sigma],
        )  # fmt: skip


@compiled
def _log(density: Array, scale: float, epsilon: float, factor: float, values: Array) -> None:
    """``factor * log(density * scale + epsilon)`` at every node."""
    empty = factor * math.log(epsilon)
    for n in range(len(density)):
        p = density[n] * scale  # may be a rounding below zero after a kernel was taken away
        values[n] = factor * math.log(p + epsilon) if p > 0 else empty
