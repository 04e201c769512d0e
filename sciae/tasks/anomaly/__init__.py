"""Anomaly detection: scores in nats, p-values that hold, thresholds with their interval."""

from __future__ import annotations

from sciae.tasks.anomaly.baselines import pca_error
from sciae.tasks.anomaly.conformal import Calibration, Threshold
from sciae.tasks.anomaly.curves import Estimate, Evaluation, Roc, evaluate, roc
from sciae.tasks.anomaly.detector import Detector, calibrate, load, save, score, score_stream
from sciae.tasks.anomaly.recipe import TRAINING, default_model
from sciae.tasks.anomaly.scores import Scores, Tally

__all__ = [
    "TRAINING", "Calibration", "Detector", "Estimate", "Evaluation", "Roc", "Scores", "Tally",
    "Threshold", "calibrate", "default_model", "evaluate", "load", "pca_error", "roc", "save",
    "score", "score_stream",
]  # fmt: skip
