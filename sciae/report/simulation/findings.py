"""Findings: the verdict on a run, condition by condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.report.page import Finding
from sciae.report.simulation.tables import interval_words
from sciae.report.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.free_energy import Interval, Profile, Verdict

__all__ = ["run_findings"]

SHARP = 2.5  # kJ/mol, 1 kT at 300 K: half of an interval that says something


def run_findings(
    verdict: Verdict | None,
    *,
    differences: Mapping[str, Interval],
    references: Mapping[str, float],
    profiles: Mapping[str, Profile],
) -> tuple[Finding, ...]:
    """Whether the run may be called converged, what it gives, and what makes that doubtful.

    Parameters
    ----------
    verdict : Verdict or None
    differences : mapping of str to Interval
    references : mapping of str to float
        Known values of some of them.
    profiles : mapping of str to Profile
    """
    warned = dict.fromkeys(
        (label, text) for label, one in profiles.items() for text in one.warnings
    )
    return (
        *_verdict(verdict),
        *(_difference(name, one, references.get(name)) for name, one in differences.items()),
        *(Finding("warning", _sentence(text), f"{label}:") for label, text in warned),
    )


def _verdict(verdict: Verdict | None) -> list[Finding]:
    """The whole first, then each condition."""
    if verdict is None:
        text = "Whether the run converged was not examined: take its numbers as a first look."
        return [Finding("warning", text, "Not examined:")]
    count, failed = len(verdict.findings), sum(not one.passed for one in verdict.findings)
    if verdict.converged:
        text = f"All {count} conditions are met. Others might not be: these were looked at."
        whole = Finding("good", text, "Converged as far as can be told:")
    else:
        text = f"{failed} of {count} conditions are not met."
        whole = Finding("warning", text, "Not converged:")
    each = [
        Finding("good" if one.passed else "warning", _sentence(one.words), f"{_upper(one.name)}:")
        for one in verdict.findings
    ]
    return [whole, *each]


def _difference(name: str, one: Interval, known: float | None) -> Finding:
    said = f"{number(one.value)} {one.unit}, 95 % interval {interval_words(one.low, one.high)}."
    if not one.known:
        text = f"{said} Too few crossings for an interval."
        return Finding("warning", text, f"{name}:")
    if known is None:
        return Finding("note", said, f"{name}:")
    if one.covers(known):
        sharp = one.high - one.low <= 2 * SHARP
        text = f"{said} The reference, {number(known)}, lies inside"
        text += "." if sharp else ", as much else would."
        return Finding("good" if sharp else "note", text, f"{name}:")
    return Finding("warning", f"{said} The reference, {number(known)}, lies outside.", f"{name}:")


def _sentence(text: str) -> str:
    return f"{_upper(text).rstrip('.')}."


def _upper(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
