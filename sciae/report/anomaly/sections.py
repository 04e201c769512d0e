"""Sections that several pages share: what was learnt, how, and the thresholds it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.report.anomaly import tables
from sciae.report.anomaly.training import fields_table, model_text, training_table
from sciae.report.figures import training_history
from sciae.report.page import Section

if TYPE_CHECKING:
    from sciae.autoencoders.fit import Fitted
    from sciae.tasks.anomaly import Detector

__all__ = ["learnt", "thresholds", "training"]


def learnt(fitted: Fitted) -> Section:
    """The model in a sentence, and what it reads."""
    model = fitted.model
    return Section("What was learnt", (model_text(model),), tables=(fields_table(model),))


def training(fitted: Fitted) -> Section:
    """Each term by epoch, and at the epoch kept."""
    return Section("Training", figures=training_history(fitted), tables=(training_table(fitted),))


def thresholds(detector: Detector) -> Section:
    """What score to cut at for a rate of false alarms."""
    return Section("Thresholds", tables=(tables.thresholds(detector.calibration),))
