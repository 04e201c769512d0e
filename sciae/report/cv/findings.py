"""Findings: what the numbers of a learned collective variable come to, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.report.page import Finding
from sciae.report.words import listed, number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.tasks.cv import Learned, Purity, Sensitivity

__all__ = ["learned_findings"]

FEW = 200  # effective rows
LEADING = 0.5  # share of the sensitivity
LEVEL = 1.25  # a time scale that grows by more than this over the last lags is not level


def learned_findings(
    learned: Learned, *, sensitivity: Sensitivity | None = None, purity: Purity | None = None
) -> tuple[Finding, ...]:
    """Whether the variable is sound, and what its scores are no evidence of.

    Parameters
    ----------
    learned : Learned
    sensitivity : Sensitivity, optional
    purity : Purity, optional
    """
    found = [
        _held_out(learned),
        _slow(learned),
        *_gradients(learned),
        _rows(learned),
        *map(_note, learned.notes),
        *_follows(learned, sensitivity),
        _pure(purity),
        _caution(),
    ]
    return tuple(one for one in found if one is not None)


def _held_out(learned: Learned) -> Finding:
    scores, parts = learned.scores, []
    if _known(scores.get("reconstruction")):
        parts.append(f"it explains {percent(max(0.0, scores['reconstruction']))} of the variance")
    if _known(scores.get("vamp2")):
        parts.append(f"VAMP-2 is {number(scores['vamp2'])}")
    if _known(scores.get("gmrq")):
        parts.append(f"GMRQ is {number(scores['gmrq'])}")
    if not parts:
        return Finding("warning", "No held-out score is known.", "Held out:")
    if not learned.held_out:
        return Finding("warning", f"On what it was learned from, {listed(parts)}.", "Not held out:")
    return Finding("note", f"On trajectories not learned from, {listed(parts)}.", "Held out:")


def _slow(learned: Learned) -> Finding | None:
    """Whether the slowest implied time scale levels off with the lag."""
    slowest = [(lag, times[0]) for lag, times in learned.time_scales.items() if len(times)]
    slowest = [(lag, time) for lag, time in slowest if _known(time) and time > lag]
    if not slowest and learned.time_scales:
        text = "Nothing that it shows is slower than the lag."
        return Finding("warning", text, "Slowness:")
    if len(slowest) < 2:  # noqa: PLR2004 - one lag says nothing of levelling off
        return None
    (_, before), (lag, last) = slowest[-2:]
    said = f"The slowest implied time scale is {_time(learned, last)} at lag {_time(learned, lag)}"
    if last > LEVEL * before:
        return Finding(
            "warning", f"{said}, and still rises: part of the slow motion is missed.", "Slowness:"
        )
    return Finding("good", f"{said}, and no longer rises with the lag.", "Slowness:")


def _gradients(learned: Learned) -> list[Finding]:
    words = learned.gradients.verdict
    if words:
        return [Finding("warning", words, "Shape:")]
    return [Finding("good", "It has a gradient on all of the data, and is not folded.", "Shape:")]


def _note(note: str) -> Finding:
    text = f"{note[:1].upper()}{note[1:].rstrip('.')}."
    return Finding("warning" if "collapsed" in note else "note", text, "Learning:")


def _rows(learned: Learned) -> Finding | None:
    if learned.effective_rows >= FEW:
        return None
    text = f"The weights leave {number(learned.effective_rows)} effective rows: too few to learn."
    return Finding("warning", text, "Data:")


def _follows(learned: Learned, sensitivity: Sensitivity | None) -> list[Finding]:
    """What each coordinate is mostly made of."""
    if sensitivity is None:
        return []
    return [
        Finding("note", _made_of(sensitivity.ranked(k)), f"{name} follows:")
        for k, name in enumerate(learned.variable.names)
    ]


def _made_of(ranked: Sequence[tuple[str, float]]) -> str:
    first = listed([f"{label} ({percent(share)})" for label, share in ranked[:3]])
    leads = ranked[0][1] > LEADING or len(ranked) < 4  # noqa: PLR2004 - all are named
    return f"Mostly {first}." + ("" if leads else " No feature leads.")


def _pure(purity: Purity | None) -> Finding | None:
    """States told apart by their neighbours: a warning only if chance does as well."""
    if purity is None:
        return None
    text = (
        f"{percent(purity.score)} of the held-out frames lie among their own state, "
        f"{percent(purity.balanced)} with states counted equally; always naming the largest "
        f"gives {percent(purity.chance)}."
    )
    better = purity.score > purity.chance
    return Finding("note" if better else "warning", text, "States:")


def _caution() -> Finding:
    return Finding(
        "note",
        "None of these numbers is evidence that a bias along the variable crosses the barrier. "
        "Run it, count transitions there and back, and see whether both halves of the run give "
        "the same free energy.",
        "What this does not show:",
    )


def _time(learned: Learned, rows: float) -> str:
    if learned.row_time is None:
        return f"{number(rows)} rows"
    return f"{number(rows * learned.row_time)} ps"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
