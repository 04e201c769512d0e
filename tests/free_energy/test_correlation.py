from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from sciae.errors import DataError, SpecError
from sciae.free_energy import blocks_of, frames_of, inefficiency
from sciae.free_energy.correlation import block_length


def autoregressive(frames: int, kept: float, seed: int):
    noise = np.random.default_rng(seed).normal(size=frames)
    return lfilter([1.0], [1.0, -kept], noise)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9, 0.98])
def test_the_inefficiency_of_an_autoregression_is_known(kept: float):
    found = inefficiency(autoregressive(200_000, kept, seed=1))
    assert found == pytest.approx((1 + kept) / (1 - kept), rel=0.12)


def test_the_inefficiency_of_one_series_is_that_of_pymbar():
    timeseries = pytest.importorskip("pymbar").timeseries
    series = autoregressive(3_000, 0.9, seed=2)
    assert inefficiency(series) == pytest.approx(timeseries.statistical_inefficiency(series))


def test_trajectories_of_different_lengths_are_pooled():
    pieces = [autoregressive(n, 0.9, seed=n) for n in (30_000, 5_000, 60_000)]
    group = np.repeat([0, 1, 2], [len(p) for p in pieces])
    assert inefficiency(np.concatenate(pieces), group=group) == pytest.approx(19, rel=0.15)


def test_nothing_is_correlated_across_trajectories():
    # each trajectory of one frame: neighbours are equal, yet no pair is ever formed
    series = np.repeat(np.random.default_rng(0).normal(size=50), 4)
    assert inefficiency(series, group=np.arange(200)) == 1


def test_the_order_of_interleaved_walkers_does_not_matter():
    one, two = (autoregressive(2_000, 0.9, seed=s) for s in (1, 2))
    apart = inefficiency(np.r_[one, two], group=np.repeat([0, 1], 2_000))
    mixed = inefficiency(np.c_[one, two].ravel(), group=np.tile([0, 1], 2_000))
    assert mixed == pytest.approx(apart)


def test_a_constant_series_is_one_frame_again_and_again():
    assert inefficiency(np.full(100, 3.0)) == 100


@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 80))
def test_blocks_never_cross_trajectories_and_cover_every_frame(lengths: list[int], length: int):
    starts = np.concatenate([[0], np.cumsum(lengths)])
    edges = blocks_of(starts, length=length)
    assert set(starts) <= set(edges)
    sizes = np.diff(edges)
    assert sizes.min() >= 1
    assert sizes.sum() == sum(lengths)
    longest = max(2 * length, 1)
    assert sizes.min() >= min(length, *lengths)
    assert sizes.max() < max(longest, 2)


def test_blocks_have_a_length_and_trajectories_some_frames():
    with pytest.raises(SpecError):
        blocks_of([0, 5], length=0)
    with pytest.raises(DataError):
        blocks_of([0, 5, 5], length=2)


def test_blocks_outlast_the_slower_of_two_coordinates_and_the_weights():
    fast, slow = autoregressive(20_000, 0.0, seed=3), autoregressive(20_000, 0.95, seed=4)
    both = frames_of(np.c_[fast, slow])
    weighted = frames_of(fast, log_weight=0.1 * slow)
    assert block_length(frames_of(fast))[1] < 15
    assert block_length(both)[0] > 25
    assert block_length(weighted)[0] > 25


def test_an_angle_that_jitters_at_its_seam_is_not_slow_but_one_that_drifts_is():
    noise = np.random.default_rng(5).normal(size=5_000) * 0.1
    at_seam = (np.pi + noise + np.pi) % (2 * np.pi) - np.pi
    assert block_length(frames_of(at_seam, period=2 * np.pi))[0] < 3
    walk = np.cumsum(0.3 * noise)
    assert block_length(frames_of((walk + np.pi) % (2 * np.pi) - np.pi, period=2 * np.pi))[0] > 50
