from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from sciae.report.anomaly.checks import effective_rows, rank_correlation, share, uniformity
from sciae.tasks.anomaly import Calibration


def rejected(*, n: int, m: int, shift: float = 0.0, repeats: int = 400):
    """How often uniformity is refused at 5 % on fresh background."""
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(repeats):
        calibration = Calibration.of(rng.normal(size=n))
        test = uniformity(calibration.p_value(rng.normal(shift, 1, m)), float(n))
        assert test is not None
        found += test.p < 0.05
    return found / repeats


@pytest.mark.parametrize(("n", "m"), [(200, 2000), (2000, 200), (500, 500)])
def test_uniformity_is_refused_as_often_as_it_says(n: int, m: int):
    # A one-sample test would refuse most of the first: the rows share one calibration.
    assert 0.02 < rejected(n=n, m=m) < 0.085


def test_a_shifted_background_is_seen():
    assert rejected(n=500, m=500, shift=0.5, repeats=50) > 0.95


def test_too_few_rows_have_no_verdict():
    assert uniformity(np.linspace(0, 1, 9), 100.0) is None
    assert rank_correlation(np.arange(9.0), np.arange(9.0)) is None
    assert rank_correlation(np.arange(50.0), np.ones(50)) is None


def test_rank_correlation_is_spearmans_and_its_interval_holds_it():
    rng = np.random.default_rng(1)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # of a binormal with correlation .6
    held = 0
    for _ in range(300):
        x = rng.normal(size=100)
        y = 0.6 * x + 0.8 * rng.normal(size=100)
        found = rank_correlation(x, y)
        assert found.value == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)
        held += found.low <= truth <= found.high
    assert 0.9 < held / 300 < 0.99


def test_the_interval_of_a_share_is_exact():
    found = share(3, 50)
    assert (found.low, found.high) == pytest.approx((0.0125, 0.1655), abs=1e-4)
    assert np.isnan(share(0, 0).value)


def test_effective_rows_of_equal_weights_are_the_rows():
    scores = np.arange(30.0)
    assert effective_rows(Calibration.of(scores)) == 30
    assert effective_rows(Calibration.of(scores, np.full(30, 7.0))) == pytest.approx(30)
    assert effective_rows(Calibration.of(scores, np.arange(30.0))) < 30
