"""Figures: SVG drawings with a caption and a text for those who cannot see them."""

from __future__ import annotations

from sciae.report.figures.carried import score_against
from sciae.report.figures.distributions import p_values, score_distributions
from sciae.report.figures.history import training_history
from sciae.report.figures.maps import ErrorMap, error_maps
from sciae.report.figures.parts import mean_parts, strangest_parts
from sciae.report.figures.separation import areas, rejection_curves

__all__ = [
    "ErrorMap", "areas", "error_maps", "mean_parts", "p_values", "rejection_curves",
    "score_against", "score_distributions", "strangest_parts", "training_history",
]  # fmt: skip
