from __future__ import annotations

import math

import numpy as np
import pytest

from sciae.errors import SpecError
from sciae.free_energy import course, drift, equilibration, outside, thermal_energy

A, B = (-2.0, 0.0), (0.0, 2.0)
KT = thermal_energy(300.0)


def test_the_course_ends_at_the_whole_run_and_begins_with_nothing():
    x = np.r_[np.full(50, -1.0), np.full(50, 1.0)]
    found = course(x, A, B, temperature=300.0, points=4)
    assert np.isnan(found.value).tolist() == [True, True, False, False]
    np.testing.assert_allclose(found.value[2:], [KT * math.log(2), 0.0], atol=1e-12)


def test_the_course_takes_the_same_part_of_each_walker():
    x = np.r_[np.full(10, -1.0), np.full(10, 1.0), np.full(10, 1.0), np.full(10, -1.0)]
    found = course(x, A, B, temperature=300.0, group=np.repeat([0, 1], 20), points=2)
    np.testing.assert_allclose(found.value, [0.0, 0.0], atol=1e-12)


def test_the_course_weighs_its_frames():
    found = course([-1.0, 1.0], A, B, temperature=300.0, log_weight=[0.0, math.log(5)], points=1)
    assert found.value.tolist() == [pytest.approx(-KT * math.log(5))]


def test_the_drift_is_the_second_half_less_the_first():
    first = np.tile(np.repeat([-1.0, 1.0], [30, 10]), 20)
    second = np.tile(np.repeat([-1.0, 1.0], [10, 30]), 20)
    found = drift(np.r_[first, second], A, B)
    assert found.value == pytest.approx(-2 * math.log(3))
    assert found.high < 0
    assert found.unit == "kT"


def test_halves_are_those_of_each_walker():
    first, second = np.tile([-1.0, -1.0, 1.0], 20), np.tile([-1.0, 1.0, 1.0], 20)
    walkers = np.r_[first, second, first, second]
    found = drift(walkers, A, B, group=np.repeat([0, 1], 120))
    assert found.value == pytest.approx(-2 * math.log(2))


def test_a_drift_that_one_half_cannot_tell_is_unknown():
    found = drift([-1.0, 1.0, -1.0, 1.0, -1.0, -1.0, -1.0, -1.0], A, B)
    assert math.isnan(found.value)
    assert not found.known


def test_a_bias_that_fills_is_skipped_until_it_is_level():
    rng = np.random.default_rng(0)
    rising = np.clip(np.arange(5_000) / 1_500, None, 1) * 20
    assert 0.25 < equilibration(rising + rng.normal(size=5_000)) < 0.4


def test_a_stationary_series_is_hardly_skipped_and_a_constant_one_not_at_all():
    assert equilibration(np.random.default_rng(1).normal(size=4_000)) < 0.1
    assert equilibration(np.ones(100)) == 0.0


def test_the_latest_walker_and_column_decide():
    rng = np.random.default_rng(2)
    late = rng.normal(size=1_000) + 30 * (np.arange(1_000) < 600)
    still = rng.normal(size=1_000)
    assert equilibration(np.r_[still, late], group=np.repeat([0, 1], 1_000)) >= 0.59
    assert equilibration(np.c_[still, late]) >= 0.59


def test_coordinates_beyond_their_range_are_told_by_weight():
    x = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, -3.0], [2.0, 3.0]])
    assert outside(x, low=[-1, -1], high=[1, 1]) == pytest.approx(0.75)
    assert outside(x, low=-1, high=1, period=(None, 6.0)) == pytest.approx(0.5)
    weight = np.log([7.0, 1.0, 1.0, 1.0])
    assert outside(x, low=-1, high=1, log_weight=weight) == pytest.approx(0.3)


def test_a_course_has_a_point():
    with pytest.raises(SpecError):
        course([-1.0, 1.0], A, B, temperature=300.0, points=0)
