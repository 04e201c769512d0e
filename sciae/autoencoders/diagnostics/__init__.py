"""Diagnostics: whether a fitted model may be believed, in numbers and in words."""

from __future__ import annotations

from sciae.autoencoders.diagnostics.curve import (
    OperatingPoint,
    RateDistortion,
    operating_point,
    rate_distortion,
)
from sciae.autoencoders.diagnostics.disentanglement import Disentanglement, disentanglement
from sciae.autoencoders.diagnostics.evidence import Evidence, evidence
from sciae.autoencoders.diagnostics.examination import Examination, examine
from sciae.autoencoders.diagnostics.floor import Floor, pca_floor
from sciae.autoencoders.diagnostics.information import Information, information
from sciae.autoencoders.diagnostics.probe import Probe, probe
from sciae.autoencoders.diagnostics.rate import Rate, directions, rate, shannon_rate, water_filling
from sciae.autoencoders.diagnostics.sweep import Sweep, sweep
from sciae.autoencoders.diagnostics.traversal import Traversal, traverse

__all__ = [
    "Disentanglement", "Evidence", "Examination", "Floor", "Information", "OperatingPoint",
    "Probe", "Rate", "RateDistortion", "Sweep", "Traversal", "directions", "disentanglement",
    "evidence", "examine", "information", "operating_point", "pca_floor", "probe", "rate",
    "rate_distortion", "shannon_rate", "sweep", "traverse", "water_filling",
]  # fmt: skip
