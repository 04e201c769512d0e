"""Rounds: pages on learning a variable, biasing along it, and learning again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.clock import clock
from sciae.report.figures.rounds import rounds_figure
from sciae.report.page import Cell, Finding, Numbers, Page, Section
from sciae.report.simulation.tables import interval_cell
from sciae.report.words import DASH, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.free_energy import Interval

__all__ = ["Round", "rounds_page", "rounds_sections"]

BETTER = 1.25  # a factor: less is no gain to speak of


@dataclass(frozen=True, kw_only=True)
class Round:
    """What came of one round.

    Attributes
    ----------
    name : str
        Of the variable that was biased: its kind, say.
    time : float
        Simulated, of all walkers together, ps.
    transitions_per_ns : float
    n_eff : float
        Frames that count after reweighting.
    coverage : float
        Share of the map that was visited, between 0 and 1.
    delta : Interval, optional
        The free energy difference of interest.
    note : str
    """

    name: str
    time: float
    transitions_per_ns: float
    n_eff: float
    coverage: float
    delta: Interval | None = None
    note: str = ""


def rounds_page(
    rounds: Sequence[Round],
    *,
    facts: Mapping[str, str],
    sections: Sequence[Section] = (),
    title: str = "Rounds of learning and biasing",
) -> Page:
    """Whether learning again from a biased run made the next run better.

    Parameters
    ----------
    rounds : sequence of Round
        In the order in which they were run.
    facts : mapping of str to str
    sections : sequence of Section
        What stands below: of the last run, say.
    title : str

    Raises
    ------
    SpecError
        If there is no round.
    """
    return Page(title, rounds_findings(rounds), facts, (*rounds_sections(rounds), *sections))


def rounds_sections(rounds: Sequence[Round]) -> tuple[Section, ...]:
    """The figure and the table, to be put into another page."""
    if not rounds:
        raise SpecError("no round", where="rounds", expected="at least one")
    columns = np.array([(r.transitions_per_ns, r.n_eff, r.coverage) for r in rounds], float).T
    return (
        Section("Round by round", figures=(rounds_figure(*columns),)),
        Section("What each round gave", tables=(rounds_table(rounds),)),
    )


def rounds_table(rounds: Sequence[Round]) -> Numbers:
    """A row per round."""
    unit = clock([one.time for one in rounds])
    notes = any(one.note for one in rounds)
    rows = tuple(
        (
            Cell(f"{place}", one.name),
            Cell(number(float(unit.shown(one.time)))),
            Cell(number(one.transitions_per_ns)),
            Cell(number(one.n_eff)),
            Cell(percent(one.coverage)),
            Cell(DASH) if one.delta is None else interval_cell(one.delta),
            *((Cell(one.note),) if notes else ()),
        )
        for place, one in enumerate(rounds, 1)
    )
    header = (
        "round", f"time ({unit.unit})", "transitions per ns", "frames that count", "coverage",
        "ΔF", *(("note",) if notes else ()),
    )  # fmt: skip
    return Numbers(
        header=header,
        rows=rows,
        notes=("ΔF in kJ/mol with its 95 % interval.",),
    )


def rounds_findings(rounds: Sequence[Round]) -> tuple[Finding, ...]:
    """Whether the rounds improved, whether they go on doing so, and whether they agree."""
    found = [_gain(rounds), _end(rounds), _agreement(rounds)]
    return tuple(one for one in found if one is not None)


def _gain(rounds: Sequence[Round]) -> Finding | None:
    if len(rounds) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    first, last = rounds[0].transitions_per_ns, rounds[-1].transitions_per_ns
    said = f"{number(first)} transitions per ns in the first round, {number(last)} in the last"
    if last > BETTER * first:
        return Finding("good", f"{said}.", "Learning again helped:")
    if first > BETTER * last:
        return Finding("warning", f"{said}: keep the first variable.", "Learning again hurt:")
    return Finding("note", f"{said}.", "Learning again changed little:")


def _end(rounds: Sequence[Round]) -> Finding | None:
    """Whether the last round was still better than all before it."""
    if len(rounds) < 3:  # noqa: PLR2004 - one step is the gain itself
        return None
    *before, last = (one.transitions_per_ns for one in rounds)
    if last > BETTER * max(before):
        text = "The last round is still far better than those before it: another may help."
        return Finding("note", text, "Still improving:")
    best = int(np.nanargmax([one.transitions_per_ns for one in rounds])) + 1
    text = f"Round {best} has the most transitions per ns; the last is not far better than before."
    return Finding("note", text, "Levelled off:")


def _agreement(rounds: Sequence[Round]) -> Finding | None:
    """Whether the last two rounds with a bounded ΔF agree."""
    known = [
        (place, one.delta)
        for place, one in enumerate(rounds, 1)
        if one.delta is not None and math.isfinite(one.delta.low) and math.isfinite(one.delta.high)
    ]
    if len(known) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    (i, a), (j, b) = known[-2:]
    said = f"rounds {i} and {j} give {number(a.value)} and {number(b.value)} {b.unit}"
    if a.low <= b.high and b.low <= a.high:
        return Finding("good", f"ΔF of {said}, within their intervals.", "Agreement:")
    return Finding("warning", f"ΔF of {said}, outside their intervals.", "Disagreement:")
