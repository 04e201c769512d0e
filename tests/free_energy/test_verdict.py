from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.free_energy import Interval, Transitions, Verdict, examine, thermal_energy, verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

KT = thermal_energy(300.0)
GOOD = {
    "transitions": Transitions(
        forward=40,
        backward=39,
        duration=1e4,
        passage=(np.ones(39), np.ones(39)),
        residence=(1.0, 1.0),
    ),
    "n_eff": 5_000.0,
    "drift": Interval(value=0.1, low=-0.3, high=0.5, unit="kT"),
    "hysteresis": Interval(value=0.1, low=-0.3, high=0.5),
    "difference": Interval(value=5.0, low=4.0, high=6.0),
    "outside": 0.01,
}


def test_a_run_that_meets_every_condition_is_converged():
    found = verdict(**GOOD, temperature=300.0)
    assert found.converged
    assert found.words.startswith("Converged as far as can be told")


@pytest.mark.parametrize("missing", GOOD)
def test_nothing_is_converged_that_was_not_examined_in_every_way(missing: str):
    found = verdict(**{**GOOD, missing: None}, temperature=300.0)
    assert not found.converged
    assert "was not examined" in found.words


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("transitions", replace(GOOD["transitions"], backward=9), "40 .* and 9 backward"),
        ("n_eff", 99.0, "as much as 99 equal ones"),
        ("drift", Interval(value=1.1, low=-1, high=3, unit="kT"), "halves .* differ by \\+1.10"),
        ("drift", Interval(value=0.4, low=0.2, high=0.6, unit="kT"), "more than chance explains"),
        ("drift", Interval(value=math.nan, low=-math.inf, high=math.inf), "lacks crossings"),
        ("hysteresis", Interval(value=-1.1 * KT, low=-9, high=9), "forward and backward differ"),
        ("hysteresis", Interval(value=0.1, low=-math.inf, high=math.inf), "cannot be compared"),
        ("difference", Interval(value=0.0, low=-3, high=3), "±1.20 kT wide"),
        ("difference", Interval(value=0.0, low=-math.inf, high=math.inf), "did not cross both"),
        ("outside", 0.2, "20.0 % of the weight lies outside"),
    ],
)
def test_each_condition_can_fail_alone_and_says_why(part: str, value: Any, words: str):
    found = verdict(**{**GOOD, part: value}, temperature=300.0)
    assert not found.converged
    assert sum(not one.passed for one in found.findings) == 1
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(found.words)


def test_a_verdict_cannot_be_changed_and_none_on_nothing_is_converged():
    assert not Verdict(findings=()).converged
    with pytest.raises(FrozenInstanceError):
        Verdict(findings=()).findings = (1,)


def crossing(cycles: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    stays = rng.geometric(0.05, size=2 * cycles)
    return np.repeat(np.tile([-1.0, 1.0], cycles), stays)


def examined(x: NDArray[np.float64], **settings: Any):
    settings = {"outside": 0.0, "temperature": 300.0, "step": 1.0, **settings}
    return examine(x, (-2, 0), (0, 2), **settings)


def test_many_memoryless_crossings_are_called_converged():
    found = [examined(crossing(300, seed)).converged for seed in range(20)]
    assert np.mean(found) >= 0.8


def test_two_crossings_are_never_called_converged_however_many_frames():
    x = np.repeat([-1.0, 1.0, -1.0], 100_000)
    found = examined(x)
    assert not found.converged
    assert "1 transitions forward and 1 backward" in str(found)


def test_a_run_that_never_saw_a_basin_gets_a_verdict_and_no_error():
    assert not examined(np.full(100, -1.0)).converged


def test_a_bias_that_still_grows_is_not_called_converged():
    x = crossing(300)
    still = np.zeros(len(x))
    growing = np.where(x > 0, np.linspace(0, 5, len(x)), 0.0)
    assert examined(x, log_weight=still).converged
    found = examined(x, log_weight=growing)
    assert not {f.name: f.passed for f in found.findings}["drift"]


def test_an_unknown_range_is_not_forgiven():
    assert not examined(crossing(300), outside=None).converged
