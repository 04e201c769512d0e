from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.errors import SpecError
from sciae.report.figures.clock import clock, thinned
from sciae.report.figures.coordinate import Coordinate
from sciae.report.figures.differences import delta_in_time
from sciae.report.figures.growth import bias_growth
from sciae.report.figures.rounds import rounds_figure
from sciae.report.figures.timeline import against_time, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

PHI = Coordinate(name="phi", unit="rad", period=2 * np.pi)
S = Coordinate(name="s0")
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def run():
    time = np.arange(9000.0)
    return time, np.where(np.sin(time / 700) > 0, 1.1, -1.4)


def test_points_are_a_picture_so_that_pages_stay_small(run: tuple[np.ndarray, np.ndarray]):
    figure = against_time(*run, coordinate=PHI)
    assert len(figure.svg) < 200_000
    (picture,) = re.findall(r"data:image/png;base64,([\w+/=\s]+)", figure.svg)
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    assert "One frame in 2 is a point" in figure.caption


def test_few_frames_are_all_drawn():
    figure = against_time(np.arange(10.0), np.linspace(0, 1, 10), coordinate=S)
    assert "Every frame is a point" in figure.caption


@pytest.mark.parametrize("rows", [1, 5999, 6000, 6001, 10**7])
def test_thinning_keeps_at_most_so_many(rows: int):
    assert -(-rows // thinned(rows)) <= 6000


def test_transitions_are_ticks_at_their_times(
    run: tuple[np.ndarray, np.ndarray], drawn: Callable[[str], Any]
):
    when = np.array([1000.0, 2500.0, 7000.0])
    figure = against_time(*run, coordinate=PHI, transitions=when)
    labels = drawn(figure.svg).ticks("x")
    scale = np.polyfit(list(labels.values()), [float(one) for one in labels], 1)
    rug = re.search(
        r'<path d="((?:[ML] [\d.-]+ [\d.-]+\s*){6})" style="fill: none; stroke: #d55e00', figure.svg
    )
    assert rug
    xs = [float(x) for x, _ in re.findall(r"[ML] ([\d.-]+) ([\d.-]+)", rug[1])]
    np.testing.assert_allclose(np.polyval(scale, xs[::2]) * 1000, when, rtol=1e-3)
    assert "The 3 transitions" in figure.caption
    assert "with 3 transitions" in figure.alt


def test_core_sets_are_shaded_over_their_range(
    run: tuple[np.ndarray, np.ndarray], drawn: Callable[[str], Any]
):
    sets = {"C7eq": (-2.0, -1.0), "C7ax": (0.8, 1.4)}
    shown = drawn(against_time(*run, coordinate=PHI, sets=sets).svg)
    assert set(sets) <= set(shown.words)
    heights = [sorted({round(float(y), 2) for y in p[:, 1]}) for p in shown.curves("patch")]
    for low, high in sets.values():
        wanted = [np.rad2deg(low), np.rad2deg(high)]
        assert any(len(h) == 2 and np.allclose(h, wanted, atol=0.1) for h in heights)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-20.0, 30.0, [(-20.0, 30.0)]),
        (170.0, -170.0, [(170.0, 180.0), (-180.0, -170.0)]),
        (150.0, 200.0, [(150.0, 180.0), (-180.0, -160.0)]),
    ],
)
def test_a_core_set_goes_through_the_end_of_a_ring(
    low: float, high: float, expected: list[tuple[float, float]]
):
    assert pieces(low, high, 360.0) == expected


def test_a_core_set_that_is_no_ring_stays_whole():
    assert pieces(170.0, 200.0, None) == [(170.0, 200.0)]


def test_walkers_are_named_while_they_can_be_told_apart(
    run: tuple[np.ndarray, np.ndarray], drawn: Callable[[str], Any]
):
    few = against_time(*run, coordinate=PHI, walker=np.arange(9000) % 3)
    assert {"walker 0", "walker 1", "walker 2"} <= set(drawn(few.svg).words)
    many = against_time(*run, coordinate=PHI, walker=np.arange(9000) % 9)
    assert "walker 0" not in drawn(many.svg).words
    assert "coloured by walker (9); colours repeat" in many.caption


def test_time_is_in_a_unit_that_suits_the_run():
    assert [clock([top]).unit for top in (10.0, 1999.0, 2000.0, 5e6)] == ["ps", "ps", "ns", "µs"]
    assert clock([5000.0]).shown([2500.0]) == pytest.approx([2.5])


def test_columns_of_two_lengths_are_refused():
    with pytest.raises(SpecError, match="one number each per frame"):
        against_time(np.arange(3.0), np.zeros((3, 2)), coordinate=S)
    with pytest.raises(SpecError, match="one of each"):
        rounds_figure(np.zeros(2), np.zeros(2), np.zeros(3))


def test_a_difference_has_its_band_and_its_reference(drawn: Callable[[str], Any]):
    time = np.linspace(1000, 9000, 9)
    delta = np.r_[np.nan, np.full(8, 9.9)]
    figure = delta_in_time(
        time, delta, delta - 1, delta + 2, temperature=300, reference=9.97, margin=0.23
    )
    shown = drawn(figure.svg)
    (band,) = shown.curves("FillBetween")
    np.testing.assert_allclose([band[:, 1].min(), band[:, 1].max()], [8.9, 11.9], atol=1e-3)
    assert band[:, 0].min() == pytest.approx(2, abs=1e-3)  # ns: nothing is drawn before
    flat = [c for c in shown.curves("line2d") if len(c) == 2 and np.ptp(c[:, 1]) < 1e-6]
    assert any(abs(c[0, 1] - 9.97) < 1e-3 for c in flat)
    assert "at the end 9.90 [8.90, 11.9] kJ/mol" in figure.caption
    assert "the reference, 9.97 kJ/mol" in figure.caption


def test_a_state_that_was_never_visited_is_said(assert_readable: Callable[..., None]):
    never = np.full(4, np.nan)
    figure = delta_in_time(np.arange(4.0), never, never, never)
    assert "never known" in figure.caption
    assert_readable(figure)


def test_an_offset_that_moves_late_is_said_to_move():
    time = np.arange(2000.0)
    moving = bias_growth(time, time / 100, offset=time / 100)
    settled = bias_growth(time, time / 100, offset=np.minimum(time, 500))
    assert "c(t) is still moving: 50.0 %" in moving.caption
    assert "c(t) has settled: 0 %" in settled.caption


def test_the_frames_that_count_are_told(drawn: Callable[[str], Any]):
    time = np.arange(2000.0)
    figure = bias_growth(time, time / 100, n_eff=(1 + time) / 4)
    assert "25.0 % of all" in figure.caption
    assert "500 of 2,000 frames count" in figure.alt
    assert "frames that count" in drawn(figure.svg).words


def test_rounds_are_numbered_and_told(drawn: Callable[[str], Any]):
    figure = rounds_figure(np.array([0.5, 43.0]), np.array([30.0, 5200.0]), np.array([0.2, np.nan]))
    assert {"1", "2", "0.50", "43", "5,200", "20", "round"} <= set(drawn(figure.svg).words)
    assert "Round 2: 43.0 transitions per ns" in figure.alt


def test_every_figure_can_be_read(
    run: tuple[np.ndarray, np.ndarray], assert_readable: Callable[..., None]
):
    time, values = run
    assert_readable(against_time(time, values, coordinate=PHI))
    assert_readable(bias_growth(time, values, offset=values, n_eff=1 + time))
    assert_readable(delta_in_time(time, values, values, values, name="<b>"))
    assert_readable(rounds_figure(np.ones(1), np.ones(1), np.ones(1)))
