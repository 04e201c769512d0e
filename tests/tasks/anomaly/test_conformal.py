"""Conformal p-values and thresholds hold for any background."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from sciae.errors import DataError, SpecError
from sciae.tasks.anomaly import Calibration

NUMBERS = st.floats(-5, 5).map(lambda x: round(x, 1))  # few values: ties are common
BACKGROUND = st.lists(NUMBERS, min_size=20, max_size=60)
WEIGHTED = st.lists(st.tuples(NUMBERS, st.integers(0, 4)), min_size=20, max_size=60).filter(
    lambda rows: sum(w for _, w in rows) > 0
)


# ---- against brute force ----------------------------------------------------------------------


@given(BACKGROUND, st.lists(NUMBERS, min_size=1))
def test_p_values_count_those_at_least_as_strange(known: list[float], new: list[float]) -> None:
    want = [(1 + sum(k >= s for k in known)) / (1 + len(known)) for s in new]
    np.testing.assert_allclose(Calibration.of(known).p_value(new), want, rtol=1e-14)


@given(WEIGHTED, st.lists(NUMBERS, min_size=1))
def test_weighted_p_values_sum_their_weights(
    known: list[tuple[float, int]], new: list[float]
) -> None:
    values, w = (np.array(x, float) for x in zip(*known, strict=True))
    want = [(w.mean() + w[values >= s].sum()) / (w.mean() + w.sum()) for s in new]
    np.testing.assert_allclose(Calibration.of(values, w).p_value(new), want, rtol=1e-12)


@given(BACKGROUND)
def test_the_floor_is_one_over_n_plus_one(known: list[float]) -> None:
    calibration = Calibration.of(known)
    assert len(calibration) == len(known)
    high, low = calibration.p_value([np.inf, -np.inf])
    assert high == 1 / (len(known) + 1)
    assert low == 1
    assert np.isnan(calibration.p_value([np.nan])[0])


@given(BACKGROUND, st.floats(0.01, 100), st.lists(NUMBERS, min_size=1))
def test_one_weight_for_all_changes_nothing(
    known: list[float], weight: float, new: list[float]
) -> None:
    plain, weighted = Calibration.of(known), Calibration.of(known, np.full(len(known), weight))
    np.testing.assert_allclose(weighted.p_value(new), plain.p_value(new), rtol=1e-12)


@given(WEIGHTED, st.floats(0.01, 100), st.lists(NUMBERS, min_size=1))
def test_the_unit_of_weights_changes_nothing(
    known: list[tuple[float, int]], unit: float, new: list[float]
) -> None:
    values, w = (np.array(x, float) for x in zip(*known, strict=True))
    one, other = Calibration.of(values, w), Calibration.of(values, unit * w)
    np.testing.assert_allclose(one.p_value(new), other.p_value(new), rtol=1e-9)


@given(WEIGHTED, st.lists(NUMBERS, min_size=1))
def test_a_weight_counts_as_copies_but_for_the_row_itself(
    known: list[tuple[float, int]], new: list[float]
) -> None:
    """The new row counts as one mean weight, among copies as one: no more than that differs."""
    values, w = (np.array(x) for x in zip(*known, strict=True))
    if w.sum() < 20:
        return
    weighted = Calibration.of(values, w).p_value(new)
    copies = Calibration.of(np.repeat(values, w)).p_value(new)
    beyond = 1 - np.array([(w[values >= s]).sum() / w.sum() for s in new])
    exact = beyond * (w.mean() - 1) * w.sum() / ((w.mean() + w.sum()) * (1 + w.sum()))
    np.testing.assert_allclose(weighted - copies, exact, atol=1e-12)
    assert (np.abs(weighted - copies) <= abs(w.mean() - 1) / (1 + w.sum()) + 1e-12).all()


# ---- what they promise ------------------------------------------------------------------------

LAWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy": lambda rng, shape: rng.standard_cauchy(size=shape),
    "with ties": lambda rng, shape: rng.poisson(3, size=shape).astype(float),
}


@pytest.mark.parametrize("law", LAWS)
def test_p_values_of_fresh_background_are_uniform_or_larger(law: str) -> None:
    repeats, fresh = 200, 200
    rng = np.random.default_rng(1)
    p = np.concatenate([
        Calibration.of(LAWS[law](rng, n)).p_value(LAWS[law](rng, fresh))
        for n in rng.integers(99, 400, repeats)
    ])  # fmt: skip
    for level in (0.01, 0.05, 0.1, 0.5):
        rates = (p <= level).reshape(repeats, fresh).mean(1)  # of one calibration are dependent
        error = rates.std(ddof=1) / repeats**0.5
        assert rates.mean() <= level + 3 * error
        if law != "with ties":
            assert rates.mean() >= level - 1 / 100 - 3 * error


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_the_interval_covers_the_true_rate(rate: float) -> None:
    repeats, rng = 400, np.random.default_rng(2)
    cuts = [Calibration.of(rng.exponential(size=500)).threshold(rate) for _ in range(repeats)]
    true = np.exp([-cut.value for cut in cuts])  # of the exponential above the cut
    covered = sum(
        cut.interval[0] <= r <= cut.interval[1] for cut, r in zip(cuts, true, strict=True)
    )
    assert covered / repeats >= 0.93
    assert covered <= binom.ppf(0.9999, repeats, 0.95)  # nor more than was asked for
    assert true.mean() <= rate + 3 * true.std() / repeats**0.5


@given(st.integers(20, 300), st.floats(0.02, 0.98))
@settings(max_examples=50)
def test_the_cut_flags_whom_the_p_value_flags(n: int, rate: float) -> None:
    if rate * (n + 1) < 1:
        return
    rng = np.random.default_rng(n)
    calibration = Calibration.of(rng.normal(size=n))
    new, cut = rng.normal(size=200), calibration.threshold(rate)
    np.testing.assert_array_equal(new > cut.value, calibration.p_value(new) <= rate + 1e-12)
    assert cut.interval[0] < int(rate * (n + 1) + 1e-9) / (n + 1) < cut.interval[1]


def test_more_confidence_is_a_wider_interval() -> None:
    calibration = Calibration.of(np.arange(999.0))
    wide, narrow = (calibration.threshold(0.05, confidence=c).interval for c in (0.99, 0.5))
    assert wide[0] < narrow[0] < 0.05 < narrow[1] < wide[1]


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "weight", "says"),
    [
        (np.arange(19.0), None, "19 rows to calibrate with; expected 20 or more"),
        (np.r_[np.arange(30.0), np.nan], None, "1 scores are not finite"),
        (np.r_[np.arange(30.0), np.inf], None, "1 scores are not finite"),
        (np.arange(30.0), -np.ones(30), "30 weights negative or not finite"),
        (np.arange(30.0), np.full(30, np.nan), "30 weights negative or not finite"),
        (np.arange(30.0), np.zeros(30), "all zero"),
        (np.arange(30.0), np.ones(29), r"shape \(29,\); expected one for each of 30"),
    ],
)
def test_what_cannot_calibrate(scores: Any, weight: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        Calibration.of(scores, weight)


@pytest.mark.parametrize(("rate", "confidence"), [(0, 0.9), (1, 0.9), (0.1, 0), (0.1, 1)])
def test_rates_lie_between_0_and_1(rate: float, confidence: float) -> None:
    with pytest.raises(SpecError, match="between 0 and 1"):
        Calibration.of(np.arange(30.0)).threshold(rate, confidence=confidence)


def test_a_rate_that_cannot_be_resolved_says_how_many_rows_could() -> None:
    calibration = Calibration.of(np.arange(98.0))
    with pytest.raises(DataError, match=r"98 rows cannot resolve a rate of 0.01; .* 100 rows"):
        calibration.threshold(0.01)
    Calibration.of(np.arange(100.0)).threshold(0.01)


def test_weighted_rows_have_no_distribution_free_interval() -> None:
    with pytest.raises(SpecError, match="needs rows without weights"):
        Calibration.of(np.arange(30.0), np.ones(30)).threshold(0.1)
