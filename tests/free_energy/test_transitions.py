from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciae.errors import SpecError
from sciae.free_energy import hysteresis, thermal_energy, transitions

A, B = (-2.0, -0.5), (0.5, 2.0)
PATHS = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=60)


def crossings(path: list[float]):
    """Counted frame by frame: what the arrays have to give."""
    last, forward, backward = 0.0, 0, 0
    for x in path:
        if x:
            forward += last < 0 < x
            backward += x < 0 < last
            last = x
    return forward, backward


@settings(max_examples=40)
@given(st.lists(PATHS, min_size=1, max_size=4))
def test_arrays_count_what_a_loop_counts_walker_by_walker(paths: list[list[float]]):
    group = np.repeat(np.arange(len(paths)), [len(p) for p in paths])
    found = transitions(np.concatenate(paths), A, B, step=1.0, group=group)
    each = [crossings(path) for path in paths]
    assert (found.forward, found.backward) == tuple(np.sum(each, 0))


def test_jitter_about_the_barrier_is_no_transition():
    x = [-1.0, 0.4, -0.4, 0.3, -1.0, 0.1, 1.0, 0.2, -0.3, 1.0]
    found = transitions(x, A, B, step=1.0)
    assert (found.forward, found.backward, found.total) == (1, 0, 1)


def test_jitter_about_the_seam_of_an_angle_is_no_transition():
    rng = np.random.default_rng(0)
    angle = (180.0 + 20 * rng.normal(size=2_000) + 180.0) % 360.0 - 180.0
    around = (150.0, -150.0), (-30.0, 30.0)
    assert transitions(angle, *around, step=1.0, period=360.0).total == 0
    there_and_back = np.r_[angle, np.zeros(5), angle]
    assert transitions(there_and_back, *around, step=1.0, period=360.0).both_ways == 1


def test_the_end_of_a_walker_and_the_start_of_the_next_are_no_transition():
    assert transitions([-1.0, 1.0], A, B, step=1.0).total == 1
    assert transitions([-1.0, 1.0], A, B, step=1.0, group=[0, 1]).total == 0


def test_rates_are_per_nanosecond_of_all_walkers():
    x = np.tile([-1.0, 1.0], 500)
    found = transitions(x, A, B, step=2.0, group=np.repeat([0, 1], 500))
    assert found.duration == 2_000.0
    assert found.per_ns == pytest.approx(998 / 2.0)


def test_times_are_from_entering_a_core_to_entering_the_other():
    #    a  .  a  .  b  b  .  a  a  b  a
    x = [-1, 0, -1, 0, 1, 1, 0, -1, -1, 1, -1]
    found = transitions(x, A, B, step=10.0)
    assert found.passage[0].tolist() == [20.0]  # the first visit began before the run
    assert found.passage[1].tolist() == [30.0, 10.0]
    assert found.residence[0] == pytest.approx((40 + 20 + 10) / 2)
    assert found.residence[1] == pytest.approx(40 / 2)


def test_the_mean_stay_of_a_memoryless_walker_is_known_also_from_short_runs():
    # 400 walkers, each shorter than one stay: complete visits alone would tell 3 times less
    rng = np.random.default_rng(1)
    state, path = np.zeros(400, bool), []
    for _ in range(60):
        path.append(state)
        state = state ^ (rng.random(400) < 0.01)
    x = 2.0 * np.stack(path, 1).ravel() - 1
    found = transitions(x, A, B, step=1.0, group=np.repeat(np.arange(400), 60))
    assert found.residence[0] == pytest.approx(100, rel=0.2)


def test_a_run_that_never_left_has_an_infinite_stay():
    assert transitions([-1.0, -1.0], A, B, step=1.0).residence == (math.inf, math.inf)


def test_a_run_in_neither_core_has_no_transitions():
    found = transitions([0.0, 0.0], A, B, step=1.0)
    assert (found.total, found.per_ns) == (0, 0.0)


@pytest.mark.parametrize("step", [0.0, -1.0, math.nan])
def test_a_step_is_a_positive_time(step: float):
    with pytest.raises(SpecError, match="step"):
        transitions([0.0], A, B, step=step)


@settings(max_examples=40)
@given(PATHS)
def test_time_reversed_the_hysteresis_changes_its_sign(path: list[float]):
    x = np.array(path * 3)
    log_weight = np.random.default_rng(len(path)).normal(size=len(x))
    one = hysteresis(x, A, B, temperature=300.0, log_weight=log_weight)
    two = hysteresis(x[::-1], A, B, temperature=300.0, log_weight=log_weight[::-1])
    assert one.value == pytest.approx(-two.value, nan_ok=True)


def filling(rise: float, visits: int = 40, length: int = 30, seed: int = 0):
    """Visits whose log-weights rise from their first to their last frame."""
    rng = np.random.default_rng(seed)
    x = np.repeat(np.tile([-1.0, 1.0], visits), length)
    within = np.tile(np.linspace(0, rise, length), 2 * visits)
    return x, within + 0.3 * rng.normal(size=len(x))


def test_weights_that_rise_within_visits_are_hysteresis():
    x, log_weight = filling(2.0)
    found = hysteresis(x, A, B, temperature=300.0, log_weight=log_weight)
    grid = np.linspace(0, 2.0, 30)
    wanted = 2 * np.log(np.exp(grid[15:]).sum() / np.exp(grid[:15]).sum())
    assert found.value == pytest.approx(thermal_energy(300.0) * wanted, rel=0.1)
    assert found.low > 0


def test_the_interval_of_no_hysteresis_covers_zero_in_most_runs():
    covered = [
        hysteresis(*[x, A, B], temperature=300.0, log_weight=log_weight).covers(0.0)
        for x, log_weight in (filling(0.0, visits=12, seed=seed) for seed in range(200))
    ]
    assert 0.9 <= np.mean(covered) <= 1.0


def test_hysteresis_of_too_few_visits_is_unknown():
    found = hysteresis([-1.0, 1.0, -1.0], A, B, temperature=300.0)
    assert math.isnan(found.value)
    assert not found.known
