"""Findings: what the numbers of a score come to, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from sciae.report.anomaly.checks import rank_correlation, said, share, uniformity
from sciae.report.page import Finding
from sciae.report.words import listed, number, percent, with_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sciae.tasks.anomaly import Estimate, Evaluation, Scores

    Floats = NDArray[np.float64]

__all__ = ["calibrated", "follows", "separates", "strange_share"]

CHANCE = 0.5
TAIL = 0.3  # the signal efficiency at which rejections are compared
RANKS = ("better than", "worse than", "not told apart from")
RATE = 0.01
DOUBTFUL = 0.01  # of a test's p-value
WEAK, STRONG = 0.1, 0.3  # of a rank correlation


def separates(
    evaluations: Mapping[str, Mapping[str, Evaluation]],
    background: Scores | None = None,
    signals: Mapping[str, Scores] | None = None,
    *,
    complexity: str = "jet_multiplicity",
) -> tuple[Finding, ...]:
    """For each signal, whether the model is better than chance and than each baseline.

    Parameters
    ----------
    evaluations : mapping of signal to mapping of method to Evaluation
        The model first.
    background : Scores, optional
    signals : mapping of str to Scores, optional
    complexity : str
        A carried column that says how busy a row is.
    """
    found = []
    for signal, methods in evaluations.items():
        name, *_ = methods
        kind = _busier(background, (signals or {}).get(signal), complexity)
        found.append(_against(signal, kind, name, methods))
    return tuple(found)


def _against(signal: str, kind: str, name: str, methods: Mapping[str, Evaluation]) -> Finding:
    model = methods[name].auc
    text = f"AUC {with_interval(model, decimals=3)}.{kind}"
    if model.high < CHANCE:
        text += (
            " Below 0.5: the score ranks this signal as more normal than background, and a "
            "cut on large scores removes it."
        )
    elif not model.low > CHANCE:
        text += " Not told apart from chance."
    text += "" if len(methods) > 1 else " No baseline was given."
    areas = _ranking({m: one.auc for m, one in methods.items()})
    text += f" By AUC, it is {_said(areas)}." if areas else ""
    tails = _ranking(
        {m: one.rejection[TAIL] for m, one in methods.items() if TAIL in one.rejection}
    )
    text += f" By rejection at an efficiency of {TAIL}, it is {_said(tails)}." if tails else ""
    return Finding(_level(model, areas), text, f"{signal}:")


def _level(
    model: Estimate, areas: Mapping[str, Sequence[str]]
) -> Literal["good", "note", "warning"]:
    if "worse than" in areas or not model.low > CHANCE:
        return "warning"
    return "good" if list(areas) == ["better than"] else "note"


def _ranking(found: Mapping[str, Estimate]) -> dict[str, list[str]]:
    """The baselines that the model, first, is better than, worse than, or neither."""
    ranks: dict[str, list[str]] = {}
    if not found or math.isnan(next(iter(found.values())).low):
        return ranks
    (_, model), *baselines = found.items()
    for name, other in baselines:
        if math.isnan(other.low):
            continue
        better, worse = model.low > other.high, model.high < other.low
        word = "better than" if better else "worse than" if worse else "not told apart from"
        ranks.setdefault(word, []).append(name)
    return {word: ranks[word] for word in RANKS if word in ranks}


def _said(ranks: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{word} {listed(names)}" for word, names in ranks.items())


def _busier(background: Scores | None, signal: Scores | None, column: str) -> str:
    """Whether a signal is simpler or busier than background; "" if not known."""
    if background is None or signal is None:
        return ""
    known, new = (_finite(one.carried.get(column)) for one in (background, signal))
    if not len(known) or not len(new):
        return ""
    ours, theirs = float(np.median(new)), float(np.median(known))
    word = "As busy as" if ours == theirs else "Busier than" if ours > theirs else "Simpler than"
    return f" {word} background (median {column} {ours:g}, against {theirs:g})."


def _finite(values: NDArray[np.generic] | None) -> Floats:
    if values is None or values.dtype.kind not in "fiu":
        return np.zeros(0)
    floats = values.astype(np.float64)
    return floats[np.isfinite(floats)]


def calibrated(background: Scores, calibration_rows: float) -> Finding:
    """Whether p-values of background that was not calibrated with are uniform."""
    test = uniformity(background.p_value, calibration_rows)
    if test is None:
        return Finding(
            "note",
            f"{len(background)} background rows are too few to check the p-values.",
            "Calibration:",
        )
    flagged = share(int((background.p_value <= RATE).sum()), len(background))
    rate = (
        f"{percent(flagged.value)} [{percent(flagged.low)}, {percent(flagged.high)}] of the "
        f"background has p ≤ {RATE}"
    )
    tested = f"Kolmogorov-Smirnov p = {number(test.p, 2)}, distance {number(test.distance, 2)}"
    if test.p > DOUBTFUL:
        return Finding(
            "good", f"p-values on background agree with uniform ({tested}); {rate}.", "Calibration:"
        )
    return Finding(
        "warning",
        f"p-values on background are not uniform ({tested}); {rate}. It "
        "differs from the calibration rows, or many scores are equal: do "
        "not rely on thresholds.",
        "Calibration:",
    )


def strange_share(scores: Scores) -> Finding:
    """Whether more rows are strange than background would give."""
    if len(scores) == 0:
        return Finding("note", "No rows were scored.")
    found = share(int((scores.p_value <= RATE).sum()), len(scores))
    text = (
        f"{len(scores):,} rows scored; {percent(found.value)} [{percent(found.low)}, "
        f"{percent(found.high)}] have p ≤ {RATE}, where {percent(RATE)} is expected if all "
        "are background."
    )
    if found.low > RATE:
        return Finding(
            "note",
            f"{text} More than expected: something here is unlike the "
            "background that was calibrated with.",
        )
    if found.high < RATE:
        return Finding(
            "note",
            f"{text} Fewer than expected: these rows are more normal than the calibration rows.",
        )
    return Finding("note", f"{text} That agrees.")


def follows(
    scores: Scores, against: Mapping[str, str], *, sample: str, known: bool = True
) -> tuple[Finding, ...]:
    """How strongly the score follows each carried column that is there.

    Parameters
    ----------
    scores : Scores
    against : mapping of str to str
        Columns, and their labels.
    sample : str
        What the rows are called.
    known : bool
        Whether they are background: otherwise a trend may be the signal itself.
    """
    found = ((label, rank_correlation(*paired(scores, one))) for one, label in against.items())
    return tuple(_trend(label, rho, sample, known) for label, rho in found if rho is not None)


def _trend(label: str, rho: Estimate, sample: str, known: bool) -> Finding:  # noqa: FBT001
    about, text = f"Score against {label}:", f"{said(rho)} on {sample}."
    if abs(rho.value) < WEAK:
        return Finding("good" if known else "note", f"{text} No trend to speak of.", about)
    if not known:
        return Finding("note", f"{text} Among unknown rows this may be the signal itself.", about)
    if abs(rho.value) < STRONG:
        return Finding("note", f"{text} A weak trend.", about)
    return Finding("warning", f"{text} A cut on the score reshapes this column.", about)


def paired(scores: Scores, column: str) -> tuple[Floats, Floats]:
    """The carried column and the score, where the column is finite; empty if it is not there."""
    values = scores.carried.get(column)
    if values is None or values.dtype.kind not in "fiu" or values.ndim != 1:
        return np.zeros(0), np.zeros(0)
    fine = np.isfinite(values)
    return values[fine].astype(np.float64), scores.score[fine]
