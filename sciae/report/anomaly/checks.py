"""Checks: whether the calibration is right, and what the score follows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.report.words import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.tasks.anomaly import Calibration, Estimate

    Floats = NDArray[np.float64]

__all__ = ["Uniformity", "effective_rows", "rank_correlation", "share", "uniformity"]

LEVEL = 0.95
FEWEST = 10  # rows: below, neither test means anything


class Uniformity(NamedTuple):
    """A Kolmogorov-Smirnov test of p-values against uniform."""

    distance: float
    p: float


def effective_rows(calibration: Calibration) -> float:
    """Rows without weights that would say as much: (sum w)^2 / sum w^2."""
    if calibration.weight is None:
        return float(len(calibration))
    weight = calibration.weight
    return float(weight.sum() ** 2 / max(float((weight**2).sum()), 1e-300))


def uniformity(p: Floats, calibration_rows: float) -> Uniformity | None:
    r"""Whether p-values of fresh background are uniform; None for fewer than 10 rows.

    The m p-values share one calibration sample of n rows, so the test is that of two
    samples: its statistic has the size :math:`n m / (n + m)`, not m. Asymptotic, with the
    correction for small samples of Stephens (1970).

    Examples
    --------
    >>> uniformity((np.arange(1, 1001)) / 1001, 1000.0).p > 0.99
    True
    >>> uniformity(np.full(1000, 0.1), 1000.0).p < 1e-6
    True
    """
    from scipy.stats import kstwobign

    m = len(p)
    if m < FEWEST:
        return None
    ordered, steps = np.sort(p), np.arange(m + 1) / m
    distance = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    root = math.sqrt(calibration_rows * m / (calibration_rows + m))
    return Uniformity(distance, float(kstwobign.sf((root + 0.12 + 0.11 / root) * distance)))


def share(count: int, rows: int, level: float = LEVEL) -> Estimate:
    """A share with its exact interval (Clopper and Pearson, 1934); NaN without rows.

    Examples
    --------
    >>> str(share(0, 10))
    '0.000 [0.000, 0.308]'
    """
    from scipy.stats import beta

    from sciae.tasks.anomaly import Estimate

    if rows == 0:
        return Estimate(math.nan, math.nan, math.nan)
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, count, rows - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, rows - count)) if count < rows else 1.0
    return Estimate(count / rows, low, high)


def rank_correlation(x: Floats, y: Floats, level: float = LEVEL) -> Estimate | None:
    """Spearman's correlation with its interval; None for constants or fewer than 10 rows.

    The interval is Fisher's with the variance of Bonett and Wright (2000).

    Examples
    --------
    >>> rank_correlation(np.arange(20.0), np.arange(20.0) ** 3).value
    1.0
    """
    from scipy.stats import norm, rankdata

    from sciae.tasks.anomaly import Estimate

    if len(x) < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    rho = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    rho = round(min(max(rho, -1.0), 1.0), 12)
    if abs(rho) == 1:
        return Estimate(rho, rho, rho)
    half = float(norm.ppf((1 + level) / 2)) * math.sqrt((1 + rho**2 / 2) / (len(x) - 3))
    low, high = (math.tanh(math.atanh(rho) + side * half) for side in (-1, 1))
    return Estimate(rho, low, high)


def said(rho: Estimate | None) -> str:
    """The correlation in words."""
    if rho is None:
        return "Too few rows, or all equal, for a correlation"
    low, high = number(rho.low, decimals=2), number(rho.high, decimals=2)
    return f"Spearman correlation {number(rho.value, decimals=2)} [{low}, {high}]"
