"""Curves where labels exist: ROC, AUC, background rejection and SIC, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.rng import Seed, generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Estimate", "Evaluation", "Roc", "evaluate", "roc"]

EFFICIENCIES = (0.5, 0.3)
LEAST_BACKGROUND = 20  # events left: a ratio over fewer is noise


@dataclass(frozen=True)
class Estimate:
    """A number with its bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Roc:
    """Efficiencies of every cut on a score, from the hardest cut to none.

    Attributes
    ----------
    signal, background : array, shape (cut,)
        Efficiencies, rising from 0 to 1.
    background_events : array, shape (cut,)
        How many background events pass.
    """

    signal: Floats
    background: Floats
    background_events: Floats

    @property
    def auc(self) -> float:
        """Area under the curve: the chance that a signal scores above a background."""
        return float(np.trapezoid(self.signal, self.background))

    def rejection(self, efficiency: float) -> float:
        """1 / background efficiency at this signal efficiency; NaN below 20 events."""
        at = int(np.searchsorted(self.signal, efficiency))
        if self.background_events[at] < LEAST_BACKGROUND:
            return float("nan")
        return float(1 / self.background[at])

    @property
    def sic(self) -> float:
        """Largest signal / sqrt(background) efficiency with 20 background events or more."""
        enough = self.background_events >= LEAST_BACKGROUND
        if not enough.any():
            return float("nan")
        return float((self.signal[enough] / np.sqrt(self.background[enough])).max())


def roc(score: ArrayLike, signal: ArrayLike, *, count: ArrayLike | None = None) -> Roc:
    """The curve of a score; equal scores are cut together.

    Parameters
    ----------
    score : array, shape (row,)
        Larger is stranger.
    signal : array of bool, shape (row,)
    count : array, shape (row,), optional
        How often each row counts.

    Raises
    ------
    DataError
        If a score is not finite, lengths differ, or one of the two classes is empty.

    Examples
    --------
    >>> roc([3, 2, 1, 0], [True, True, False, False]).auc
    1.0
    """
    s, is_signal = np.asarray(score, np.float64), np.asarray(signal, bool)
    if not np.isfinite(s).all():
        raise DataError(
            f"{(~np.isfinite(s)).sum()} scores are not finite",
            where="roc",
            fix="Leave rows without a score out.",
        )
    weight = np.ones(len(s)) if count is None else np.asarray(count, np.float64)
    if not len(s) == len(is_signal) == len(weight):
        raise DataError(
            f"{len(s)} scores, {len(is_signal)} labels, {len(weight)} counts", where="roc"
        )
    if not (weight[is_signal].sum() > 0 and weight[~is_signal].sum() > 0):
        raise DataError("one class only", where="roc", expected="signal and background rows")
    order = np.argsort(-s, kind="stable")
    last = np.append(np.diff(s[order]) != 0, True)
    return _curve(weight[order], is_signal[order], last)


def _curve(weight: Floats, signal: NDArray[np.bool_], last: NDArray[np.bool_]) -> Roc:
    up = np.concatenate([[0.0], (weight * signal).cumsum()[last]])
    across = np.concatenate([[0.0], (weight * ~signal).cumsum()[last]])
    return Roc(up / up[-1], across / across[-1], across)


@dataclass(frozen=True)
class Evaluation:
    """How well a score separates one signal from the background.

    Attributes
    ----------
    auc : Estimate
    rejection : dict of float to Estimate
        1 / background efficiency at signal efficiencies .5 and .3.
    sic : Estimate
    curve : Roc
    signals, backgrounds : int
    """

    auc: Estimate
    rejection: dict[float, Estimate]
    sic: Estimate
    curve: Roc
    signals: int
    backgrounds: int


def evaluate(
    score: ArrayLike,
    signal: ArrayLike,
    *,
    repeats: int = 200,
    level: float = 0.95,
    rng: Seed = None,
) -> Evaluation:
    """ROC with bootstrap percentile intervals; each class is resampled on its own.

    Examples
    --------
    >>> e = evaluate([4, 3, 2, 1] * 30, [True, False, True, False] * 30, rng=1)
    >>> e.auc.value
    0.75
    """
    s, is_signal = np.asarray(score, np.float64), np.asarray(signal, bool)
    curve = roc(s, is_signal)
    order = np.argsort(-s, kind="stable")
    ordered, last = is_signal[order], np.append(np.diff(s[order]) != 0, True)
    draws = generator(rng)
    curves = [_curve(_resampled(ordered, draws), ordered, last) for _ in range(repeats)]

    def estimate(value: float, others: Sequence[float]) -> Estimate:
        return _estimate(value, others, level)

    return Evaluation(
        auc=estimate(curve.auc, [c.auc for c in curves]),
        rejection={
            e: estimate(curve.rejection(e), [c.rejection(e) for c in curves]) for e in EFFICIENCIES
        },
        sic=estimate(curve.sic, [c.sic for c in curves]),
        curve=curve,
        signals=int(is_signal.sum()),
        backgrounds=int((~is_signal).sum()),
    )


def _resampled(signal: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """How often each row is drawn in one bootstrap sample of each class."""
    count = np.empty(len(signal))
    for one in (signal, ~signal):
        n = int(one.sum())
        count[one] = np.bincount(rng.integers(n, size=n), minlength=n)
    return count


def _estimate(value: float, others: Sequence[float], level: float) -> Estimate:
    if np.isnan(value) or np.isnan(others).mean() > (1 - level) / 2:
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.nanquantile(others, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))
