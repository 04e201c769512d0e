from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sciae.errors import DataError, SpecError
from sciae.free_energy import c_of_t, effective_size, log_weight_of, thermal_energy
from sciae.free_energy.weights import poverty

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOGS = arrays(np.float64, st.integers(1, 20), elements=st.floats(-500, 500))


def test_thermal_energy_is_that_of_the_gas_constant():
    assert thermal_energy(300.0) == pytest.approx(2.494338785, abs=1e-9)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_a_temperature_is_positive(temperature: float):
    with pytest.raises(SpecError, match="temperature"):
        thermal_energy(temperature)


def test_log_weights_are_bias_less_offset_in_units_of_kt():
    kt = thermal_energy(310.0)
    found = log_weight_of([kt, 3 * kt], offset=[0.0, kt], temperature=310.0)
    np.testing.assert_allclose(found, [1.0, 2.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_bias_that_is_not_finite_is_refused(bad: float):
    with pytest.raises(DataError, match="1 of 2 numbers are not finite"):
        log_weight_of([0.0, bad], temperature=300.0)


def test_an_offset_of_another_length_is_refused():
    with pytest.raises(DataError, match="offset of shape"):
        log_weight_of([0.0, 1.0], offset=[0.0, 1.0, 2.0], temperature=300.0)


def test_equal_weights_count_each_frame():
    assert effective_size(np.full(7, -800.0)) == pytest.approx(7)


def test_exponential_weights_count_as_their_second_moment_says():
    weight = np.random.default_rng(0).exponential(size=200_000)
    assert effective_size(np.log(weight)) == pytest.approx(100_000, rel=0.02)


@settings(max_examples=40)
@given(LOGS, st.floats(-1e5, 1e5))
def test_a_shift_of_all_log_weights_changes_no_effective_size(
    logs: NDArray[np.float64], shift: float
):
    assert effective_size(logs + shift) == pytest.approx(effective_size(logs), rel=1e-6)


@settings(max_examples=40)
@given(LOGS)
def test_the_effective_size_lies_between_one_and_the_number_of_frames(logs: NDArray[np.float64]):
    assert 1 - 1e-9 <= effective_size(logs) <= len(logs) + 1e-9


@settings(max_examples=40)
@given(LOGS, st.integers(2, 5))
def test_copies_of_all_frames_multiply_the_effective_size(logs: NDArray[np.float64], copies: int):
    assert effective_size(np.tile(logs, copies)) == pytest.approx(copies * effective_size(logs))


@pytest.mark.parametrize("logs", [[], [math.nan], [math.inf, 0.0]])
def test_no_weights_and_weights_that_are_not_finite_are_refused(logs: NDArray[np.float64]):
    with pytest.raises(DataError):
        effective_size(logs)


def test_few_effective_frames_are_said_in_words():
    assert "weigh as much as 3" in poverty(3.0, frames=1_000)
    assert poverty(100.0, frames=1_000) == ""


@pytest.mark.parametrize("bias_factor", [2.0, 10.0, math.inf])
@pytest.mark.parametrize("shape", [(40,), (6, 9)])
def test_a_bias_raised_everywhere_by_a_constant_raises_its_offset_by_it(
    bias_factor: float, shape: tuple[int, ...]
):
    grid = np.random.default_rng(1).normal(size=shape)
    first, second = c_of_t([grid, grid + 7.0], temperature=300.0, bias_factor=bias_factor)
    assert second - first == pytest.approx(7.0)


def test_the_offset_of_a_converged_bias_is_the_free_energy_it_filled():
    # V = -(1 - 1/γ) F + C, so that c = C - kT ln ∫exp(-F/kT) + kT ln ∫exp(-F/γkT)
    kt, gamma, constant = thermal_energy(300.0), 5.0, 60.0
    s = np.linspace(-1.0, 1.0, 4_001)
    free = 20.0 * s**2
    (found,) = c_of_t([-(1 - 1 / gamma) * free + constant], temperature=300.0, bias_factor=gamma)
    ratio = np.exp(-free / gamma / kt).sum() / np.exp(-free / kt).sum()
    assert found == pytest.approx(constant - kt * math.log(ratio), abs=1e-9)


def test_a_bias_factor_is_more_than_one():
    with pytest.raises(SpecError, match="more than 1"):
        c_of_t([[0.0]], temperature=300.0, bias_factor=1.0)
