"""Curves against brute force, scikit-learn and closed forms; intervals cover."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from sciae.errors import DataError
from sciae.tasks.anomaly import Estimate, evaluate, roc

LABELLED = st.lists(
    st.tuples(st.integers(-8, 8).map(float), st.booleans(), st.integers(1, 3)),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({label for _, label, _ in rows}) == 2)


def columns(rows: list[tuple[float, bool, int]]) -> tuple[Any, Any, Any]:
    score, label, count = (np.array(x) for x in zip(*rows, strict=True))
    return score, label, count


def toy(rng: np.random.Generator, signals: int, backgrounds: int) -> tuple[Any, Any]:
    """Normal scores one sigma apart; the AUC is Phi(1/sqrt 2)."""
    score = np.r_[rng.normal(1, 1, signals), rng.normal(0, 1, backgrounds)]
    return score, np.repeat([True, False], [signals, backgrounds])


@given(LABELLED)
def test_the_auc_is_that_of_scikit_learn(rows: list[tuple[float, bool, int]]) -> None:
    score, label, count = columns(rows)
    np.testing.assert_allclose(roc(score, label).auc, roc_auc_score(label, score), atol=1e-12)
    weighted = roc_auc_score(label, score, sample_weight=count)
    np.testing.assert_allclose(roc(score, label, count=count).auc, weighted, atol=1e-12)


@given(LABELLED)
def test_the_auc_is_the_chance_that_signal_scores_above(
    rows: list[tuple[float, bool, int]],
) -> None:
    score, label, _ = columns(rows)
    pairs = score[label][:, None] - score[~label]
    np.testing.assert_allclose(roc(score, label).auc, ((np.sign(pairs) + 1) / 2).mean(), atol=1e-12)


@given(LABELLED)
def test_a_count_is_as_many_copies(rows: list[tuple[float, bool, int]]) -> None:
    score, label, count = columns(rows)
    one = roc(score, label, count=count)
    other = roc(np.repeat(score, count), np.repeat(label, count))
    for name in ("signal", "background", "background_events"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)
    np.testing.assert_allclose(one.auc, other.auc, atol=1e-12)
    for efficiency in (0.5, 0.3):
        np.testing.assert_array_equal(one.rejection(efficiency), other.rejection(efficiency))


@given(LABELLED, st.randoms(use_true_random=False))
def test_order_and_scale_change_nothing(rows: list[tuple[float, bool, int]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    (score, label, _), (other, truth, _) = columns(rows), columns(shuffled)
    assert roc(score, label).auc == pytest.approx(roc(np.exp(other / 3), truth).auc, abs=1e-12)


def test_the_closed_form_of_two_normals() -> None:
    rng, shift = np.random.default_rng(1), 1.0
    score, label = toy(rng, 200_000, 200_000)
    curve = roc(score, label)
    assert curve.auc == pytest.approx(norm.cdf(shift / 2**0.5), abs=0.003)
    for efficiency in (0.5, 0.3):
        want = 1 / norm.sf(norm.isf(efficiency) + shift)
        assert curve.rejection(efficiency) == pytest.approx(want, rel=0.03)


def brute(score: Any, label: Any) -> list[tuple[float, float, int]]:
    """Signal efficiency, background efficiency and background events of every cut."""
    signal, background = score[label], score[~label]
    cuts = np.unique(score)[::-1]
    return [
        ((signal >= c).mean(), (background >= c).mean(), int((background >= c).sum())) for c in cuts
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decimals", [1, 9])
def test_rejection_and_sic_are_those_of_every_cut(seed: int, decimals: int) -> None:
    score, label = toy(np.random.default_rng(seed), 300, 2000)
    score = score.round(decimals)
    curve, cuts = roc(score, label), brute(score, label)
    for efficiency in (0.5, 0.3):
        _, background, _ = next(cut for cut in cuts if cut[0] >= efficiency)
        assert curve.rejection(efficiency) == pytest.approx(1 / background, rel=1e-12)
    sic = max(s / b**0.5 for s, b, events in cuts if events >= 20)
    assert curve.sic == pytest.approx(sic, rel=1e-12)


def test_fewer_than_twenty_background_events_say_nothing() -> None:
    score = np.r_[np.full(10, 2.0), np.full(19, 2.0), np.zeros(100), np.zeros(10)]
    label = np.repeat([True, False, False, True], [10, 19, 100, 10])
    few = roc(score, label)
    assert np.isnan(few.rejection(0.5))
    assert few.rejection(0.51) == 1.0  # the next cut lets all background pass
    assert few.sic == 1.0
    score[0], label[0] = 2.0, False  # a twentieth
    enough = roc(score, label)
    assert enough.rejection(0.3) == pytest.approx(120 / 20)
    assert enough.sic == pytest.approx(9 / 19 / (20 / 120) ** 0.5)
    assert np.isnan(roc([3, 2, 1, 0], [True, True, False, False]).sic)


# ---- intervals --------------------------------------------------------------------------------


def test_the_interval_of_the_auc_covers_it() -> None:
    repeats, truth, rng = 300, norm.cdf(1 / 2**0.5), np.random.default_rng(4)
    results = [evaluate(*toy(rng, 60, 90), repeats=200, rng=rng).auc for _ in range(repeats)]
    covered = np.mean([one.low <= truth <= one.high for one in results])
    assert 0.91 <= covered <= 0.99


def test_classes_are_resampled_on_their_own() -> None:
    """A score that separates wholly stays so in every resampling; no class ever vanishes."""
    result = evaluate([5, 4] + [1] * 100, [True] * 2 + [False] * 100, repeats=300, rng=1)
    assert (result.auc.low, result.auc.value, result.auc.high) == (1, 1, 1)
    assert (result.signals, result.backgrounds) == (2, 100)


def test_a_spread_of_zero_where_only_one_score_is_there() -> None:
    result = evaluate(np.ones(50), np.arange(50) < 20, repeats=50, rng=1)
    assert result.auc == Estimate(0.5, 0.5, 0.5)


def test_the_width_of_the_interval_is_that_of_hanley_and_mcneil() -> None:
    score, label = toy(np.random.default_rng(5), 400, 600)
    result = evaluate(score, label, repeats=400, rng=5).auc
    a, n, m = result.value, 400, 600
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    sigma = ((a * (1 - a) + (n - 1) * (q1 - a * a) + (m - 1) * (q2 - a * a)) / (n * m)) ** 0.5
    assert (result.high - result.low) / (2 * 1.96 * sigma) == pytest.approx(1, abs=0.15)


def test_the_same_seed_gives_the_same_interval() -> None:
    score, label = toy(np.random.default_rng(6), 100, 200)
    one, other, third = (evaluate(score, label, repeats=50, rng=seed) for seed in (1, 1, 2))
    assert one.auc == other.auc
    assert one.auc != third.auc


def test_an_estimate_reads_as_a_number_with_its_interval() -> None:
    assert str(Estimate(0.91234, 0.9, 0.925)) == "0.912 [0.900, 0.925]"


def test_nothing_known_is_nan() -> None:
    result = evaluate([3, 2, 1, 0], [True, True, False, False], repeats=50, rng=1)
    for estimate in (*result.rejection.values(), result.sic):
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "label", "count", "says"),
    [
        ([1, 2], [True, True], None, "one class only"),
        ([1, 2], [False, False], None, "one class only"),
        ([], [], None, "one class only"),
        ([1, 2], [True, False], [1, 0], "one class only"),
        ([1, np.nan], [True, False], None, "1 scores are not finite"),
        ([1, np.inf], [True, False], None, "1 scores are not finite"),
        ([1, 2, 3], [True, False], None, "3 scores, 2 labels, 3 counts"),
        ([1, 2], [True, False], [1], "2 scores, 2 labels, 1 counts"),
    ],
)
def test_what_has_no_curve(score: Any, label: Any, count: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        roc(score, label, count=count)
