"""deconvolve: from frames of z and pairs of s and z to a free energy of s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.deconvolution.counts import Counts
from sciae.deconvolution.deconvolved import Deconvolved
from sciae.deconvolution.hops import Hopping, sides_of, spread_of_hops
from sciae.deconvolution.kernel import Kernel
from sciae.deconvolution.laplace import marginal
from sciae.deconvolution.location_scale import location_scale
from sciae.deconvolution.walk import roughness
from sciae.errors import DataError, SpecError
from sciae.free_energy import inefficiency
from sciae.rng import generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.rng import Seed

    Array = NDArray[np.float64]
    Energy = Callable[[Array], ArrayLike]
    Range = tuple[float, float]

__all__ = ["deconvolve"]

Z_BINS = 80
DRAWS = 2000


def deconvolve(
    z: ArrayLike | Sequence[ArrayLike],
    *,
    edges: ArrayLike,
    pairs: tuple[ArrayLike, ...] | Kernel,
    log_weight: ArrayLike | None = None,
    windows: Sequence[Energy] | None = None,
    period: float | None = None,
    z_edges: ArrayLike | None = None,
    z_period: float | None = None,
    order: int = 3,
    correlated: bool = True,
    basins: tuple[Range, Range] | None = None,
    draws: int = DRAWS,
    rng: Seed = None,
) -> Deconvolved:
    r"""Free energy of a coordinate s that was seen only through another, z.

    .. math:: P(z) = \int K_0(z \mid s)\, P(s)\, ds, \qquad F(s) = -\ln P(s)

    The law K of z at a given s, without bias, is learnt from pairs. Frames are counted in bins
    of z; the bias is undone in the same step (see `Counts`), never after it. F has a
    random walk of third order for its prior, whose amplitude is integrated over. What is
    uncertain of K, from resampled pairs, is learnt together with F: the data tell of both.

    Where s can be computed of every frame, do that instead: there is nothing to invert.

    Frames that follow each other in time count less. Each bin of z counts only every g-th, with
    its statistical inefficiency g; and if frames hop between two basins a few times only, say
    between which: the ratio of their weights then is as uncertain as the visits leave it.

    Parameters
    ----------
    z : array, shape (frame,); with `windows` one such array for each
        In time order.
    edges : array, shape (bin + 1,)
        Of s, all of one width.
    pairs : (s, z) or (s, z, log_weight), arrays of shape (pair,); or Kernel
        From an unbiased run, or from one biased along s. From a run biased along z they
        need the weights of that bias, see `sciae.free_energy.log_weight_of`.
    log_weight : array, shape (frame,), optional
        (V - c) / kT of each frame.
    windows : sequence of callable, optional
        V(z) / kT of each window, for z of shape (n,): of umbrella sampling.
    period : float, optional
        Of s; `edges` then span one.
    z_edges : array, optional
        By default 80 bins over all frames.
    z_period : float, optional
    order : int
        Of the random walk.
    correlated : bool
        Whether frames follow each other in time.
    basins : two (low, high), optional
        Of z, well inside two basins between which frames hop seldom. Not of windows.
    draws : int
        From the posterior.
    rng : int, or other Seed

    Returns
    -------
    Deconvolved

    Raises
    ------
    DataError
        If there is nothing to count, pairs and frames do not fit each other, or a number is
        not finite.
    SpecError
        If weights and windows are both given, or the edges are none.

    Examples
    --------
    A double well seen through a blur of the width of its barrier:

    >>> rng = np.random.default_rng(1)
    >>> s = rng.choice([-1.0, 1.0], 20_000) + rng.normal(0, 0.25, 20_000)
    >>> z = s + rng.normal(0, 0.3, 20_000)
    >>> found = deconvolve(
    ...     z[2000:],
    ...     edges=np.linspace(-2, 2, 41),
    ...     pairs=(s[:2000], z[:2000]),
    ...     correlated=False,
    ...     rng=1,
    ... )
    >>> found.delta((-2, 0), (0, 2)).low < 0 < found.delta((-2, 0), (0, 2)).high
    True
    """
    rng = generator(rng)
    s_edges = _edges(edges, "edges")
    series = _series(z, windows)
    bins = _z_edges(z_edges, series, z_period)
    sides = None if basins is None else sides_of(bins, basins, period=z_period)
    counts = _counts(series, bins, log_weight, windows, sides, correlated=correlated)
    kernel = pairs if isinstance(pairs, Kernel) else location_scale(
        *_checked(pairs), s_edges=s_edges, z_edges=bins, s_period=period, z_period=z_period,
        rng=rng,
    )  # fmt: skip
    if basins is not None and sides is not None:
        kernel = _hopping(kernel, series, log_weight, basins, counts, sides, z_period)
    count, width = len(s_edges) - 1, np.diff(s_edges)
    if (shape := kernel.at(np.zeros(kernel.ways)).shape) != (len(bins) - 1, count):
        raise SpecError(
            f"a kernel of shape {shape}", where="pairs",
            expected=f"({len(bins) - 1}, {count}): bins of z, bins of s",
        )  # fmt: skip
    walk = roughness([count], order=order, periodic=[period is not None])
    found = marginal(counts, kernel, np.log(width), walk)
    drawn = found.draws(draws, rng)[:, :count]
    drawn += np.log((np.exp(-drawn) * width).sum(1, keepdims=True))
    return Deconvolved(
        edges=s_edges, draws=drawn, naive=_naive(series, s_edges, log_weight), kernel=kernel,
        period=period, warnings=(*kernel.notes, *_left_out(series, bins)),
    )  # fmt: skip


def _hopping(  # noqa: PLR0917 - all of one call
    kernel: Kernel, series: list[Array], log_weight: ArrayLike | None,
    basins: tuple[Range, Range], counts: Counts, sides: Array, period: float | None,
) -> Kernel:  # fmt: skip
    """The kernel, and what few visits leave uncertain."""
    if len(series) > 1:
        raise SpecError("basins and windows", where="basins", expected="one series of frames")
    log = np.zeros(len(series[0])) if log_weight is None else np.asarray(log_weight, np.float64)
    spread = spread_of_hops(series[0], log, basins, counts, sides, period=period)
    return Hopping(kernel, sides, spread)


def _edges(given: ArrayLike, where: str) -> Array:
    edges = np.asarray(given, np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():  # noqa: PLR2004
        raise SpecError(f"edges of shape {edges.shape}", where=where, expected="rising numbers")
    if np.ptp(np.diff(edges)) > 1e-6 * np.diff(edges).max():
        raise SpecError("bins of several widths", where=where, expected="one width for all")
    return edges


def _series(z: ArrayLike | Sequence[ArrayLike], windows: Sequence[Energy] | None) -> list[Array]:
    """One array of frames for each window."""
    given = [z] if windows is None else list(z)  # type: ignore[arg-type]
    series = [np.asarray(one, np.float64) for one in given]
    if windows is not None and len(series) != len(windows):
        raise DataError(f"{len(series)} series of z", where="z", expected=f"{len(windows)} windows")
    for k, one in enumerate(series):
        if one.ndim != 1 or not len(one) or not np.isfinite(one).all():
            raise DataError(
                f"series {k} of shape {one.shape}, {np.isnan(one).sum()} NaN", where="z",
                expected="finite numbers of shape (frame,), one or more",
            )  # fmt: skip
    return series


def _z_edges(given: ArrayLike | None, series: list[Array], period: float | None) -> Array:
    if given is not None:
        return _edges(given, "z_edges")
    if period is not None:
        return np.linspace(-period / 2, period / 2, Z_BINS + 1)
    joined = np.concatenate(series)
    low, high = joined.min(), joined.max()
    past = 1e-6 * (high - low)
    return np.linspace(low - past, high + past, Z_BINS + 1)


def _counts(
    series: list[Array], bins: Array, log_weight: ArrayLike | None,
    windows: Sequence[Energy] | None, sides: Array | None, *, correlated: bool,
) -> Counts:  # fmt: skip
    """Of all windows, thinned by each bin's own inefficiency."""
    if log_weight is not None and windows is not None:
        raise SpecError("weights and windows", where="deconvolve", expected="one of them")
    count = len(bins) - 1
    where = [np.searchsorted(bins, one, side="right") - 1 for one in series]
    if windows is not None:
        centres = (bins[1:] + bins[:-1]) / 2
        number = np.stack([np.bincount(w[(w >= 0) & (w < count)], minlength=count) for w in where])
        tilt = -np.stack([np.asarray(energy(centres), np.float64) for energy in windows])
        counts = Counts(number.astype(np.float64), tilt)
    else:
        (only,) = where
        inside = (only >= 0) & (only < count)
        log = np.zeros(len(only)) if log_weight is None else np.asarray(log_weight, np.float64)
        if log.shape != only.shape or not np.isfinite(log).all():
            raise DataError(
                f"weights of shape {log.shape}", where="log_weight",
                expected=f"{len(only)} finite numbers, one for each frame",
            )  # fmt: skip
        if not inside.any():
            raise DataError("no frame lies in a bin of z", where="z_edges")
        counts = Counts.of_frames(only[inside], count, log[inside])
    if not correlated:
        return counts
    return counts.thinned(np.stack([_slowness(one, count, sides) for one in where]))


def _left_out(series: list[Array], bins: Array) -> tuple[str, ...]:
    """What lies in no bin of z, in words."""
    frames = sum(map(len, series))
    lost = sum(int(((one < bins[0]) | (one >= bins[-1])).sum()) for one in series)
    return (f"{lost} of {frames} frames lie in no bin of z",) if lost else ()


def _slowness(where: NDArray[np.intp], count: int, sides: Array | None) -> Array:
    """Statistical inefficiency of being in each bin; of a bin that is never seen, one.

    Between two basins it is that of being there while on that side: hops are told apart.
    """
    slow, inside = np.ones(count), (where >= 0) & (where < count)
    there = np.zeros(len(where), np.int64) if sides is None else (
        1 + (sides[where.clip(0, count - 1)] > 0)
    )  # fmt: skip
    total = np.bincount(there)
    for j in np.unique(where[inside]):
        seen = (where == j).astype(np.float64)
        share = np.bincount(there, seen) / np.maximum(total, 1)
        slow[j] = inefficiency(seen - share[there])
    return slow


def _checked(pairs: tuple[ArrayLike, ...]) -> tuple[Array, Array, Array]:
    """s, z and weight of each pair."""
    s, z = (np.asarray(one, np.float64) for one in pairs[:2])
    log = np.asarray(pairs[2], np.float64) if len(pairs) > 2 else np.zeros(len(s))  # noqa: PLR2004
    if s.ndim != 1 or not s.shape == z.shape == log.shape or not np.isfinite([s, z, log]).all():
        raise DataError(
            f"s of shape {s.shape}, z of shape {z.shape}, weights of shape {log.shape}",
            where="pairs", expected="finite numbers, one of each for every pair",
        )  # fmt: skip
    return s, z, np.exp(log - log.max())


def _naive(series: list[Array], edges: Array, log_weight: ArrayLike | None) -> Array:
    """Of z as if it were s, without windows' biases undone."""
    if len(series) > 1:
        return np.full(len(edges) - 1, np.nan)
    weight = None
    if log_weight is not None:
        log = np.asarray(log_weight, np.float64)
        weight = np.exp(log - log.max())
    mass = np.histogram(series[0], edges, weights=weight)[0]
    with np.errstate(divide="ignore"):
        F = -np.log(mass / np.diff(edges))  # noqa: N806 - its name in physics
    return np.where(mass > 0, F - F.min(), np.nan)
