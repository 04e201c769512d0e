r"""How long frames remember: statistical inefficiency, and blocks that outlast it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import fftconvolve

from sciae.errors import DataError, SpecError
from sciae.free_energy.frames import Frames, frames_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["block_length", "blocks_of", "inefficiency", "slowest"]

MEMORY = 5.0  # statistical inefficiencies in one block: its end has then forgotten its start
LEAST_LAGS = 3  # noise may make the first correlations negative; pymbar looks at as many


def inefficiency(series: ArrayLike, *, group: ArrayLike | None = None) -> float:
    r"""How many consecutive frames count as one independent frame.

    .. math:: g = 1 + 2 \sum_{t \ge 1} \left(1 - \frac{t}{N}\right) C(t)

    with the autocorrelation C up to where it is first not positive: what
    `pymbar.timeseries.statistical_inefficiency` gives for one series, here by FFT and over
    several trajectories, whose common mean is taken out.

    Parameters
    ----------
    series : array, shape (frame,)
        For a weighted average of f: :math:`w_t (f_t - \langle f \rangle)`.
    group : array, shape (frame,), optional
        The trajectory of each frame; nothing is correlated across trajectories.

    Returns
    -------
    float
        Between 1 and the length of the longest trajectory. A constant series is one frame
        again and again: the longest trajectory's length.

    Notes
    -----
    A run shorter than some 20 correlation times gives too small a number.
    Source: J. D. Chodera, W. C. Swope, J. W. Pitera, C. Seok and K. A. Dill, J. Chem.
    Theory Comput. 3 (2007) 26.

    Examples
    --------
    >>> import numpy as np
    >>> each = np.random.default_rng(0).normal(size=1_000)
    >>> round(inefficiency(np.repeat(each, 10)) / 10, 1)
    1.0
    """
    frames = frames_of(series, group=group)
    return _inefficiency(frames.values, frames.starts)


def _inefficiency(values: NDArray[np.float64], starts: NDArray[np.intp]) -> float:
    lengths = np.diff(starts)
    centred = values - values.mean()
    if not np.any(np.abs(centred) > 1e-12 * np.abs(values).max()):
        return float(lengths.max())
    products = np.zeros(lengths.max())
    for start, stop in pairwise(starts):
        products[: stop - start] += _products(centred[start:stop])
    lags = np.arange(lengths.max())
    pairs = _pairs(lengths)
    correlation = (products / pairs) / (products[0] / pairs[0])
    ends = np.flatnonzero((correlation <= 0) & (lags > LEAST_LAGS))
    stop = ends[0] if len(ends) else len(lags)
    total = (pairs[1:stop] / pairs[0] * correlation[1:stop]).sum()
    return float(np.clip(1 + 2 * total, 1.0, lengths.max()))


def _pairs(lengths: NDArray[np.intp]) -> NDArray[np.float64]:
    """How many pairs of frames there are at each lag: a sum of ramps."""
    ends = np.bincount(lengths, minlength=int(lengths.max()) + 1)
    longer = ends[::-1].cumsum()[::-1]  # trajectories of at least so many frames
    return longer[1:][::-1].cumsum()[::-1].astype(np.float64)


def _products(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over t of v(t) v(t + lag), for each lag."""
    whole = fftconvolve(values, values[::-1])
    return np.asarray(whole[len(values) - 1 :])


def slowest(frames: Frames) -> float:
    """The largest inefficiency that coordinates and weights show.

    Looked at are the weighted coordinates (cosine and sine of periodic ones), shares of time
    below their quartiles, and the weights themselves.
    """
    weight = frames.weight
    seen = [weight] if np.ptp(weight) > 0 else []
    for column, period in zip(frames.x.T, frames.period, strict=True):
        for observable in _observables(column, period):
            mean = np.average(observable, weights=weight)
            seen.append(weight * (observable - mean))
    varying = [series for series in seen if np.ptp(series) > 0]
    return max((_inefficiency(series, frames.starts) for series in varying), default=1.0)


def _observables(column: NDArray[np.float64], period: float | None) -> list[NDArray[np.float64]]:
    if period is not None:
        angle = column * (2 * np.pi / period)
        return [np.cos(angle), np.sin(angle)]
    below = [(column < q).astype(np.float64) for q in np.quantile(column, (0.25, 0.5, 0.75))]
    return [column, *below]


def block_length(frames: Frames) -> tuple[float, int]:
    """The largest inefficiency, and frames of a block long enough to be independent.

    Examples
    --------
    >>> import numpy as np
    >>> inefficiency, length = block_length(frames_of(np.random.default_rng(0).normal(size=999)))
    >>> inefficiency < 2 and length < 10
    True
    """
    largest = slowest(frames)
    return largest, int(np.ceil(MEMORY * largest))


def blocks_of(starts: ArrayLike, *, length: int) -> NDArray[np.intp]:
    """First frame of each block and the end of the last; no block crosses trajectories.

    A trajectory is cut into as many blocks of nearly equal length as fit, at least one.

    Examples
    --------
    >>> blocks_of([0, 10, 13], length=4).tolist()
    [0, 5, 10, 13]
    """
    edges = np.asarray(starts, np.intp)
    if length < 1:
        raise SpecError(f"blocks of {length} frames", expected="at least one frame")
    if edges.ndim != 1 or not np.diff(edges).size or np.any(np.diff(edges) < 1):
        raise DataError("starts do not rise", where="starts", expected="(group + 1,), rising")
    pieces = [
        np.linspace(low, high, max(1, (high - low) // length) + 1).astype(np.intp)[:-1]
        for low, high in pairwise(edges)
    ]
    return np.concatenate([*pieces, edges[-1:]])
