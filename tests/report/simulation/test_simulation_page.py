from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae import free_energy
from sciae.errors import SpecError
from sciae.report import render
from sciae.report.figures.coordinate import Coordinate, Observable
from sciae.report.figures.free_energy import Curve
from sciae.report.figures.growth import frames_that_count
from sciae.report.simulation import simulation_page, simulation_sections
from sciae.report.words import MINUS
from sciae.simulation import BiasedRun
from sciae.simulation.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.report import Page

FACTS = {"Input": "ala2.pdb"}
TURN = 2 * np.pi
A, B = (-2.0, -0.4), (0.5, 1.8)


def make_run(frames: int = 4000, **changes: Any):
    """Two states along phi, visited in turn, with a bias that has grown."""
    rng = np.random.default_rng(1)
    state = (np.arange(frames) // 50) % 2
    phi = np.where(state == 0, -1.2, 1.1) + 0.2 * rng.normal(size=frames)
    settings = {
        "steps": frames * 100, "names": ("phi",), "periods": (TURN,),
        "settings": {"barrier": 40.0, "sigma": None},
    } | changes  # fmt: skip
    return BiasedRun(
        directory=Path("run"), plan=Plan.example(**settings), time=0.2 * np.arange(frames),
        variable=phi[:, None], bias=np.where(state == 0, 4.0, 0.0), offset=np.zeros(frames),
        walker=np.zeros(frames, np.int64), extras={"rct": np.linspace(0, 5, frames)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return make_run()


@pytest.fixture(scope="module")
def numbers(run: BiasedRun):
    """What `sciae.free_energy` makes of the run."""
    phi = run.variable[:, 0]
    same = {"temperature": 300.0, "log_weight": run.log_weight, "period": TURN}
    edges = np.linspace(-np.pi, np.pi, 37)
    along = free_energy.profile(phi, edges=edges, names=["phi"], units=["rad"], **same)
    both = np.stack([phi, np.cos(phi)], 1)
    over = free_energy.profile(
        both, edges=[edges, np.linspace(-1, 1, 11)], names=["phi", "c"], units=["rad", "1"],
        temperature=300.0, log_weight=run.log_weight, period=(TURN, None),
    )  # fmt: skip
    delta = free_energy.delta(phi, A, B, **same)
    crossings = free_energy.transitions(phi, A, B, step=0.2, period=TURN)
    return {
        "profiles": {"this run": along},
        "maps": {"phi and c": over},
        "differences": {"ΔF": delta},
        "courses": {"ΔF": free_energy.course(phi, A, B, **same)},
        "minima": {"this run": free_energy.minima(along), "phi and c": free_energy.minima(over)},
        "transitions": {"A → B": crossings},
        "verdict": free_energy.verdict(
            transitions=crossings, n_eff=500.0, difference=delta, temperature=300.0, outside=0.0
        ),
    }


@pytest.fixture(scope="module")
def page(run: BiasedRun, numbers: dict[str, Any]):
    """A page with nearly everything in it."""
    return simulation_page(
        run, facts=FACTS, references={"ΔF": 4.0, "other": 1.0}, cores={"phi": {"A": A, "B": B}},
        crossings=np.array([10.0, 20.0]), **numbers,
        observables=[Observable(Coordinate(name="rg", unit="nm"), np.abs(run.variable[:, 0]))],
        beside={"phi": {"reference": Curve.of(numbers["profiles"]["this run"])}},
    )  # fmt: skip


def verdict(page: Page):
    return " ".join(f"{one.level}: {one.about} {one.text}" for one in page.verdict)


def figures(page: Page):
    return [figure for section in page.sections for figure in section.figures]


def test_a_page_has_all_its_parts(page: Page, assert_safe: Callable[[str], Any]):
    text = render(page)
    assert_safe(text)
    assert len(text) < 600_000
    assert [section.title for section in page.sections] == [
        "Free energy profiles", "Free energy maps", "Does it still move", "The run in time",
        "The bias", "Settings",
    ]  # fmt: skip
    assert text.index("Verdict") < text.index("What was run") < text.index("<svg")


def test_every_figure_says_how_to_read_it(page: Page, assert_readable: Callable[..., None]):
    assert len(figures(page)) == 6
    for figure in figures(page):
        assert_readable(figure)


def test_the_verdict_has_every_condition(page: Page, numbers: dict[str, Any]):
    said = verdict(page)
    assert said.startswith("warning: Not converged: 2 of 6 conditions are not met.")
    for one in numbers["verdict"].findings:
        assert one.words[1:] in said
    assert "The reference, 4.00, lies inside" in said


def test_a_run_that_was_not_examined_is_not_called_converged(
    run: BiasedRun, numbers: dict[str, Any]
):
    said = verdict(simulation_page(run, facts={}, profiles=numbers["profiles"]))
    assert said.startswith("warning: Not examined:")


def test_a_run_that_meets_all_conditions_is_called_converged(
    run: BiasedRun, numbers: dict[str, Any]
):
    good = free_energy.Verdict(
        findings=(free_energy.Finding(name="drift", passed=True, words="halves agree"),)
    )
    said = verdict(simulation_page(run, facts={}, profiles=numbers["profiles"], verdict=good))
    assert said.startswith("good: Converged as far as can be told: All 1 conditions are met.")
    assert "good: Drift: Halves agree." in said


@pytest.mark.parametrize(
    ("low", "high", "known", "expected"),
    [
        (3.0, 5.0, 4.0, "good: ΔF: 4.00 kJ/mol, 95 % interval [3.00, 5.00]. The reference, 4.00"),
        (1.0, 50.0, 9.0, "note: ΔF: 4.00 kJ/mol, 95 % interval [1.00, 50.0]. The reference, 9.00"),
        (3.0, 5.0, 9.0, "The reference, 9.00, lies outside."),
        (-np.inf, np.inf, 9.0, "warning: ΔF: 4.00 kJ/mol, 95 % interval not bounded."),
    ],
)
def test_a_number_is_set_beside_its_reference(
    run: BiasedRun, numbers: dict[str, Any], low: float, high: float, known: float, expected: str
):  # fmt: skip
    found = {"ΔF": free_energy.Interval(value=4.0, low=low, high=high)}
    page = simulation_page(
        run, facts={}, profiles=numbers["profiles"], differences=found, references={"ΔF": known}
    )
    assert expected in verdict(page)


def test_numbers_stand_in_tables_with_their_intervals(
    page: Page, read: Callable[[str], Any], numbers: dict[str, Any]
):
    words = read(render(page)).words
    crossings = numbers["transitions"]["A → B"]
    assert {f"{crossings.forward}", f"{crossings.backward}", "4,000", "400,000"} <= set(words)
    assert "opes: barrier" in words
    assert any(re.fullmatch(rf"phi {MINUS}\d+°", one) for one in words)


def test_profiles_of_one_coordinate_share_a_figure(
    run: BiasedRun, numbers: dict[str, Any], drawn: Callable[[str], Any]
):
    one = numbers["profiles"]["this run"]
    (first, *_) = simulation_sections(run, profiles={"this run": one, "half": one})
    assert len(first.figures) == 1
    assert {"this run", "half"} <= set(drawn(first.figures[0].svg).words)


def test_an_angle_is_drawn_in_degrees(page: Page, drawn: Callable[[str], Any]):
    profile, free_map, *_ = figures(page)
    for figure in (profile, free_map):
        assert {f"{MINUS}180", "180"} <= set(drawn(figure.svg).ticks("x"))


def test_the_barrier_is_marked_at_its_height(
    run: BiasedRun, numbers: dict[str, Any], drawn: Callable[[str], Any]
):
    x = np.tile(np.repeat([-1.0, 0.0, 1.0, 0.0], [300, 5, 100, 5]), 20)
    found = free_energy.profile(x, edges=np.linspace(-1.5, 1.5, 4), temperature=300.0)
    way = free_energy.barrier(found, (-2, -0.5), (0.5, 2))
    first, second, *_ = simulation_sections(
        run, profiles={"x": found}, barriers={"x": way}, minima={"x": free_energy.minima(found)}
    )
    assert {"0.0", "8.5"} <= set(drawn(first.figures[0].svg).words)
    assert "barrier of 8.5 kJ/mol" in first.figures[0].alt
    assert second.tables[0].caption == "Minima, the lowest first"


def test_minima_that_are_noise_are_left_out_and_said_so(run: BiasedRun):
    x = np.concatenate([np.repeat(k + 0.5, 900 if k % 2 == 0 else 10) for k in range(21)])
    x = np.random.default_rng(1).permutation(x)
    found = free_energy.profile(x, edges=np.arange(22.0), temperature=300.0)
    low = free_energy.minima(found)
    assert len(low) > 6
    sections = simulation_sections(run, profiles={"x": found}, minima={"x": low})
    table = sections[1].tables[0]
    assert len(table.rows) == 6
    assert f"x: {len(low) - 6} higher minima are left out" in table.notes[-1]


def test_an_unbiased_run_has_no_bias_to_show(numbers: dict[str, Any]):
    sections = simulation_sections(
        make_run(400, method="none", settings={}), profiles=numbers["profiles"]
    )
    (bias,) = [one for one in sections if one.title == "The bias"]
    assert bias.figures == ()


def test_names_of_anything_are_only_shown(
    numbers: dict[str, Any], evils: tuple[str, ...], assert_safe: Callable[[str], Any]
):
    one, (first, second, third, *_) = numbers["profiles"]["this run"], evils
    drawn_too = [Observable(Coordinate(name=evil, unit=evil), np.zeros(200)) for evil in evils]
    page = simulation_page(
        make_run(200, names=(first,), settings={evil: evil for evil in evils}), title=first,
        facts={evil: evil for evil in evils}, observables=drawn_too,
        profiles=dict.fromkeys(evils[:6], one), maps={third + "2": numbers["maps"]["phi and c"]},
        differences=dict.fromkeys(evils, numbers["differences"]["ΔF"]),
        courses={second: numbers["courses"]["ΔF"]}, minima={first: numbers["minima"]["this run"]},
        transitions=dict.fromkeys(evils, numbers["transitions"]["A → B"]),
        cores={first: dict.fromkeys(evils, A)}, beside={"phi": dict.fromkeys(evils, Curve.of(one))},
    )  # fmt: skip
    assert_safe(render(page))


def test_profiles_and_maps_have_their_own_labels_and_dimensions(
    run: BiasedRun, numbers: dict[str, Any]
):
    along, over = numbers["profiles"]["this run"], numbers["maps"]["phi and c"]
    with pytest.raises(SpecError, match="both a profile and a map"):
        simulation_sections(run, profiles={"x": along}, maps={"x": over})
    with pytest.raises(SpecError, match="2 coordinates"):
        simulation_sections(run, profiles={"x": over})
    with pytest.raises(SpecError, match="1 coordinates"):
        simulation_sections(run, profiles={}, maps={"x": along})


def test_frames_that_count_are_those_of_kish():
    log_weight = np.random.default_rng(1).normal(size=50) + 900
    found = frames_that_count(log_weight)
    wanted = [free_energy.effective_size(log_weight[: n + 1]) for n in range(50)]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
