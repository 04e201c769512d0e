"""Pages: of a fit, of scored data, and of background beside signals."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from sciae.report.anomaly import tables
from sciae.report.anomaly.checks import FEWEST, effective_rows, rank_correlation, said
from sciae.report.anomaly.examined import examination_findings, examination_section
from sciae.report.anomaly.findings import calibrated, follows, paired, separates, strange_share
from sciae.report.anomaly.sections import learnt, thresholds, training
from sciae.report.anomaly.training import training_findings
from sciae.report.figures import (
    areas,
    error_maps,
    mean_parts,
    p_values,
    rejection_curves,
    score_against,
    score_distributions,
    strangest_parts,
)
from sciae.report.page import Finding, Page, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.autoencoders.fit import Fitted
    from sciae.diagnostics import Examination
    from sciae.report.figures import ErrorMap
    from sciae.report.page import Figure, Numbers
    from sciae.tasks.anomaly import Detector, Evaluation, Scores

    Evaluations = Mapping[str, Mapping[str, Evaluation]]

__all__ = ["AGAINST", "comparison_page", "fit_page", "score_page"]

# Carried columns that a good score does not follow, and how they are labelled.
AGAINST: Mapping[str, str] = MappingProxyType({
    "jet_mass": "jet mass (GeV)", "jet_pt": "jet pT (GeV)",
    "jet_multiplicity": "constituents in the jet",
})  # fmt: skip
RATE = 0.01
STRANGEST = 3


def fit_page(
    fitted: Fitted,
    detector: Detector,
    *,
    facts: Mapping[str, str],
    examination: Examination | None = None,
    title: str = "sciae fit",
) -> Page:
    """What was trained, whether it can be trusted, and the thresholds it gives.

    Parameters
    ----------
    fitted : Fitted
    detector : Detector
        From `fitted.model` and held-out background.
    facts : mapping of str to str
        What was run; `sciae.report.facts` makes them from a manifest.
    examination : Examination, optional
        Of `fitted`, on held-out background.
    title : str
    """
    findings = training_findings(fitted, detector)
    sections: tuple[Section, ...] = ()
    if examination is not None:
        findings += examination_findings(examination)
        sections = examination_section(examination)
    return Page(
        title,
        findings,
        facts,
        (learnt(fitted), training(fitted), *sections, thresholds(detector)),
    )


def score_page(
    scores: Scores,
    detector: Detector,
    *,
    facts: Mapping[str, str],
    evaluations: Evaluations | None = None,
    elements: Sequence[ErrorMap] = (),
    against: Mapping[str, str] = AGAINST,
    title: str = "sciae score",
) -> Page:
    """What the scores of a sample say.

    Parameters
    ----------
    scores : Scores
    detector : Detector
    facts : mapping of str to str
    evaluations : mapping of signal to mapping of method to Evaluation, optional
        Where labels are known; the model first, then the baselines.
    elements : sequence of ErrorMap
        A few rows, element by element.
    against : mapping of str to str
        Carried columns to set the score against, and their labels with units.
    title : str
    """
    name = "these rows"
    verdict = (
        strange_share(scores),
        *separates(evaluations or {}),
        *follows(scores, against, sample=name, known=False),
    )
    known = detector.calibration
    sections = [
        Section(
            "Scores and p-values",
            figures=(
                _distributions(known.scores, {"scored": scores}, detector, "calibration"),
                p_values(scores.p_value, effective_rows(known), name="scored rows"),
            ),
            tables=(tables.flagged({"scored": scores}), tables.thresholds(known)),
        ),
        *_separation(evaluations or {}),
        _section(
            "Why rows are strange",
            [
                mean_parts({"scored": scores.parts}),
                _strangest(scores, {"row": scores}, "these rows"),
            ],
            tables_=(tables.strangest(scores),) if len(scores) else (),
        ),
        _section("What the score follows", _against({name: scores}, against)),
        _section("Where in the image", error_maps(elements)),
    ]
    return Page(title, verdict, facts, tuple(s for s in sections if s is not None))


def comparison_page(
    background: Scores,
    signals: Mapping[str, Scores],
    detector: Detector,
    *,
    evaluations: Evaluations,
    facts: Mapping[str, str],
    fitted: Fitted | None = None,
    error_maps: Sequence[ErrorMap] = (),
    against: Mapping[str, str] = AGAINST,
    background_name: str = "background",
    title: str = "Anomaly detection",
) -> Page:
    """Background that was neither trained nor calibrated on, beside known signals.

    Parameters
    ----------
    background : Scores
    signals : mapping of str to Scores
    detector : Detector
    evaluations : mapping of signal to mapping of method to Evaluation
        The model first, then the baselines.
    facts : mapping of str to str
    fitted : Fitted, optional
        Adds the training.
    error_maps : sequence of ErrorMap
        A few rows, pixel by pixel.
    against : mapping of str to str
        Carried columns to set the score against, and their labels with units.
    background_name, title : str
    """
    from sciae.report import figures

    samples = {background_name: background, **signals}
    verdict = (
        *_verdict(background, signals, detector, evaluations),
        *follows(background, against, sample=background_name),
        *(training_findings(fitted, detector) if fitted else ()),
    )
    parts = [
        mean_parts({name: one.parts for name, one in samples.items()}),
        _strangest(background, signals, background_name),
    ]
    sections = [
        _scores(background, signals, detector, background_name),
        *_separation(evaluations),
        _section("What the score is made of", parts),
        _section("What the score follows", _against({background_name: background}, against)),
        _section("Where in the image", figures.error_maps(error_maps)),
        training(fitted) if fitted else None,
        thresholds(detector),
    ]
    return Page(title, verdict, facts, tuple(s for s in sections if s is not None))


def _verdict(
    background: Scores, signals: Mapping[str, Scores], detector: Detector, evaluations: Evaluations
) -> tuple[Finding, ...]:
    found = separates(evaluations, background, signals)
    if signals and not evaluations:
        found = (
            Finding(
                "note",
                "No baseline was given: nothing here shows that the model is "
                "better than a simple observable.",
            ),
        )
    return (*found, calibrated(background, effective_rows(detector.calibration)))


# ---- sections --------------------------------------------------------------------------------


def _section(
    title: str, figures: Sequence[Figure | None], *, tables_: tuple[Numbers, ...] = ()
) -> Section | None:
    there = tuple(figure for figure in figures if figure is not None)
    return Section(title, figures=there, tables=tables_) if there or tables_ else None


def _scores(
    background: Scores, signals: Mapping[str, Scores], detector: Detector, name: str
) -> Section:
    return Section(
        "Scores and p-values",
        figures=(
            _distributions(background.score, signals, detector, name),
            p_values(background.p_value, effective_rows(detector.calibration), name=name),
        ),
        tables=(tables.flagged({name: background, **signals}),),
    )


def _distributions(
    background: np.ndarray, samples: Mapping[str, Scores], detector: Detector, name: str
) -> Figure:
    """The distributions with the cut at 1 %, from ranks so that weights are no hindrance."""
    scores, p = detector.calibration.scores, detector.calibration.p_value
    passing = scores[p(scores) <= RATE]
    cut = float(passing.min()) if len(passing) else None
    return score_distributions(
        background,
        {n: one.score for n, one in samples.items()},
        name=name,
        threshold=cut,
        threshold_name="cut at a 1 % rate",
    )


def _separation(evaluations: Evaluations) -> list[Section]:
    if not evaluations:
        return []
    first = Section(
        "How well it separates",
        figures=(areas(evaluations),),
        tables=(tables.overview(evaluations),),
    )
    return [
        first,
        *(
            Section(
                f"Signal: {signal}",
                figures=(rejection_curves(signal, methods),),
                tables=(tables.separation(signal, methods),),
            )
            for signal, methods in evaluations.items()
        ),
    ]


def _strangest(background: Scores, samples: Mapping[str, Scores], name: str) -> Figure | None:
    """The strangest row of each sample, or the three strangest of the only one."""
    rows: dict[str, Mapping[str, float]] = {}
    for sample, one in samples.items():
        order = np.argsort(-one.score, kind="stable")[: STRANGEST if len(samples) == 1 else 1]
        for place, row in enumerate(order, 1):
            label = f"{sample} {place}" if len(samples) == 1 else sample
            rows[label] = {field: float(part[row]) for field, part in one.parts.items()}
    return strangest_parts(rows, background.parts, name=name)


def _against(samples: Mapping[str, Scores], against: Mapping[str, str]) -> list[Figure]:
    figures = []
    for name, scores in samples.items():
        for column, label in against.items():
            values, score = paired(scores, column)
            if len(values) >= FEWEST:
                words = said(rank_correlation(values, score))
                figures.append(score_against(score, values, label=label, sample=name, said=words))
    return figures
