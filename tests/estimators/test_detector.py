"""The outlier detector: a threshold on the log-likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sciae.errors import SpecError
from sciae.estimators import AnomalyDetector, Autoencoder

BRIEF: dict[str, Any] = {"latent": 2, "epochs": 5, "random_state": 1}


def detector(contamination: float = 0.05) -> AnomalyDetector:
    return AnomalyDetector(Autoencoder(**BRIEF), contamination=contamination)


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("columns", [1, 5])
def test_the_share_of_outliers_is_what_was_asked_for(contamination: float, columns: int) -> None:
    x = np.random.default_rng(1).normal(size=(400, columns))
    assert (detector(contamination).fit_predict(x) == -1).sum() == 400 * contamination


def test_the_share_is_of_the_weight() -> None:
    x = np.random.default_rng(1).normal(size=(500, 3))
    weight = np.random.default_rng(2).integers(0, 5, 500)
    out = detector(0.1).fit(x, sample_weight=weight).predict(x) == -1
    share = weight[out].sum() / weight.sum()
    assert 0.1 <= share < 0.1 + 5 / weight.sum()


def test_strange_rows_are_outliers_and_usual_ones_are_not() -> None:
    x = np.random.default_rng(1).normal(size=(500, 3))
    fitted = detector().fit(x)
    assert list(fitted.predict([[0, 0, 0], [9, -9, 9]])) == [1, -1]
    assert (fitted.decision_function([[0, 0, 0], [9, -9, 9]]) > 0).tolist() == [True, False]


def test_the_decision_is_the_score_above_the_threshold() -> None:
    x = np.random.default_rng(1).normal(size=(100, 3))
    fitted = detector().fit(x)
    np.testing.assert_allclose(
        fitted.decision_function(x) + fitted.offset_, fitted.score_samples(x)
    )
    np.testing.assert_array_equal(fitted.score_samples(x), fitted.estimator_.score_samples(x))


def test_names_of_columns_are_those_of_the_frame() -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 2)), columns=["pt", "eta"])
    assert list(detector().fit(frame).feature_names_in_) == ["pt", "eta"]


@pytest.mark.parametrize("contamination", [0.0, 0.51, -1.0, float("nan")])
def test_a_share_outside_its_range_is_refused(contamination: float) -> None:
    with pytest.raises(SpecError, match=r"contamination .*; expected a share in \(0, 0.5\]"):
        detector(contamination).fit(np.ones((10, 1)))
