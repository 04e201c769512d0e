from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.report import render
from sciae.report.cv import cv_page, cv_sections
from sciae.report.figures.coordinate import Coordinate, Observable
from sciae.report.words import MINUS
from sciae.tasks.cv import Association, Purity, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.report import Page
    from sciae.tasks.cv import Learned

FACTS = {"Input": "ala2.dcd"}
SENSITIVITY = Sensitivity(("psi", "phi"), np.array([[0.25], [0.75]]))
PURITY = Purity(0.97, 0.91, {0: 0.99, 1: 0.83}, 0.72, "Whole trajectories are held out.")


@pytest.fixture(scope="module")
def full(make_learned: Callable[..., Learned]):
    """A page with everything in it."""
    rng = np.random.default_rng(1)
    phi = rng.uniform(-np.pi, np.pi, 300)
    angle = Coordinate(name="phi", unit="rad", period=2 * np.pi)
    radius = Coordinate(name="rg", unit="nm")
    return cv_page(
        make_learned(),
        facts=FACTS,
        values=np.sin(phi)[:, None],
        observables=[Observable(angle, phi), Observable(radius, np.abs(phi))],
        sensitivity=SENSITIVITY,
        against={"phi": Association((0.91,), 0.91), "rg": Association((-0.2,), 0.2)},
        purity=PURITY,
        gradient={"s0": rng.lognormal(1, 1, 300)},
    )


def verdict(page: Page):
    return " ".join(f"{one.level}: {one.about} {one.text}" for one in page.verdict)


def figures(page: Page):
    return [figure for section in page.sections for figure in section.figures]


def test_a_page_has_all_its_parts(full: Page, assert_safe: Callable[[str], Any]):
    text = render(full)
    assert_safe(text)
    assert len(text) < 600_000
    assert [section.title for section in full.sections] == [
        "Where frames lie in it", "What it follows", "How steep it is", "How it was learned",
        "What it is",
    ]  # fmt: skip
    assert text.index("Verdict") < text.index("What was run") < text.index("<svg")


def test_every_figure_says_how_to_read_it(full: Page, assert_readable: Callable[..., None]):
    assert len(figures(full)) == 6
    for figure in figures(full):
        assert_readable(figure)


def test_scores_are_shown_with_what_they_are(full: Page, read: Callable[[str], Any]):
    words = read(render(full)).words
    for shown in (
        "1.912",
        "1.870",
        "0.4300",
        "vamp2",
        "0.91",
        f"{MINUS}0.20",
        "83.0 %",
        "kind",
        "time-lagged",
        "32, 16",
    ):
        assert shown in words


def test_the_verdict_says_what_scores_do_not_show(full: Page):
    assert "it explains 43.0 % of the variance, VAMP-2 is 1.91 and GMRQ is 1.87" in verdict(full)
    assert "None of these numbers is evidence" in verdict(full)
    assert "97.0 % of the held-out frames lie among their own state" in verdict(full)
    assert "Mostly phi (75.0 %) and psi (25.0 %)" in verdict(full)


def test_a_variable_of_two_is_a_map(make_learned: Callable[..., Learned]):
    values = np.random.default_rng(1).normal(size=(100, 2))
    one = Observable(Coordinate(name="rg"), values[:, 0])
    (first, *_) = cv_sections(
        make_learned(2), values=values, observables=[one], states=["a", "b"] * 50
    )
    assert [figure.alt for figure in first.figures] == [
        "Frames over s0 and s1, coloured by state.", "Frames over s0 and s1, coloured by rg.",
    ]  # fmt: skip


def test_states_may_be_an_array(make_learned: Callable[..., Learned]):
    values = np.random.default_rng(1).normal(size=(100, 1))
    one = Observable(Coordinate(name="rg"), values[:, 0])
    (first, *_) = cv_sections(
        make_learned(), values=values, observables=[one], states=np.array(["a", "b"] * 50)
    )
    assert "coloured by state" in first.figures[0].alt


def test_without_anything_more_there_is_still_a_page(
    make_learned: Callable[..., Learned], assert_safe: Callable[[str], Any]
):
    page = cv_page(make_learned(history=(), time_scales={}), facts={})
    assert_safe(render(page))
    assert [s.title for s in page.sections] == [
        "How steep it is", "How it was learned", "What it is",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"still": 0.3}, "warning: Shape: Flat: coordinate 0 has nearly no gradient on 30 %"),
        ({"effective_rows": 12.0}, "warning: Data: The weights leave 12.0 effective rows"),
        ({"time_scales": {5: (10.0,), 10: (20.0,)}}, "warning: Slowness: The slowest implied"),
        ({"time_scales": {5: (3.0,), 10: (3.0,)}}, "warning: Slowness: Nothing that it shows"),
        ({"time_scales": {5: (10.0,), 10: (11.0,)}}, "good: Slowness: The slowest implied"),
        ({"notes": ("a collapsed coordinate",)}, "warning: Learning: A collapsed coordinate."),
        ({"scores": {"vamp2": np.nan}}, "warning: Held out: No held-out score is known."),
        ({"held_out": False}, "warning: Not held out: On what it was learned from"),
    ],
)
def test_what_is_wrong_is_said(
    make_learned: Callable[..., Learned], changes: dict[str, Any], expected: str
):
    assert expected in verdict(cv_page(make_learned(**changes), facts={}))


def test_names_of_anything_are_only_shown(
    make_learned: Callable[..., Learned], evils: tuple[str, ...], assert_safe: Callable[[str], Any]
):
    first, *_ = evils
    learned = make_learned(
        about=dict.fromkeys(evils, first), kind=first, notes=evils, scores=dict.fromkeys(evils, 1.0)
    )
    values = np.random.default_rng(1).normal(size=(110, 1))
    page = cv_page(
        learned, facts=dict.fromkeys(evils, first), values=values, title=first,
        observables=[Observable(Coordinate(name=one, unit=one), values[:, 0]) for one in evils],
        states=list(evils) * 10, sensitivity=Sensitivity(evils, np.ones((len(evils), 1))),
        against=dict.fromkeys(evils, Association((0.5,), 0.5)),
        gradient={one: np.exp(values[:, 0]) for one in evils[:4]},
    )  # fmt: skip
    assert_safe(render(page))


def test_equal_pages_are_equal_bytes(make_learned: Callable[..., Learned]):
    first, second = (cv_page(make_learned(), facts=FACTS, sensitivity=SENSITIVITY) for _ in "ab")
    assert render(first) == render(second)
