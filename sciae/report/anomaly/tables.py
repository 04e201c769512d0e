"""Tables: separation, thresholds, flagged shares, strangest rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError, SpecError
from sciae.report.anomaly.checks import share
from sciae.report.page import Cell, Numbers
from sciae.report.words import DASH, interval, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.tasks.anomaly import Calibration, Estimate, Evaluation, Scores, Threshold

__all__ = ["RATES", "flagged", "overview", "separation", "strangest", "thresholds"]

RATES = (0.1, 0.01, 0.001)
MARKS = "Bold: best of its column. ≈: its interval overlaps that of the best."
TOO_FEW = f"{DASH} fewer than 20 background rows remain: no number is given."
NO_INTERVAL = f"[{DASH}] too many bootstrap samples keep fewer than 20 background rows."


def overview(evaluations: Mapping[str, Mapping[str, Evaluation]]) -> Numbers:
    """AUC of each method on each signal."""
    signals = list(evaluations)
    methods = list(dict.fromkeys(m for one in evaluations.values() for m in one))
    columns = [_column([_auc(evaluations[s], m) for m in methods], decimals=3) for s in signals]
    return Numbers(
        header=("AUC", *signals),
        rows=tuple(
            (Cell(m), *row) for m, row in zip(methods, zip(*columns, strict=True), strict=True)
        ),
        caption="Area under the ROC, by signal",
        notes=(
            MARKS,
            "0.5 is chance; below, a signal is ranked as more normal than background.",
            "95 % bootstrap intervals.",
        ),
    )


def _auc(methods: Mapping[str, Evaluation], method: str) -> Estimate | None:
    return methods[method].auc if method in methods else None


def separation(signal: str, methods: Mapping[str, Evaluation]) -> Numbers:
    """AUC, background rejection and significance improvement of each method on a signal."""
    some = next(iter(methods.values()))
    kinds: list[tuple[str, list[Estimate | None], int | None]] = [
        ("AUC", [one.auc for one in methods.values()], 3),
        *(
            (f"rejection at ε = {e:g}", [one.rejection.get(e) for one in methods.values()], None)
            for e in some.rejection
        ),
        ("largest SIC", [one.sic for one in methods.values()], 2),
    ]
    columns = [_column(estimates, decimals=decimals) for _, estimates, decimals in kinds]
    rows = tuple(
        (Cell(m), *row) for m, row in zip(methods, zip(*columns, strict=True), strict=True)
    )
    there = [e for _, estimates, _ in kinds for e in estimates if e is not None]
    return Numbers(
        header=("", *(title for title, _, _ in kinds)),
        rows=rows,
        caption=f"{signal}: {some.signals:,} rows against {some.backgrounds:,} of background",
        notes=(
            MARKS,
            "Rejection: 1 / background efficiency at the signal efficiency ε.",
            "SIC: signal efficiency / √background efficiency, at its largest.",
            "95 % bootstrap intervals.",
            *_missing(there),
        ),
    )


def _missing(estimates: Sequence[Estimate]) -> list[str]:
    notes = [TOO_FEW] if any(math.isnan(e.value) for e in estimates) else []
    bare = any(math.isnan(e.low) and not math.isnan(e.value) for e in estimates)
    return [*notes, NO_INTERVAL] if bare else notes


def _column(estimates: Sequence[Estimate | None], *, decimals: int | None) -> list[Cell]:
    """A column whose best cell is marked, and those whose interval overlaps it."""
    there = [e for e in estimates if e is not None and not math.isnan(e.value)]
    best = max(there, key=lambda e: e.value, default=None) if len(there) > 1 else None
    return [_cell(e, best, decimals) for e in estimates]


def _cell(estimate: Estimate | None, best: Estimate | None, decimals: int | None) -> Cell:
    if estimate is None or math.isnan(estimate.value):
        return Cell(DASH)
    text, detail = number(estimate.value, decimals=decimals), interval(estimate, decimals=decimals)
    if best is None:
        return Cell(text, detail)
    if estimate is best:
        return Cell(text, detail, "best")
    return Cell(text, detail, "tied" if estimate.high >= best.low else "")


def thresholds(calibration: Calibration) -> Numbers:
    """Cuts at false-positive rates of 10, 1 and 0.1 %, with what the true rate may be."""
    cuts = [_threshold(calibration, rate) for rate in RATES]
    notes = ["The interval holds the true rate with 95 % confidence, for any background."]
    if calibration.weight is not None:
        notes = [f"{DASH} such intervals need calibration rows without weights."]
    elif None in cuts:
        notes.append(f"{DASH} too few calibration rows for so small a rate.")
    return Numbers(
        header=("false-positive rate asked for", "cut: score above", "true rate, 95 % interval"),
        rows=tuple(_cut(rate, cut) for rate, cut in zip(RATES, cuts, strict=True)),
        caption=f"Thresholds, from {len(calibration):,} calibration rows",
        notes=tuple(notes),
    )


def _threshold(calibration: Calibration, rate: float) -> Threshold | None:
    try:
        return calibration.threshold(rate)
    except (DataError, SpecError):  # too few rows, or weighted: the table says so
        return None


def _cut(rate: float, cut: Threshold | None) -> tuple[Cell, ...]:
    if cut is None:
        return Cell(_rate(rate)), Cell(DASH), Cell(DASH)
    low, high = map(percent, cut.interval)
    return Cell(_rate(rate)), Cell(f"{number(cut.value, 4)} nats"), Cell(f"{low} to {high}")


def flagged(samples: Mapping[str, Scores]) -> Numbers:
    """The share of each sample that is flagged at each false-positive rate."""
    return Numbers(
        header=("flagged at a rate of", *map(_rate, RATES)),
        rows=tuple(
            (Cell(name, f"{len(scores):,} rows"), *(_share(scores, rate) for rate in RATES))
            for name, scores in samples.items()
        ),
        caption="Share of rows with a p-value at or below the rate",
        notes=(
            "Background should be flagged at the rate itself.",
            "Exact 95 % intervals of the share, the calibration taken as it is.",
        ),
    )


def _rate(rate: float) -> str:
    return f"{100 * rate:g} %"


def _share(scores: Scores, rate: float) -> Cell:
    found = share(int((scores.p_value <= rate).sum()), len(scores))
    if math.isnan(found.value):
        return Cell(DASH)
    return Cell(percent(found.value), f"[{percent(found.low)}, {percent(found.high)}]")


def strangest(scores: Scores, *, most: int = 10) -> Numbers:
    """The rows with the largest scores, where they are, and the field that makes them so.

    That is the field whose part exceeds its median over all rows by most.
    """
    order = np.argsort(-scores.score, kind="stable")[:most]
    medians = {name: float(np.median(part)) for name, part in scores.parts.items() if len(part)}
    return Numbers(
        header=("entry", "score (nats)", "p-value", "most above its median", "file"),
        rows=tuple(_strange(scores, int(row), medians) for row in order),
        caption=f"The {len(order)} strangest rows",
        words=True,
    )


def _strange(scores: Scores, row: int, medians: Mapping[str, float]) -> tuple[Cell, ...]:
    entry = row if scores.entry is None else int(scores.entry[row])
    place = DASH if scores.origin is None else scores.origins[int(scores.origin[row])].path
    return (
        Cell(str(entry)),
        Cell(number(float(scores.score[row]), 4)),
        Cell(number(float(scores.p_value[row]), 2)),
        _reason({name: float(part[row]) for name, part in scores.parts.items()}, medians),
        Cell(place),
    )


def _reason(parts: Mapping[str, float], medians: Mapping[str, float]) -> Cell:
    if not parts:
        return Cell(DASH)
    top = max(parts, key=lambda name: parts[name] - medians[name])
    return Cell(f"{top}: {number(parts[top])} nats, median {number(medians[top])}")
