"""Location-scale: a kernel from calibration pairs, whose width may change along s."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.preprocessing import SplineTransformer

from sciae.deconvolution.kernel import spilt
from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["LocationScale", "location_scale"]

KNOTS = 12
PENALTIES = np.geomspace(1e-3, 1e6, 19)
LEAST = 30  # pairs
FINE = 5  # places within a bin of s
GRID = np.linspace(-10, 10, 401)  # of standardised residuals
ENDS = GRID[0], GRID[-1]
MOST = 2000  # residuals that the law is made of
TINY, FLOOR = 1e-12, 1e-6
TURNS = 2
RESAMPLED, MOST_WAYS, EXPLAINED = 60, 8, 0.99


@dataclass(frozen=True, eq=False, kw_only=True)
class LocationScale:
    r"""The law :math:`z = m(s) + \sigma(s)\, u`, with the residuals u as they are.

    Attributes
    ----------
    location, log_scale : array, shape (place,)
        m and ln sigma at five places within each bin of s.
    bends : array, shape (way, 2, place)
        How both change with each way of being uncertain, by one standard deviation.
    cumulative : array
        P(u < x) on a fixed grid of x.
    z_edges : array
    z_period : float or None
    source : str
    notes : tuple of str
    """

    location: Array
    log_scale: Array
    bends: Array
    cumulative: Array
    z_edges: Array
    z_period: float | None
    source: str
    notes: tuple[str, ...]

    @property
    def ways(self) -> int:
        """How many numbers say how it bends."""
        return len(self.bends)

    def at(self, x: ArrayLike) -> Array:
        """K(x), shape (z bin, s bin)."""
        below: Array = np.sum([self._law[0](u.clip(*ENDS)) for u in self._standardised(x)], 0)
        return spilt(self._of_bins(below))

    def slopes(self, x: ArrayLike) -> Array:
        """dK/dx, shape (way, z bin, s bin)."""
        spread, places = np.exp(self._bent(x)[1]), self._standardised(x)
        density = [self._law[1](u.clip(*ENDS)) for u in places]
        turned = []
        for bend, widen in self.bends:
            slope = np.zeros((len(self.z_edges), len(spread)))
            for u, here in zip(places, density, strict=True):
                slope -= here * (bend / spread + u * widen)
            turned.append(spilt(self._of_bins(slope)))
        bins = len(self.z_edges) - 1, len(spread) // FINE
        return np.array(turned).reshape(len(self.bends), *bins)

    @cached_property
    def _law(self) -> tuple[PchipInterpolator, PchipInterpolator]:
        """P(u < x), smooth, and its derivative."""
        below = PchipInterpolator(GRID, self.cumulative)
        return below, below.derivative()

    def _bent(self, x: ArrayLike) -> Array:
        """Location and log scale, (2, place)."""
        both: Array = np.stack([self.location, self.log_scale])
        both += np.einsum("w,wip->ip", np.asarray(x, np.float64), self.bends)
        return both

    def _standardised(self, x: ArrayLike) -> list[Array]:
        """(z - m) / sigma at the edges of z, (edge, place), for each turn of an angle."""
        m, log_scale = self._bent(x)
        turns = np.arange(-TURNS, TURNS + 1) * self.z_period if self.z_period else np.zeros(1)
        return [(self.z_edges[:, None] + turn - m) / np.exp(log_scale) for turn in turns]

    def _of_bins(self, below: Array) -> Array:
        shares = np.diff(below, axis=0)
        mean: Array = shares.reshape(len(shares), -1, FINE).mean(2)
        return mean


def location_scale(
    s: Array, z: Array, weight: Array, *, s_edges: Array, z_edges: Array,
    s_period: float | None, z_period: float | None, rng: np.random.Generator,
) -> LocationScale:  # fmt: skip
    """From pairs of one coordinate each; resampled pairs tell how uncertain it is.

    m is a line, or the angle s itself, and a cubic spline; ln sigma a constant and a spline.
    Each spline has a ridge chosen by leave-one-out error: without evidence that the pairs
    bend, they do not. The law of u is that of the residuals, smoothed by a Gaussian of
    Silverman's width and scaled back to the variance one.

    Raises
    ------
    DataError
        If there are too few pairs.
    """
    if len(s) < LEAST:
        raise DataError(
            f"{len(s)} pairs", where="pairs", expected=f"{LEAST} or more, over the range of s"
        )
    periods: dict[str, Any] = {"s_period": s_period, "z_period": z_period}
    ends = (s_edges[0], s_edges[-1]) if s_period else (s.min(), s.max())
    fitted = _fit((s, z, weight), ends, **periods)
    within = (np.arange(FINE) + 0.5) / FINE
    places = (s_edges[:-1, None] + np.diff(s_edges)[:, None] * within).ravel()
    best, others = fitted.both(places), []
    for _ in range(RESAMPLED):
        rows = rng.integers(len(s), size=len(s))
        drawn = (s[rows], z[rows], weight[rows])
        other = _fit(drawn, ends, like=fitted, **periods).both(places) - best
        if z_period:
            other[0] -= z_period * np.round(other[0] / z_period)
        others.append(other)
    return LocationScale(
        location=best[0], log_scale=best[1], bends=_ways(np.array(others), best),
        cumulative=fitted.cumulative, z_edges=z_edges, z_period=z_period,
        source=f"{len(s)} pairs, location and scale", notes=_notes(s, s_edges),
    )  # fmt: skip


def _ways(others: Array, best: Array) -> Array:
    """Principal components of differences, (way, 2, place), in units of the kernel's width."""
    spread = np.exp(best[1])
    scaled = np.stack([others[:, 0] / spread, others[:, 1]], 1).reshape(len(others), -1)
    _, sizes, ways = np.linalg.svd(scaled / np.sqrt(len(others)), full_matrices=False)
    share = np.cumsum(sizes**2) / np.square(sizes).sum()
    kept = min(MOST_WAYS, int(np.searchsorted(share, EXPLAINED)) + 1)
    found = (sizes[:kept, None] * ways[:kept]).reshape(kept, 2, -1)
    found[:, 0] *= spread
    return np.asarray(found)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Fitted:
    """Splines of location and log scale."""

    transformer: SplineTransformer
    line: tuple[float, float]
    bend: Ridge
    log_scale: Ridge | None
    cumulative: Array
    period: float | None

    def location(self, s: Array) -> Array:
        """m(s), shape (place,)."""
        bent = self.bend.predict(self.transformer.transform(s[:, None]))
        if self.period:
            bent = np.arctan2(bent[:, 1], bent[:, 0]) * self.period / (2 * np.pi)
        m: Array = self.line[0] + self.line[1] * s + bent
        return m

    def both(self, s: Array) -> Array:
        """Location and log scale, (2, place)."""
        assert self.log_scale is not None
        basis = self.transformer.transform(s[:, None])
        return np.stack([self.location(s), self.log_scale.predict(basis)])


def _fit(
    rows: tuple[Array, Array, Array], ends: tuple[float, float], *, s_period: float | None,
    z_period: float | None, like: _Fitted | None = None,
) -> _Fitted:  # fmt: skip
    """Splines and the law of the residuals; with the ridges and the law of another, or its own."""
    s, z, weight = rows
    spline = SplineTransformer(
        knots=np.linspace(*ends, KNOTS)[:, None], degree=3, include_bias=False,
        extrapolation="periodic" if s_period else "linear",
    ).fit(s[:, None])  # fmt: skip
    basis, share = spline.transform(s[:, None]), weight / weight.mean()
    line = (0.0, float(z_period == s_period))
    if not z_period:
        slope, intercept = np.polyfit(s, z, 1, w=np.sqrt(share)) if not s_period else (0.0, 0.0)
        line = (float(intercept), float(slope))
    left = z - line[0] - line[1] * s
    turn = 2 * np.pi * left / (z_period or 1)
    target = np.column_stack([np.cos(turn), np.sin(turn)]) if z_period else left
    bend = _ridge(basis, target, share, like.bend.alpha if like else None)
    law = _Fitted(
        transformer=spline, line=line, bend=bend, log_scale=None, cumulative=GRID, period=z_period
    )
    residual = z - law.location(s)
    if z_period:
        residual -= z_period * np.round(residual / z_period)
    floor = TINY + FLOOR * np.sqrt(np.average(residual**2, weights=share))
    penalty = None if like is None or like.log_scale is None else like.log_scale.alpha
    log_scale = _ridge(basis, np.log(np.abs(residual) + floor), share, penalty)
    u = residual / np.exp(log_scale.predict(basis))
    size = np.sqrt(np.average(u**2, weights=share))
    log_scale.intercept_ += np.log(size)
    cumulative = like.cumulative if like else _cumulative(u / size, share)
    return replace(law, log_scale=log_scale, cumulative=cumulative)


def _ridge(basis: Array, target: Array, share: Array, penalty: float | None) -> Ridge:
    if penalty is None:
        chosen = RidgeCV(PENALTIES).fit(basis, target, sample_weight=share)
        penalty = float(chosen.alpha_)
    return Ridge(alpha=penalty).fit(basis, target, sample_weight=share)


def _cumulative(u: Array, share: Array) -> Array:
    """Of the residuals, smoothed; their variance stays one, their mean as it is."""
    rows = np.linspace(0, len(u) - 1, min(len(u), MOST)).astype(np.int64)
    some, weight = u[rows], share[rows] / share[rows].sum()
    kish = 1 / np.square(weight).sum()
    width = 0.9 * kish**-0.2
    shrunk = some / np.sqrt(1 + width**2)
    width /= np.sqrt(1 + width**2)
    below: Array = ndtr((GRID[:, None] - shrunk) / width) @ weight
    return below


def _notes(s: Array, edges: Array) -> tuple[str, ...]:
    counts = np.histogram(s, edges)[0]
    empty = int((counts == 0).sum())
    if not empty:
        return ()
    return (f"{empty} of {len(counts)} bins of s have no pair: the kernel is extrapolated there",)
