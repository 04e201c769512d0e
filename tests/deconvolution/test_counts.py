from __future__ import annotations

import numpy as np
import pytest

from sciae.deconvolution.counts import Counts
from sciae.errors import DataError


def made(seed: int, windows: int, bins: int, states: int) -> tuple[Counts, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    response = rng.dirichlet(np.ones(bins), states).T
    counts = Counts(rng.uniform(0.5, 9, (windows, bins)), rng.normal(size=(windows, bins)))
    return counts, response, rng.normal(size=states)


@pytest.mark.parametrize(("windows", "states"), [(1, 4), (3, 6)])
def test_the_likelihood_is_a_multinomial_of_each_tilted_window(windows: int, states: int) -> None:
    counts, response, u = made(1, windows, 5, states)
    wanted = 0.0
    for number, log_tilt in zip(counts.number, counts.log_tilt, strict=True):
        q = np.exp(log_tilt) * (response @ np.exp(u))
        wanted += number @ np.log(q / q.sum())
    assert counts.likelihood(response, u).value == pytest.approx(wanted, rel=1e-12)
    assert counts.likelihood(response, u + 3).value == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(("windows", "states"), [(1, 4), (3, 6)])
def test_gradient_and_curvature_are_the_derivatives(windows: int, states: int) -> None:
    counts, response, u = made(2, windows, 5, states)
    found, step = counts.likelihood(response, u), 1e-5
    for i in range(states):
        move = step * (np.arange(states) == i)
        up, down = (counts.likelihood(response, u + sign * move) for sign in (1, -1))
        assert found.gradient[i] == pytest.approx((up.value - down.value) / 2 / step, abs=1e-7)
        slope = -(up.gradient - down.gradient) / 2 / step
        assert np.allclose(found.observed[i], slope, atol=1e-7)


def test_the_expected_curvature_is_the_observed_one_of_expected_counts() -> None:
    counts, response, u = made(3, 2, 5, 4)
    share = counts.expected_share(response, np.exp(u))
    ideal = Counts(share * counts.total[:, None], counts.log_tilt)
    found = ideal.likelihood(response, u)
    assert np.allclose(found.observed, found.expected)
    assert np.allclose(found.gradient, 0, atol=1e-9)
    assert np.linalg.eigvalsh(found.expected).min() > -1e-9


def test_frames_weighted_by_a_bias_on_z_are_the_tilted_window() -> None:
    rng = np.random.default_rng(4)
    bias = rng.normal(size=5) * 2  # kT
    where = rng.integers(0, 5, 400)
    weighted = Counts.of_frames(where, 5, bias[where] + 7)
    plain = Counts(np.bincount(where, minlength=5), -bias)
    assert np.allclose(weighted.number, plain.number)
    assert np.allclose(weighted.log_tilt, plain.log_tilt)


def test_a_whole_weight_is_no_more_counts_and_the_tilt_of_an_empty_bin_is_between() -> None:
    counts = Counts.of_frames([0, 0, 2], 4, np.log([1.0, 3.0, 2.0]))
    assert np.allclose(counts.number, [[16 / 10, 0, 1, 0]])
    tilt = np.exp(counts.log_tilt - counts.log_tilt[0, 0])[0] * (4 / 10)
    assert np.allclose(tilt, [0.4, np.sqrt(0.4 * 0.5), 0.5, 0.5])
    assert np.allclose(counts.thinned([2.0, 1, 4, 1]).number, [[0.8, 0, 0.25, 0]])


def test_an_empty_window_is_named() -> None:
    with pytest.raises(DataError, match=r"windows \[1\] have no counts"):
        Counts([[1.0, 2.0], [0.0, 0.0]], np.zeros((2, 2)))
    with pytest.raises(DataError, match="all finite"):
        Counts([[1.0, np.nan]], np.zeros((1, 2)))
