from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sciae.errors import DataError, SpecError
from sciae.free_energy import profile, thermal_energy

if TYPE_CHECKING:
    from pathlib import Path


KT = thermal_energy(300.0)
SPACED = (np.arange(200_000) + 0.5) / 200_000


def spaced_normal(sd: float):
    """Quantiles of a normal law in random order: a sample without noise of its histogram."""
    return np.random.default_rng(0).permutation(stats.norm.ppf(SPACED) * sd)


def test_a_harmonic_well_has_its_parabola():
    k = 100.0
    x = spaced_normal(math.sqrt(KT / k))
    found = profile(x, edges=np.linspace(-0.4, 0.4, 161), temperature=300.0)
    (s,) = found.centres
    well = np.abs(s) < 0.35
    np.testing.assert_allclose(found.F[well] - found.F.min(), 0.5 * k * s[well] ** 2, atol=0.1)
    assert np.nanmin(found.F) == 0


def test_a_harmonic_well_of_two_coordinates_has_its_bowl():
    sd = np.sqrt(KT / np.array([50.0, 200.0]))
    x = np.random.default_rng(1).normal(size=(50_000, 2)) * sd
    edges = np.linspace(-0.4, 0.4, 13), np.linspace(-0.2, 0.2, 13)
    found = profile(x, edges=edges, temperature=300.0, names=("u", "v"), units=("nm", "nm"))
    mass = np.outer(*(np.diff(stats.norm.cdf(e / s)) for e, s in zip(edges, sd, strict=True)))
    wanted = -KT * np.log(mass / mass.sum())
    seen = found.counts > 20
    far = (-KT * np.log(found.share) - wanted)[seen] / found.error[seen]
    assert np.abs(far).max() < 5
    assert np.sqrt(np.mean(far**2)) < 1.5
    assert np.unravel_index(np.nanargmin(found.F), found.F.shape) in {
        (5, 5),
        (5, 6),
        (6, 5),
        (6, 6),
    }


def test_bins_of_different_widths_tell_the_same_density():
    x = np.random.default_rng(2).uniform(0, 1, 300_000)
    found = profile(x, edges=[0.0, 0.1, 0.5, 1.0], temperature=300.0)
    np.testing.assert_allclose(found.F, 0.0, atol=0.05)


def test_a_known_bias_is_taken_off_by_its_weights():
    # under V = k x^2 / 4 the run sees 3 k x^2 / 4
    k = 80.0
    x = spaced_normal(math.sqrt(KT / (1.5 * k)))
    log_weight = 0.25 * k * x**2 / KT
    found = profile(x, edges=np.linspace(-0.3, 0.3, 61), temperature=300.0, log_weight=log_weight)
    (s,) = found.centres
    np.testing.assert_allclose(found.F, 0.5 * k * s**2, atol=0.15)


@pytest.mark.parametrize("start", [-math.pi, 0.0, 2.0])
@pytest.mark.parametrize("turns", [0, -3])
def test_angles_fall_into_their_bins_wherever_edges_start_and_however_they_wrap(
    start: float, turns: int
):
    angle = np.random.default_rng(3).vonmises(0.5, 2.0, 200_000)
    edges = start + np.linspace(0, 2 * math.pi, 37)
    found = profile(angle + 2 * math.pi * turns, edges=edges, period=2 * math.pi, temperature=300.0)
    (s,) = found.centres
    wanted = 2.0 * KT * (1 - np.cos(s - 0.5))
    np.testing.assert_allclose(found.F, wanted - wanted.min(), atol=0.35)
    assert found.outside == 0


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(-1e4, 1e4))
def test_a_shift_of_all_log_weights_changes_nothing(seed: int, shift: float):
    rng = np.random.default_rng(seed)
    x, log = rng.normal(size=300), rng.normal(size=300)
    one, two = (
        profile(x, edges=[-2, -0.5, 0.5, 2], temperature=300.0, log_weight=each)
        for each in (log, log + shift)
    )
    for part in ("F", "low", "high"):
        np.testing.assert_allclose(getattr(one, part), getattr(two, part), rtol=1e-6, atol=1e-6)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_whole_weight_is_so_many_copies(seed: int):
    rng = np.random.default_rng(seed)
    x, copies = rng.normal(size=200), rng.integers(1, 5, size=200)
    edges = [-3.0, -1.0, 0.0, 1.0, 3.0]
    weighted = profile(x, edges=edges, temperature=300.0, log_weight=np.log(copies))
    copied = profile(np.repeat(x, copies), edges=edges, temperature=300.0)
    np.testing.assert_allclose(weighted.F, copied.F, atol=1e-9)
    np.testing.assert_allclose(weighted.share, copied.share, atol=1e-12)


def test_equal_weights_are_no_weights():
    x = np.random.default_rng(4).normal(size=500)
    edges = [-1.0, 0.0, 1.0]
    one = profile(x, edges=edges, temperature=300.0)
    two = profile(x, edges=edges, temperature=300.0, log_weight=np.full(500, -900.0))
    np.testing.assert_array_equal(one.high, two.high)
    assert two.n_eff == 500


def test_the_order_of_walkers_does_not_matter():
    rng = np.random.default_rng(5)
    x, group = rng.normal(size=600).cumsum() * 0.1, np.repeat([2, 0, 1], 200)
    turn = np.r_[200:600, 0:200]
    one = profile(x, edges=np.linspace(-4, 4, 5), temperature=300.0, group=group)
    two = profile(x[turn], edges=np.linspace(-4, 4, 5), temperature=300.0, group=group[turn])
    np.testing.assert_allclose(one.high, two.high)


def test_energies_scale_with_the_temperature():
    x = np.random.default_rng(6).normal(size=500)
    cold, hot = (profile(x, edges=[-1, 0, 2], temperature=t) for t in (300.0, 600.0))
    np.testing.assert_allclose(2 * cold.F, hot.F)
    np.testing.assert_allclose(2 * cold.error, hot.error)


def test_bins_that_nobody_visited_are_nan_and_all_else_is_not():
    found = profile([0.5, 0.6, 2.5] * 50, edges=[0, 1, 2, 3], temperature=300.0)
    for part in (found.F, found.error, found.low, found.high):
        assert np.isnan(part).tolist() == [False, True, False]
    assert found.counts.tolist() == [100, 0, 50]


def test_frames_outside_are_counted_and_told():
    found = profile([0.5] * 90 + [7.0] * 10, edges=[0, 1], temperature=300.0)
    assert found.outside == 10
    assert found.outside_weight == pytest.approx(0.1)
    assert any("10.0 % of the weight lies in no bin" in one for one in found.warnings)


def test_a_single_bin_has_no_free_energy_to_err_on():
    found = profile(np.random.default_rng(7).uniform(size=400), edges=[0, 1], temperature=300.0)
    assert found.F.tolist() == [0.0]
    assert found.error.tolist() == [pytest.approx(0.0, abs=1e-12)]


def test_all_frames_outside_is_an_error_that_says_where_they_are():
    with pytest.raises(DataError, match="from 5 to 6"):
        profile([5.0, 6.0], edges=[0, 1], temperature=300.0)


@pytest.mark.parametrize("edges", [[0], [1, 0], [0, math.nan], [[0, 1], [0, 1]], [[[0, 1]]]])
def test_what_is_no_edges_is_refused(edges: Any):
    with pytest.raises(SpecError, match="edges"):
        profile([0.5], edges=edges, temperature=300.0)


def test_edges_beyond_one_period_would_count_twice():
    with pytest.raises(SpecError, match="span more than the period"):
        profile([0.5], edges=[0, 400], period=360.0, temperature=300.0)


def test_one_frame_has_a_free_energy_and_an_unbounded_band():
    found = profile([0.5], edges=[0, 1], temperature=300.0)
    assert found.F.tolist() == [0.0]
    assert found.high.tolist() == [math.inf]


def test_the_error_of_independent_frames_is_that_of_a_binomial():
    # ln p has variance (1 - p) / (n p)
    x = np.random.default_rng(8).uniform(size=100_000)
    found = profile(x, edges=[0.0, 0.2, 1.0], temperature=300.0)
    wanted = KT * np.sqrt(np.array([0.8 / 0.2, 0.2 / 0.8]) / 100_000)
    np.testing.assert_allclose(found.error, wanted, rtol=0.25)


def test_copies_in_a_row_do_not_sharpen_the_band():
    x = np.random.default_rng(9).uniform(size=4_000)
    once, often = (
        profile(np.repeat(x, n), edges=[0.0, 0.2, 1.0], temperature=300.0) for n in (1, 25)
    )
    np.testing.assert_allclose(often.error, once.error, rtol=0.3)
    assert often.inefficiency == pytest.approx(25 * once.inefficiency, rel=0.2)


def test_a_table_holds_every_bin(tmp_path: Path):
    found = profile([0.5, 1.5, 1.6], edges=[0, 1, 2, 3], temperature=300.0, names=["phi"])
    path = tmp_path / "profile.csv"
    text = found.to_csv(path)
    assert path.read_text() == text
    lines = text.splitlines()
    assert lines[0] == ("phi [1],F [kJ/mol],error [kJ/mol],low [kJ/mol],high [kJ/mol],frames")
    assert lines[3].split(",") == ["2.5", "nan", "nan", "nan", "nan", "0"]
    assert [line.split(",")[-1] for line in lines[1:]] == ["1", "2", "0"]


def test_a_table_of_two_coordinates_has_both_centres():
    found = profile([[0.5, 10.0]], edges=[[0, 1], [0, 20, 40]], temperature=300.0)
    assert [line.split(",")[:2] for line in found.to_csv().splitlines()[1:]] == [
        ["0.5", "10"],
        ["0.5", "30"],
    ]
