"""Tables: the numbers of a biased run, with units and intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.report.page import Cell, Numbers
from sciae.report.words import DASH, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.free_energy import Barrier, Interval, Minimum, Profile, Transitions

__all__ = [
    "barriers_table", "differences_table", "interval_cell", "interval_words", "minima_table",
    "transitions_table",
]  # fmt: skip

UNBOUNDED = "not bounded"
MOST = 6  # minima of a profile or a map


def interval_words(low: float, high: float) -> str:
    """An interval in brackets; words if the data cannot say.

    Examples
    --------
    >>> interval_words(9.41, 10.52), interval_words(float("-inf"), float("inf"))
    ('[9.41, 10.5]', 'not bounded')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNBOUNDED
    return f"[{number(low)}, {number(high)}]"


def interval_cell(one: Interval) -> Cell:
    """The value, its interval below it."""
    return Cell(number(one.value), interval_words(one.low, one.high))


def differences_table(
    differences: Mapping[str, Interval], reference: Mapping[str, float] | None = None
) -> Numbers | None:
    """Each number with its interval, and beside a reference; None without any.

    Parameters
    ----------
    differences : mapping of str to Interval
    reference : mapping of str to float, optional
        Known values, in the same units.
    """
    if not differences:
        return None
    known = reference or {}
    rows = tuple(
        (
            Cell(name, one.unit),
            interval_cell(one),
            *((_beside(one, known.get(name)),) if known else ()),
        )
        for name, one in differences.items()
    )
    unbounded = any(not math.isfinite(one.high - one.low) for one in differences.values())
    return Numbers(
        header=("", "value", *(("reference",) if known else ())),
        rows=rows,
        caption="Free energy differences",
        notes=("95 % intervals.", *((f"{UNBOUNDED}: too few crossings to say.",) * unbounded)),
    )


def _beside(one: Interval, known: float | None) -> Cell:
    if known is None:
        return Cell(DASH)
    inside = one.low <= known <= one.high
    return Cell(number(known), "inside" if inside else "outside")


def transitions_table(transitions: Mapping[str, Transitions]) -> Numbers | None:
    """Crossings between core sets, per ns, and how long each was stayed in; None without any."""
    if not transitions:
        return None
    rows = tuple(
        (
            Cell(name),
            Cell(f"{one.forward:,}"),
            Cell(f"{one.backward:,}"),
            Cell(number(one.per_ns)),
            *(Cell(_wait(time)) for time in one.residence),
        )
        for name, one in transitions.items()
    )
    return Numbers(
        header=("", "forward", "backward", "per ns", "stay before (ps)", "stay after (ps)"),
        rows=rows,
        caption="Transitions between core sets",
        notes=(
            "A transition is counted when one core is entered after the other; jitter is none.",
            "Stays are those of the biased run, not waiting times of the molecule.",
        ),
    )


def _wait(time: float) -> str:
    return number(time) if math.isfinite(time) else "never left"


def barriers_table(
    barriers: Mapping[str, Barrier], profiles: Mapping[str, Profile]
) -> Numbers | None:
    """The lowest way over, from either side; None without any."""
    if not barriers:
        return None
    rows = tuple(
        (
            Cell(name),
            interval_cell(one.forward),
            interval_cell(one.backward),
            Cell(_place(one.at, profiles.get(name))),
        )
        for name, one in barriers.items()
    )
    return Numbers(
        header=("", "forward (kJ/mol)", "backward (kJ/mol)", "at"),
        rows=rows,
        caption="Barriers along the lowest way",
        notes=(
            "95 % intervals.",
            "Along another coordinate a barrier has another height; of a poor one it is too low.",
        ),
    )


def minima_table(
    minima: Mapping[str, Sequence[Minimum]], profiles: Mapping[str, Profile]
) -> Numbers | None:
    """Where the basins are, how high and how deep; None without any."""
    rows = tuple(
        (
            Cell(f"{place}", label),
            Cell(_place(one.at, profiles.get(label))),
            Cell(number(one.F)),
            Cell(number(one.depth) if math.isfinite(one.depth) else "deepest"),
        )
        for label, found in minima.items()
        for place, one in enumerate(found[:MOST], 1)
    )
    if not rows:
        return None
    return Numbers(
        header=("minimum", "at", "F (kJ/mol)", "depth (kJ/mol)"),
        rows=rows,
        caption="Minima, the lowest first",
        notes=(
            "Depth: up to the lowest pass to a deeper one; “deepest” of what visited bins join.",
            *_left_out(minima),
        ),
    )


def _left_out(minima: Mapping[str, Sequence[Minimum]]) -> list[str]:
    """What is not shown, and what it means that there is so much."""
    return [
        f"{label}: {len(found) - MOST} higher minima are left out; so many are noise."
        for label, found in minima.items()
        if len(found) > MOST
    ]


def _place(point: tuple[float, ...], profile: Profile | None) -> str:
    """Coordinates with their names, angles in degrees."""
    if profile is None:
        return ", ".join(map(number, point))
    named = zip(profile.names, profile.units, point, strict=True)
    return ", ".join(
        f"{name} {number(math.degrees(math.remainder(at, math.tau)), decimals=0)}°"
        if unit == "rad"
        else f"{name} {number(at)}" + (f" {unit}" if unit != "1" else "")
        for name, unit, at in named
    )
