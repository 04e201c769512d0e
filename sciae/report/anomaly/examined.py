"""Examined: what the code carries, and each field's error beside that of a linear map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.report.page import Cell, Finding, Numbers, Section
from sciae.report.words import number

if TYPE_CHECKING:
    from sciae.diagnostics import Examination, Floor

__all__ = ["examination_findings", "examination_section"]


def examination_findings(examination: Examination) -> tuple[Finding, ...]:
    """What the latents carry, and whether the model beats principal components."""
    found = [_code(examination)]
    if examination.floor is not None:
        text = f"On held-out rows: {examination.floor.verdict}."
        found.append(Finding("note", text, "Beside a linear map:"))
    return tuple(one for one in found if one is not None)


def _code(examination: Examination) -> Finding | None:
    rate, dead = examination.rate, examination.dead
    words = [one for one in examination.warnings if "collapse" in one or "dead codes" in one]
    if words:
        return Finding("warning", f"{'; '.join(words)}.", "Code:")
    if rate is not None:
        return Finding("good", f"{rate.verdict}.", "Code:")
    return Finding("good", f"{number(100 * dead, 2)} % of the code is never used.", "Code:")


def examination_section(examination: Examination) -> tuple[Section, ...]:
    """The table of errors by field, if there is one."""
    if examination.floor is None:
        return ()
    return (Section("What a row loses", tables=(_errors(examination.floor),)),)


def _errors(floor: Floor) -> Numbers:
    rows = tuple(
        (
            Cell(name),
            Cell(number(floor.model[name] / width)),
            Cell(number(floor.linear[name] / width)),
        )
        for name, width in floor.variance.items()
        if width > 0
    )
    return Numbers(
        header=("share of the variance that is lost", "model", "principal components"),
        rows=rows,
        caption=f"Held-out rows; both keep {floor.latent} numbers of each",
    )
