"""Laplace: the posterior of a free energy as Gaussians, one for each roughness it may have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.special import logsumexp

from sciae.errors import FitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.deconvolution.counts import Counts, Likelihood
    from sciae.deconvolution.kernel import Kernel

    Array = NDArray[np.float64]

__all__ = ["AMPLITUDES", "Mixture", "Posterior", "laplace", "marginal"]

AMPLITUDES = tuple(np.geomspace(0.1, 300.0, 15).tolist())
LARGEST = 30.0  # kT: with 5 % prior chance the walk's amplitude is three times as much
RANGE = 30.0  # kT: how far from their mean bins may be, whatever their neighbours say
STEPS, CLOSE = 500, 1e-4  # of the gain in ln P that a step promises
UPHILL, ROUNDING = 1e-4, 1e-2
HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Posterior:
    """A Gaussian about the most probable free energy and kernel, for one amplitude of the walk.

    Attributes
    ----------
    mode : array, shape (bin + way,)
        F in kT, of mean zero, and then the numbers that bend the kernel.
    factor : array, shape (bin + way, bin + way)
        Lower Cholesky factor of the precision.
    log_evidence : float
        Of the data, up to a constant that all amplitudes share.
    amplitude : float
        kT.
    """

    mode: Array
    factor: Array
    log_evidence: float
    amplitude: float

    def draws(self, count: int, rng: np.random.Generator) -> Array:
        """From it, shape (draw, bin + way)."""
        white = rng.standard_normal((len(self.mode), count))
        scattered = solve_triangular(self.factor, white, lower=True, trans="T")
        drawn: Array = self.mode + scattered.T
        return drawn


@dataclass(frozen=True, eq=False)
class Mixture:
    """Posteriors for several amplitudes, with how probable each is."""

    parts: tuple[Posterior, ...]
    weight: Array

    @cached_property
    def best(self) -> Posterior:
        """The most probable part."""
        return self.parts[int(self.weight.argmax())]

    def draws(self, count: int, rng: np.random.Generator) -> Array:
        """From it, shape (draw, bin + way)."""
        each = rng.multinomial(count, self.weight / self.weight.sum())
        drawn = [part.draws(int(n), rng) for part, n in zip(self.parts, each, strict=True) if n]
        return np.concatenate(drawn)


def marginal(
    counts: Counts,
    kernel: Kernel,
    log_volume: Array,
    walk: Array,
    *,
    amplitudes: Sequence[float] = AMPLITUDES,
) -> Mixture:
    r"""Posteriors over a grid of amplitudes a, each weighted by its evidence and its prior.

    The prior of a is exponential (Simpson et al., Stat. Sci. 32 (2017) 1): 5 % beyond 90 kT.

    Parameters
    ----------
    counts : Counts
    kernel : Kernel
    log_volume : array, shape (s bin,)
        Of the bins of s.
    walk : array, shape (s bin, s bin)
        See `sciae.deconvolution.walk.roughness`.
    amplitudes : sequence of float
        kT, evenly spaced in their logarithm.
    """
    parts: list[Posterior] = []
    for amplitude in amplitudes:
        start = parts[-1].mode if parts else None
        parts.append(laplace(counts, kernel, log_volume, walk, amplitude=amplitude, start=start))
    prior = [math.log(a) - a * math.log(20) / (3 * LARGEST) for a in amplitudes]
    log = np.array([part.log_evidence for part in parts]) + prior
    return Mixture(tuple(parts), np.exp(log - logsumexp(log)))


def laplace(
    counts: Counts,
    kernel: Kernel,
    log_volume: Array,
    walk: Array,
    *,
    amplitude: float,
    start: Array | None = None,
) -> Posterior:
    r"""The mode by Newton's method, and the curvature there.

    .. math:: \ln P(F, x) = \ln L\bigl(p_i = v_i e^{-F_i}, K(x)\bigr)
        - \tfrac12 F^T \Bigl(\frac{R}{a^2} + \frac{I}{b^2}\Bigr) F - \tfrac12 x^T x

    with the range b of 30 kT, that also sets the mean of F to zero. Data tell of the kernel
    too: one that is too wide for the narrowest well is not believed.

    Raises
    ------
    FitError
        If there is no mode within some hundred steps, or none can be climbed to.
    """
    bins, ways = len(walk), kernel.ways
    prior = np.eye(bins + ways)
    prior[:bins, :bins] = walk / amplitude**2 + np.eye(bins) / RANGE**2

    def judged(at: Array) -> tuple[float, Likelihood]:
        F, x = at[:bins], at[bins:]  # noqa: N806 - its name
        found = counts.likelihood(kernel.at(x), log_volume - F, kernel.slopes(x))
        return found.value - float(at @ prior @ at) / 2, found

    sign = np.where(np.arange(bins + ways) < bins, -1.0, 1.0)  # u falls as F rises
    turned = np.outer(sign, sign)
    at = np.zeros(bins + ways) if start is None else start.copy()
    best, found = judged(at)
    for _ in range(STEPS):
        slope = sign * found.gradient - prior @ at
        step = cho_solve((_factor(found, prior, turned), True), slope)
        gain = promised = float(slope @ step)
        if gain < CLOSE:
            break
        for _ in range(HALVINGS):
            new, ahead = judged(at + step)
            if new > best + gain * UPHILL:
                break
            step, gain = step / 2, gain / 2
        else:
            if promised > ROUNDING:
                raise FitError(f"no way up that promises {promised:.2g}", where="laplace")
            break  # as high as rounding lets it
        at, best, found = at + step, new, ahead
    else:
        raise FitError(
            f"no mode after {STEPS} steps", where=f"laplace, amplitude {amplitude:.3g} kT",
            fix="Use fewer bins.",
        )  # fmt: skip
    factor = _factor(found, prior, turned)
    evidence = best + np.log(np.diag(cholesky(prior, lower=True))).sum()
    evidence -= np.log(np.diag(factor)).sum()
    return Posterior(at, factor, float(evidence), float(amplitude))


def _factor(found: Likelihood, prior: Array, turned: Array) -> Array:
    """Lower Cholesky factor of the precision: the observed one, or where it is none the mean."""
    try:
        factor: Array = cholesky(found.observed * turned + prior, lower=True)
    except LinAlgError:
        factor = cholesky(found.expected * turned + prior, lower=True)
    return factor
