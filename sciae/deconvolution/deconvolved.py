"""Deconvolved: a free energy of s with its band, and what may be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sciae.deconvolution.kernel import Kernel

    Array = NDArray[np.float64]

__all__ = ["LEVEL", "Credible", "Deconvolved"]

LEVEL = 0.9
Range = tuple[float, float]


class Credible(NamedTuple):
    """The median of a posterior, and the ends of its central 90 %.

    Examples
    --------
    >>> str(Credible(7.9, 6.1, 11.2)), Credible(7.9, 6.1, 11.2).covers(8.0)
    ('7.90 [6.10, 11.20] kT', True)
    """

    value: float
    low: float
    high: float
    unit: str = "kT"

    def covers(self, truth: float) -> bool:
        """The truth lies inside."""
        return self.low <= truth <= self.high

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}] {self.unit}".rstrip()


@dataclass(frozen=True, eq=False, kw_only=True)
class Deconvolved:
    r"""The posterior of F(s).

    Free energies are those of densities: :math:`F_i = -\ln(p_i / v_i)` in kT, with p the
    bins' masses, which sum to one, and v their widths. `F` and the band are shifted by the
    same number, so that the least F is zero; the band is that of the normalised density.

    Attributes
    ----------
    edges : array, shape (bin + 1,)
        Of s.
    draws : array, shape (draw, bin)
        Free energies from the posterior, in kT, each normalised.
    naive : array, shape (bin,)
        -ln p of z taken for s, on the same bins, shifted likewise; NaN where no frame is.
    kernel : Kernel
    period : float or None
    warnings : tuple of str
    """

    edges: Array
    draws: Array
    naive: Array
    kernel: Kernel
    period: float | None
    warnings: tuple[str, ...] = ()

    @property
    def centres(self) -> Array:
        """Of the bins."""
        return np.asarray((self.edges[1:] + self.edges[:-1]) / 2)

    @cached_property
    def _median(self) -> Array:
        return np.asarray(np.median(self.draws, 0))

    @property
    def F(self) -> Array:  # noqa: N802 - its name in physics
        """Median in each bin, kT."""
        return np.asarray(self._median - self._median.min())

    @cached_property
    def band(self) -> tuple[Array, Array]:
        """Ends of the central 90 % in each bin, kT."""
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(self.draws, [tail, 1 - tail], axis=0) - self._median.min()
        return low, high

    def delta(self, a: Range, b: Range) -> Credible:
        r"""Free energy of basin b over that of a, :math:`-\ln(P_b/P_a)` in kT."""
        inside = [self._within(one) for one in (a, b)]
        return self.of(lambda p: -np.log(p[:, inside[1]].sum(1) / p[:, inside[0]].sum(1)))

    def barrier(self, a: Range, b: Range) -> Credible:
        """Highest F between the lowest bins of a and of b, over the lowest in a, in kT."""
        first, second = (np.flatnonzero(self._within(one)) for one in (a, b))
        heights = []
        for F in self.draws:  # noqa: N806 - its name in physics
            i, j = first[F[first].argmin()], second[F[second].argmin()]
            low, high = sorted((i, j))
            top = F[low : high + 1].max()
            if self.period is not None:
                top = min(top, max(F[high:].max(), F[: low + 1].max()))
            heights.append(top - F[i])
        return _interval(np.array(heights))

    def of(self, observable: Callable[[Array], Array], *, unit: str = "kT") -> Credible:
        """Any function of bin masses, (draw, bin) -> (draw,)."""
        mass = np.exp(-self.draws) * np.diff(self.edges)
        return _interval(observable(mass / mass.sum(1, keepdims=True)), unit)

    def _within(self, basin: Range) -> NDArray[np.bool_]:
        low, high = basin
        x = self.centres
        inside = (low <= x) & (x <= high)
        if self.period is not None and high < low:
            inside = (x >= low) | (x <= high)
        if not inside.any():
            raise SpecError(
                f"no bin in {basin}", where="basin",
                expected=f"a range within {self.edges[0]:g} to {self.edges[-1]:g}",
            )  # fmt: skip
        return np.asarray(inside)


def _interval(values: Array, unit: str = "kT") -> Credible:
    tail = (1 - LEVEL) / 2
    low, value, high = np.quantile(values, [tail, 0.5, 1 - tail])
    return Credible(float(value), float(low), float(high), unit)
