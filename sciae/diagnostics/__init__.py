"""Diagnostics: whether a fitted model may be believed, in numbers and in words."""

from __future__ import annotations

from sciae.diagnostics.curve import (
    OperatingPoint,
    RateDistortion,
    operating_point,
    rate_distortion,
)
from sciae.diagnostics.disentanglement import Disentanglement, disentanglement
from sciae.diagnostics.evidence import Evidence, evidence
from sciae.diagnostics.examination import Examination, examine
from sciae.diagnostics.floor import Floor, pca_floor
from sciae.diagnostics.information import Information, information
from sciae.diagnostics.probe import Probe, probe
from sciae.diagnostics.rate import Rate, directions, rate, shannon_rate, water_filling
from sciae.diagnostics.sweep import Sweep, sweep
from sciae.diagnostics.traversal import Traversal, traverse

__all__ = [
    "Disentanglement", "Evidence", "Examination", "Floor", "Information", "OperatingPoint",
    "Probe", "Rate", "RateDistortion", "Sweep", "Traversal", "directions", "disentanglement",
    "evidence", "examine", "information", "operating_point", "pca_floor", "probe", "rate",
    "rate_distortion", "shannon_rate", "sweep", "traverse", "water_filling",
]  # fmt: skip
