"""Conformal p-values and thresholds: calibration by ranks among held-out background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "Threshold"]

ENOUGH = 20  # rows: fewer cannot give a p-value below .05


@dataclass(frozen=True)
class Threshold:
    """A cut on the score at a chosen false-positive rate.

    Attributes
    ----------
    value : float
        Rows with a score above it are flagged.
    rate : float
        The false-positive rate that was asked for.
    interval : pair of float
        Contains the true false-positive rate of this cut, for any score and any
        background, with probability `confidence` over calibration samples.
    confidence : float
    """

    value: float
    rate: float
    interval: tuple[float, float]
    confidence: float


@dataclass(frozen=True)
class Calibration:
    r"""Scores of held-out background, sorted, with weights.

    For a fresh background row the conformal p-value is uniform, or larger, whatever the
    distribution of the score (Vovk et al. 2005; Bates et al., arXiv:2104.08279):

    .. math:: p(s) = \frac{\bar w + \sum_i w_i\,[s_i \ge s]}{\bar w + \sum_i w_i}

    with :math:`\bar w` the mean weight: without weights the floor is 1/(n + 1).

    Examples
    --------
    >>> c = Calibration.of(np.arange(99.0))
    >>> c.p_value([98.5, 49.0, -1.0]).round(2).tolist()
    [0.01, 0.51, 1.0]
    >>> c.threshold(0.05).value
    94.0
    """

    scores: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, scores: ArrayLike, weight: ArrayLike | None = None) -> Calibration:
        """From unsorted scores.

        Raises
        ------
        DataError
            If there are too few, if one is not finite, or if weights are negative or all zero.
        """
        values = np.asarray(scores, np.float64)
        if len(values) < ENOUGH:
            raise DataError(f"{len(values)} rows to calibrate with", expected=f"{ENOUGH} or more")
        if not np.isfinite(values).all():
            raise DataError(
                f"{(~np.isfinite(values)).sum()} scores are not finite", where="calibration"
            )
        order = np.argsort(values, kind="stable")
        if weight is None:
            return cls(values[order])
        return cls(values[order], _weights(weight, len(values))[order])

    def __len__(self) -> int:
        return len(self.scores)

    def p_value(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The share of background at least as strange, never zero; NaN for NaN."""
        s = np.asarray(scores, np.float64)
        below = np.searchsorted(self.scores, s, side="left")
        if self.weight is None:
            p = (1 + len(self) - below) / (1 + len(self))
        else:
            mean, tail = self.weight.mean(), np.append(self.weight[::-1].cumsum()[::-1], 0.0)
            p = (mean + tail[below]) / (mean + tail[0])
        return np.where(np.isnan(s), np.nan, p)

    def threshold(self, rate: float, *, confidence: float = 0.95) -> Threshold:
        r"""The cut whose expected false-positive rate is the largest not above `rate`.

        With the k-th largest of n scores as cut, the true rate of a continuous score is
        distributed as Beta(k, n + 1 - k), whatever the background: order statistics.

        Raises
        ------
        SpecError
            If `rate` or `confidence` is not between 0 and 1, or rows are weighted.
        DataError
            If there are too few rows for the rate.
        """
        if not (0 < rate < 1 and 0 < confidence < 1):
            raise SpecError(f"rate {rate}, confidence {confidence}", expected="between 0 and 1")
        if self.weight is not None:
            raise SpecError(
                "a distribution-free interval needs rows without weights",
                where="threshold",
                fix="Calibrate with unweighted rows.",
            )
        n, k = len(self), int(rate * (len(self) + 1) * (1 + 1e-12))
        if k < 1:
            raise DataError(
                f"{n} rows cannot resolve a rate of {rate:g}",
                where="threshold",
                expected=f"{int(np.ceil(1 / rate))} rows or more",
            )
        low, high = beta.ppf([(1 - confidence) / 2, (1 + confidence) / 2], k, n + 1 - k)
        return Threshold(float(self.scores[n - k]), rate, (float(low), float(high)), confidence)


def _weights(weight: ArrayLike, rows: int) -> NDArray[np.float64]:
    w = np.asarray(weight, np.float64)
    if w.shape != (rows,):
        raise DataError(
            f"weights of shape {w.shape}", where="calibration", expected=f"one for each of {rows}"
        )
    bad = int((~np.isfinite(w) | (w < 0)).sum())
    if bad or not w.sum() > 0:
        raise DataError(
            f"{bad} weights negative or not finite" if bad else "weights that are all zero",
            where="calibration",
            expected="weights >= 0",
            fix="Calibrate with events whose weights are positive.",
        )
    return w
