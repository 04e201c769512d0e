from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from sciae.errors import SpecError
from sciae.free_energy import Interval
from sciae.report import render
from sciae.report.simulation import Round, rounds_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.report import Page


def make(*rates: float, deltas: tuple[Interval | None, ...] = (), name: str = "time-lagged"):
    deltas = deltas or (None,) * len(rates)
    return [
        Round(
            name=name, time=5000.0, transitions_per_ns=rate, n_eff=40.0 * rate, coverage=0.4,
            delta=delta, note=name,
        )
        for rate, delta in zip(rates, deltas, strict=True)
    ]  # fmt: skip


def verdict(page: Page):
    return " ".join(f"{one.level}: {one.about} {one.text}" for one in page.verdict)


def interval(value: float, half: float):
    return Interval(value=value, low=value - half, high=value + half)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((1.0, 8.0), "good: Learning again helped: 1.00 transitions per ns in the first round"),
        ((8.0, 1.0), "warning: Learning again hurt:"),
        ((8.0, 8.1), "note: Learning again changed little:"),
        ((1.0, 2.0, 8.0), "note: Still improving:"),
        ((1.0, 8.0, 7.0), "note: Levelled off: Round 2 has the most"),
    ],
)
def test_whether_rounds_help_is_said(rates: tuple[float, ...], expected: str):
    assert expected in verdict(rounds_page(make(*rates), facts={}))


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ((interval(9.0, 1), interval(9.5, 1)), "good: Agreement: ΔF of rounds 1 and 2 give 9.00"),
        ((interval(4.0, 1), interval(9.5, 1)), "warning: Disagreement:"),
    ],
)
def test_rounds_that_disagree_are_said_to(deltas: tuple[Interval, ...], expected: str):
    assert expected in verdict(rounds_page(make(1.0, 2.0, deltas=deltas), facts={}))


def test_an_interval_without_bounds_agrees_with_nothing():
    deltas = (Interval(value=4.0, low=-math.inf, high=math.inf), interval(9.0, 1))
    page = rounds_page(make(1.0, 2.0, deltas=deltas), facts={})
    assert "greement" not in verdict(page)
    assert "not bounded" in render(page)


def test_a_page_has_a_figure_and_a_row_per_round(
    assert_safe: Callable[[str], Any], read: Callable[[str], Any]
):
    page = rounds_page(make(1.0, 8.0, deltas=(None, interval(9.9, 0.5))), facts={"Input": "x"})
    assert_safe(render(page))
    figure, table = page.sections[0].figures[0], page.sections[1].tables[0]
    assert len(table.rows) == 2
    assert "Bad:" in figure.caption
    assert {"9.90", "[9.40, 10.4]", "5.00", "40.0 %"} <= set(read(render(page)).words)


def test_names_are_only_shown(evils: tuple[str, ...], assert_safe: Callable[[str], Any]):
    rounds = [one for evil in evils for one in make(1.0, name=evil)]
    facts = {evil: evil for evil in evils}
    assert_safe(render(rounds_page(rounds, facts=facts, title=evils[0])))


def test_no_round_is_refused():
    with pytest.raises(SpecError, match="at least one"):
        rounds_page([], facts={})
