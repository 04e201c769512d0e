from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.errors import SpecError
from sciae.report.figures.coordinate import Coordinate
from sciae.report.figures.free_energy import GAS_CONSTANT, Curve, Mark, free_energy_profile
from sciae.report.figures.free_energy_maps import Surface, free_energy_map

if TYPE_CHECKING:
    from collections.abc import Callable

PHI = Coordinate(name="phi", unit="rad", period=2 * np.pi)
PSI = Coordinate(name="psi", unit="rad", period=2 * np.pi)
S = Coordinate(name="s0")
MINUS = "\N{MINUS SIGN}"
AROUND = {f"{MINUS}180", f"{MINUS}90", "0", "90", "180"}


def curve(bins: int = 20, *, gap: slice = slice(0), edges: np.ndarray | None = None):
    edges = np.linspace(0, 2, bins + 1) if edges is None else edges
    middle = 0.5 * (edges[1:] + edges[:-1])
    energy = 10 * (middle - 1) ** 2
    energy[gap] = np.nan
    return Curve(edges=edges, energy=energy, low=energy - 0.5, high=energy + 1.5)


def test_a_band_spans_low_to_high(drawn: Callable[[str], Any]):
    one = curve()
    (band,) = drawn(free_energy_profile({"run": one}, coordinate=S).svg).curves("FillBetween")
    for at, low, high in zip(one.at, one.low, one.high, strict=True):
        there = band[np.abs(band[:, 0] - at) < 1e-3, 1]
        np.testing.assert_allclose([there.min(), there.max()], [low, high], atol=1e-3)


def test_a_line_goes_through_every_visited_bin(drawn: Callable[[str], Any]):
    one = curve()
    lines = drawn(free_energy_profile({"run": one}, coordinate=S).svg).curves("line2d")
    (line,) = [x for x in lines if len(x) == len(one.at)]
    np.testing.assert_allclose(line, np.column_stack([one.at, one.energy]), atol=1e-3)


def test_what_was_never_visited_is_a_gap(drawn: Callable[[str], Any]):
    figure = free_energy_profile({"run": curve(gap=slice(8, 12))}, coordinate=S)
    shown = drawn(figure.svg)
    low, high = 0.8, 1.2
    for kind in ("FillBetween", "line2d"):
        pieces = [path for path in shown.curves(kind) if len(path) > 5]
        assert len(pieces) == 2
        for path in pieces:
            assert path[:, 0].max() <= low + 1e-3 or path[:, 0].min() >= high - 1e-3
    assert "not visited" in shown.words
    assert "20.0 % of the bins were never visited" in figure.caption


def test_a_single_visited_bin_is_seen(drawn: Callable[[str], Any]):
    energy = np.full(9, np.nan)
    energy[4] = 0.0
    figure = free_energy_profile(
        {"run": Curve(edges=np.linspace(0, 1, 10), energy=energy)}, coordinate=S
    )
    dots = [p for p in drawn(figure.svg).curves("line2d") if len(p) and np.ptp(p[:, 0]) < 0.1]
    assert dots


def test_angles_run_from_minus_180_to_180(drawn: Callable[[str], Any]):
    edges = np.linspace(-np.pi, np.pi, 37)
    figure = free_energy_profile({"run": curve(edges=edges)}, coordinate=PHI)
    assert set(drawn(figure.svg).ticks("x")) == AROUND
    assert "phi (°)" in drawn(figure.svg).words


def test_angles_in_radians_run_from_minus_pi_to_pi(drawn: Callable[[str], Any]):
    radians = Coordinate(name="phi", unit="rad", period=2 * np.pi, degrees=False)
    edges = np.linspace(-np.pi, np.pi, 37)
    figure = free_energy_profile({"run": curve(edges=edges)}, coordinate=radians)
    assert {f"{MINUS}π", "0", "π"} <= set(drawn(figure.svg).ticks("x"))


def test_a_ring_is_drawn_up_to_its_ends(drawn: Callable[[str], Any]):
    edges = np.linspace(-np.pi, np.pi, 37)
    energy = np.cos(0.5 * (edges[1:] + edges[:-1])) + 1
    one = Curve(edges=edges, energy=energy, low=energy, high=energy + 1)
    (band,) = drawn(free_energy_profile({"run": one}, coordinate=PHI).svg).curves("FillBetween")
    assert band[:, 0].min() < -180
    assert band[:, 0].max() > 180


def test_the_right_axis_is_in_kt(drawn: Callable[[str], Any]):
    figure = free_energy_profile({"run": curve()}, coordinate=S, temperature=300)
    shown = drawn(figure.svg)
    assert "in kT at 300 K" in shown.words
    left, right = (
        np.polyfit([float(k.replace(MINUS, "-")) for k in t], list(t.values()), 1)
        for t in (shown.ticks("y"), shown.ticks("y", axes=2))
    )
    np.testing.assert_allclose(right[0] / left[0], GAS_CONSTANT * 300, rtol=1e-3)


def test_minima_and_barriers_are_numbered(drawn: Callable[[str], Any]):
    marks = [Mark("minimum", 1.0, 0.0), Mark("barrier", 0.2, 6.43)]
    figure = free_energy_profile({"run": curve()}, coordinate=S, marks=marks)
    assert {"0.0", "6.4"} <= set(drawn(figure.svg).words)
    assert "Triangles" in figure.caption
    assert "barrier of 6.4 kJ/mol" in figure.alt


def test_every_curve_is_in_the_key(drawn: Callable[[str], Any]):
    names = {"run": curve(gap=slice(3, 5)), "OPES": curve(), "a < b & c": curve()}
    words = drawn(free_energy_profile(names, coordinate=S).svg).words
    for name in names:
        assert words.count(name) == 1


def test_curves_and_surfaces_of_the_wrong_shape_are_refused():
    with pytest.raises(SpecError, match="low of shape"):
        Curve(edges=np.arange(4.0), energy=np.zeros(3), low=np.zeros(2))
    with pytest.raises(SpecError, match="at least one"):
        free_energy_profile({}, coordinate=S)
    with pytest.raises(SpecError, match="expected \\(3, 2\\)"):
        Surface(x_edges=np.arange(4.0), y_edges=np.arange(3.0), energy=np.zeros((2, 3)))
    with pytest.raises(SpecError, match="evenly"):
        Surface(x_edges=np.array([0, 1.0, 3.0]), y_edges=np.arange(3.0), energy=np.zeros((2, 2)))
    with pytest.raises(SpecError, match="period"):
        Coordinate(name="s", period=0.0)


def surface(bins: int = 12, *, hole: bool = True):
    edges = np.linspace(-np.pi, np.pi, bins + 1)
    middle = 0.5 * (edges[1:] + edges[:-1])
    energy = 20 * (2 - np.cos(middle - 1)[:, None] - np.cos(middle)[None])
    if hole:
        energy[0, :3] = np.nan
    return Surface(x_edges=edges, y_edges=edges, energy=energy)


def test_a_map_has_degrees_on_both_axes_and_says_what_is_blank(drawn: Callable[[str], Any]):
    figure = free_energy_map(surface(), coordinates=(PHI, PSI), temperature=300)
    for axis in "xy":
        assert set(drawn(figure.svg).ticks(axis)) == AROUND
    assert "97.9 % of the map" in figure.caption
    assert "kT is 2.49 kJ/mol" in figure.caption
    assert "free energy (kJ/mol)" in drawn(figure.svg).words


def test_unvisited_cells_are_transparent_and_lie_where_they_should():
    from matplotlib.figure import Figure

    from sciae.report.figures import free_energy_maps

    axes = Figure().subplots()
    levels = np.arange(0.0, 90.0, 10.0)
    drawn = free_energy_maps._around(surface(), (PHI, PSI))
    shown = free_energy_maps._cells(axes, *drawn, levels)
    colours = shown.to_rgba(shown.get_array())  # (row, column, colour): y along the rows
    blank = colours[1:-1, 1:-1, 3] == 0  # without the cell beyond either end
    assert blank.sum() == 3
    assert blank[:3, 0].all()


def test_a_ring_may_begin_anywhere():
    from sciae.report.figures import free_energy_maps

    energy = np.arange(12.0)[:, None] + np.zeros(12)
    zero = np.linspace(-np.pi, np.pi, 13)
    one = Surface(x_edges=zero, y_edges=zero, energy=energy)
    moved = Surface(x_edges=zero + np.pi, y_edges=zero, energy=np.roll(energy, -6, 0))
    for left, right in zip(
        free_energy_maps._around(one, (PHI, PSI)),
        free_energy_maps._around(moved, (PHI, PSI)),
        strict=True,
    ):
        np.testing.assert_allclose(left, right, atol=1e-9)


@pytest.mark.parametrize("shift", [0.0, np.pi, 0.3, -5.0])
def test_a_curve_around_a_ring_is_drawn_from_end_to_end(shift: float):
    from sciae.report.figures import free_energy

    edges = np.linspace(-np.pi, np.pi, 37) + shift
    middle = 0.5 * (edges[1:] + edges[:-1])
    one = Curve(edges=edges, energy=1 - np.cos(middle))
    at, energy, _, _ = free_energy._around(one, PHI)
    assert at[0] < -175
    assert at[-1] > 175
    np.testing.assert_allclose(energy, 1 - np.cos(np.deg2rad(at)), atol=1e-9)


def test_part_of_a_ring_is_not_closed():
    from sciae.report.figures import free_energy

    edges = np.linspace(np.pi / 2, 3 * np.pi / 2, 19)  # over the seam
    at, energy, _, _ = free_energy._around(Curve(edges=edges, energy=np.zeros(18)), PHI)
    known = np.rad2deg(np.pi / 2) - 1e-6
    assert np.all(np.abs(at[np.isfinite(energy)]) > known)
    between = at[np.isnan(energy)]
    assert ((between > -95) & (between < -85)).any()  # the line breaks there


def test_a_band_that_is_not_bounded_fills_the_height(drawn: Callable[[str], Any]):
    one = curve()
    low, high = one.low.copy(), one.high.copy()
    low[5], high[5] = -np.inf, np.inf
    figure = free_energy_profile(
        {"run": Curve(edges=one.edges, energy=one.energy, low=low, high=high)}, coordinate=S
    )
    (band,) = drawn(figure.svg).curves("FillBetween")
    assert band[:, 1].max() > 11
    assert "one stretch of the run alone" in figure.caption


def test_contours_meet_across_the_ends_of_a_ring(drawn: Callable[[str], Any]):
    figure = free_energy_map(surface(hole=False), coordinates=(PHI, PSI))
    lines = np.concatenate(drawn(figure.svg).curves("QuadContourSet"))
    assert lines.min() < -180
    assert lines.max() > 180


def test_the_lowest_cell_is_told(drawn: Callable[[str], Any]):
    figure = free_energy_map(surface(24), coordinates=(PHI, PSI), points={"C7": (1.0, 0.0)})
    assert "lowest near (52.5, " in figure.alt
    assert "C7" in drawn(figure.svg).words


def test_a_map_that_was_never_visited_is_still_a_figure(assert_readable: Callable[..., None]):
    empty = Surface(x_edges=np.arange(4.0), y_edges=np.arange(3.0), energy=np.full((3, 2), np.nan))
    figure = free_energy_map(empty, coordinates=(S, S))
    assert "no cell was visited" in figure.alt
    assert_readable(figure)
    nothing = Curve(edges=np.arange(4.0), energy=np.full(3, np.nan))
    figure = free_energy_profile({"run": nothing}, coordinate=S)
    assert "no bin was visited" in figure.alt
    assert_readable(figure)


def test_a_reference_without_a_band_is_drawn_beside(assert_readable: Callable[..., None]):
    bare = Curve(edges=np.linspace(0, 2, 21), energy=np.linspace(0, 5, 20))
    figure = free_energy_profile({"run": curve(), "reference": bare}, coordinate=S)
    assert_readable(figure)
    assert "bands do not meet" in figure.caption
