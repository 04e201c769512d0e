from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sciae.errors import DataError, SpecError
from sciae.free_energy import delta, thermal_energy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

KT = thermal_energy(300.0)
A, B = (-2.0, 0.0), (0.0, 2.0)


def stays(times_a: ArrayLike, times_b: ArrayLike):
    """A path of -1 and 1 that stays so many frames in each, turn by turn."""
    times = np.c_[times_a, times_b].ravel()
    return np.repeat(np.tile([-1.0, 1.0], len(times_a)), times)


def test_the_value_is_the_logarithm_of_the_ratio_of_weights():
    x = stays([30] * 20, [10] * 20)
    assert delta(x, A, B, temperature=300.0).value == pytest.approx(KT * math.log(3))
    log_weight = np.where(x > 0, math.log(6.0), 0.0)
    found = delta(x, A, B, temperature=300.0, log_weight=log_weight)
    assert found.value == pytest.approx(-KT * math.log(2))


def test_memoryless_visits_have_the_interval_of_an_f_law():
    # exponential times whose sample has a coefficient of variation below one
    times = np.round(200 * stats.expon.ppf((np.arange(400) + 0.5) / 400)).astype(int) + 1
    rng = np.random.default_rng(0)
    x = stays(rng.permutation(times), rng.permutation(times))
    found = delta(x, A, B, temperature=300.0)
    half = KT * math.log(stats.f.ppf(0.975, 800, 800))
    assert found.high - found.value >= half * 0.99
    assert found.high - found.value < half * 2


def test_the_interval_is_longer_where_unequal_visits_may_have_missed_long_ones():
    # a few long stays in b make most of its time: more of them may be to come, so F may be lower
    found = delta(stays([10] * 60, [1, 1, 1, 1, 60, 1] * 10), A, B, temperature=300.0)
    assert found.value - found.low > 1.1 * (found.high - found.value)


def test_basins_changed_over_change_the_sign_of_everything():
    rng = np.random.default_rng(1)
    x = stays(rng.integers(1, 90, 30), rng.integers(1, 30, 30))
    log_weight = rng.normal(size=len(x))
    one = delta(x, A, B, temperature=300.0, log_weight=log_weight)
    two = delta(x, B, A, temperature=300.0, log_weight=log_weight)
    assert (two.value, two.low, two.high) == pytest.approx((-one.value, -one.high, -one.low))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(-1e4, 1e4))
def test_a_shift_of_all_log_weights_changes_nothing(seed: int, shift: float):
    rng = np.random.default_rng(seed)
    x = stays(rng.integers(1, 20, 10), rng.integers(1, 20, 10))
    log_weight = rng.normal(size=len(x))
    one = delta(x, A, B, temperature=300.0, log_weight=log_weight)
    two = delta(x, A, B, temperature=300.0, log_weight=log_weight + shift)
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_a_whole_weight_is_so_many_copies(seed: int):
    rng = np.random.default_rng(seed)
    x = stays(rng.integers(1, 20, 10), rng.integers(1, 20, 10))
    copies = rng.integers(1, 4, size=len(x))
    weighted = delta(x, A, B, temperature=300.0, log_weight=np.log(copies))
    copied = delta(np.repeat(x, copies), A, B, temperature=300.0)
    assert weighted.value == pytest.approx(copied.value)
    # the visits are the same ones; only where blocks are cut differs
    assert weighted.error == pytest.approx(copied.error, rel=0.7)


def test_frames_written_more_often_do_not_narrow_the_interval():
    rng = np.random.default_rng(2)
    x = stays(rng.geometric(0.05, 15), rng.geometric(0.05, 15))
    once, often = (delta(np.repeat(x, n), A, B, temperature=300.0) for n in (1, 20))
    assert often.error == pytest.approx(once.error, rel=0.05)


def test_an_angle_has_the_same_basins_after_any_turn():
    rng = np.random.default_rng(3)
    x = 180.0 * (stays(rng.integers(1, 9, 30), rng.integers(1, 9, 30)) > 0) + rng.normal(size=1)
    around = (170.0, -170.0), (-10.0, 10.0)
    found = [
        delta(x + shift, *around, temperature=300.0, period=360.0) for shift in (0.0, 360.0, -720.0)
    ]
    assert found[0] == found[1] == found[2]


def test_two_coordinates_masks_and_functions_give_the_same():
    rng = np.random.default_rng(4)
    x = stays(rng.integers(1, 20, 12), rng.integers(1, 20, 12))
    plain = delta(x, A, B, temperature=300.0)
    assert delta(x, x < 0, x > 0, temperature=300.0) == plain
    assert delta(x, lambda s: s < 0, lambda s: s > 0, temperature=300.0) == plain
    both = np.c_[x, rng.normal(size=len(x))]
    assert delta(both, [A, None], [B, None], temperature=300.0) == plain


def test_no_way_back_tells_only_where_runs_began():
    there = delta([-1.0] * 50 + [1.0] * 50, A, B, temperature=300.0)
    assert (there.value, there.low, there.high) == (0.0, -math.inf, math.inf)
    assert not there.known
    apart = delta([-1.0] * 50 + [1.0] * 50, A, B, temperature=300.0, group=[0] * 50 + [1] * 50)
    assert not apart.known


def test_few_crossings_have_a_wide_interval_and_not_none():
    found = delta(stays([40, 30], [10, 20]), A, B, temperature=300.0)
    assert found.known
    assert found.error > 0.8 * KT


def test_one_walker_that_differs_widens_the_interval():
    # nine walkers half in a, one that stays in b, all crossing often
    even = np.tile([-1.0, 1.0], 500)
    odd = np.where(np.arange(1_000) % 50 == 0, -1.0, 1.0)
    x, group = np.concatenate([*[even] * 9, odd]), np.repeat(np.arange(10), 1_000)
    alike = delta(np.tile(even, 10), A, B, temperature=300.0, group=group)
    assert delta(x, A, B, temperature=300.0, group=group).error > 5 * alike.error


def test_one_frame_that_outweighs_all_widens_the_interval():
    rng = np.random.default_rng(5)
    x = stays(rng.integers(5, 15, 60), rng.integers(5, 15, 60))
    log_weight = np.zeros(len(x))
    before = delta(x, A, B, temperature=300.0)
    log_weight[np.flatnonzero(x > 0)[100]] = math.log(len(x))
    after = delta(x, A, B, temperature=300.0, log_weight=log_weight)
    assert after.error > 5 * before.error


@pytest.mark.parametrize(("x", "name"), [([1.0, 1.5], "a"), ([-1.0, -1.5], "b")])
def test_a_basin_never_seen_is_an_error_with_its_name(x: NDArray[np.float64], name: str):
    with pytest.raises(DataError, match=f"basin {name}"):
        delta(x, A, B, temperature=300.0)


def test_a_basin_without_any_weight_is_an_error():
    with pytest.raises(DataError, match="basin b"):
        delta([-1.0, 1.0], A, B, temperature=300.0, log_weight=[0.0, -2_000.0])


def test_weights_and_temperatures_are_checked():
    with pytest.raises(DataError, match="log_weight"):
        delta([-1.0, 1.0], A, B, temperature=300.0, log_weight=[0.0, math.nan])
    with pytest.raises(SpecError, match="temperature"):
        delta([-1.0, 1.0], A, B, temperature=-1.0)
