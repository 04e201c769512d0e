"""Tables: the numbers and settings of a learned collective variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.report.page import Cell, Numbers
from sciae.report.settings import setting
from sciae.report.words import DASH, MINUS, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.collective import CollectiveVariable
    from sciae.tasks.cv import Association, Learned, Purity

__all__ = [
    "coordinates_table", "parts_table", "purity_table", "relations_table", "scores_table",
    "settings_table",
]  # fmt: skip

MEANING = {
    "vamp2": "VAMP-2 on held-out pairs: larger is slower",
    "gmrq": "generalised Rayleigh quotient on held-out pairs: larger is slower",
    "reconstruction": "share of the held-out variance explained, at most 1",
}


def scores_table(learned: Learned) -> Numbers:
    """Each held-out score with what it means."""
    rows = tuple(
        (Cell(name), Cell(number(value, 4)), Cell(MEANING.get(name, "")))
        for name, value in learned.scores.items()
    )
    return Numbers(
        header=("score", "value", "what it is"),
        rows=rows,
        caption="Scores on trajectories that were not learned from",
        notes=(f"{DASH} not known: no held-out pair is that far apart.",)
        if any(value != value for value in learned.scores.values())  # noqa: PLR0124 - NaN
        else (),
        words=True,
    )


def coordinates_table(learned: Learned) -> Numbers:
    """Range, period and gradient of each coordinate of the variable."""
    variable, gradients = learned.variable, learned.gradients
    rows = tuple(
        (
            Cell(name),
            Cell(f"{number(float(variable.low[k]))} to {number(float(variable.high[k]))}"),
            Cell(DASH if variable.periods[k] is None else number(float(variable.periods[k] or 0))),
            Cell(number(float(gradients.ratio[k]))),
            Cell(percent(float(gradients.still[k]))),
        )
        for k, name in enumerate(variable.names)
    )
    return Numbers(
        header=("coordinate", "range", "period", "gradient, 1 % over 99 %", "without gradient"),
        rows=rows,
        caption="Coordinates of the variable",
        notes=(
            "Gradient: per standard deviation of the inputs; first over 99th percentile.",
            "Without: share of frames whose gradient is below a hundredth of the median.",
            f"Folded: {percent(gradients.folded)} of the bins hold two separate groups of frames.",
        ),
    )


def parts_table(variable: CollectiveVariable) -> Numbers | None:
    """What the variable is computed from; None if from raw numbers."""
    if variable.descriptors is None:
        return None
    rows = tuple(
        (
            Cell(part.name),
            Cell(type(part).__name__),
            Cell(f"{part.width:,}"),
            Cell("" if part.unit == "1" else part.unit),
        )
        for part in variable.descriptors.parts
    )
    return Numbers(
        header=("part", "kind", "numbers", "unit"),
        rows=rows,
        caption=f"What it reads: {len(variable.descriptors.used):,} of "
        f"{variable.descriptors.atoms:,} atoms",
        words=True,
    )


def settings_table(learned: Learned) -> Numbers | None:
    """What was asked for, as the saved variable carries it; None if it carries nothing."""
    about = learned.variable.about
    if not about:
        return None
    rows = tuple((Cell(str(name)), Cell(setting(value))) for name, value in about.items())
    return Numbers(header=("setting", "value"), rows=rows, caption="Settings", words=True)


def relations_table(against: Mapping[str, Association], names: Sequence[str]) -> Numbers | None:
    """The correlation of each coordinate, and of all together, with observables."""
    if not against:
        return None
    several = len(names) > 1
    rows = tuple(
        (
            Cell(observable),
            *(Cell(number(value, decimals=2)) for value in one.each),
            *((Cell(number(one.together, decimals=2)),) if several else ()),
        )
        for observable, one in against.items()
    )
    return Numbers(
        header=("observable", *names, *(("together",) if several else ())),
        rows=rows,
        caption="Correlation with observables that were not learned from",
        notes=(f"From {MINUS}1 to 1; where one is an angle, and together, from 0 to 1.",),
    )


def purity_table(purity: Purity | None) -> Numbers | None:
    """How many held-out frames of each state have neighbours of that state."""
    if purity is None:
        return None
    rows = tuple((Cell(str(s)), Cell(percent(share))) for s, share in purity.by_state.items())
    return Numbers(
        header=("state", "among their own"),
        rows=rows,
        caption="Held-out frames by state",
        notes=(purity.note,) if purity.note else (),
    )
