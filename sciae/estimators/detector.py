"""AnomalyDetector: the rows of least likelihood, as a scikit-learn outlier detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from sciae.errors import SpecError
from sciae.estimators.autoencoder import Autoencoder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["AnomalyDetector"]


class AnomalyDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Outliers are the rows whose log-likelihood is below that of a share of the training rows.

    The threshold is seen on the training rows, as scikit-learn wants it; p-values that hold
    on fresh rows need held-out ones: `sciae.anomaly.calibrate`.

    Parameters
    ----------
    estimator : Autoencoder, optional
        What gives `score_samples`.
    contamination : float
        The share, by weight, of the training rows that are outliers, in (0, 0.5].

    Notes
    -----
    After `fit`: ``estimator_`` is the fitted `Autoencoder`, ``offset_`` the least
    log-likelihood of an inlier in nats, ``n_features_in_`` and ``feature_names_in_`` are
    scikit-learn's.

    Examples
    --------
    >>> X = np.random.default_rng(1).normal(size=(100, 2))
    >>> detector = AnomalyDetector(Autoencoder(epochs=3, random_state=1), contamination=0.1)
    >>> (detector.fit_predict(X) == -1).sum(), detector.predict([[9.0, 9.0]])
    (np.int64(10), array([-1]))
    """

    def __init__(
        self, estimator: Autoencoder | None = None, *, contamination: float = 0.05
    ) -> None:
        self.estimator = estimator
        self.contamination = contamination

    def fit(
        self, X: Any, y: object = None, sample_weight: ArrayLike | None = None
    ) -> AnomalyDetector:
        """Train, and set the threshold.

        Raises
        ------
        SpecError
            If `contamination` is not in (0, 0.5]; and what `Autoencoder.fit` raises.
        """
        if not 0 < self.contamination <= 0.5:  # noqa: PLR2004 - most rows are no outliers
            raise SpecError(f"contamination {self.contamination}", expected="a share in (0, 0.5]")
        self.estimator_ = clone(self._inner()).fit(X, sample_weight=sample_weight)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        scores = self.score_samples(X)
        last = _quantile(scores, self.contamination, sample_weight)
        self.offset_ = float(np.nextafter(last, np.inf))  # the last outlier is one
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """The log-likelihood of each row, in nats."""
        check_is_fitted(self)
        scores: NDArray[np.float64] = self.estimator_.score_samples(X)
        return scores

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """How far above the threshold each row is, in nats; negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """-1 for outliers, 1 for inliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _inner(self) -> Autoencoder:
        return Autoencoder() if self.estimator is None else self.estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._inner()).input_tags
        return tags


def _quantile(scores: NDArray[np.float64], share: float, weight: ArrayLike | None) -> float:
    """The score at which `share` of the weight is reached."""
    weights = np.ones(len(scores)) if weight is None else np.asarray(weight, np.float64)
    return float(np.quantile(scores, share, weights=weights, method="inverted_cdf"))
