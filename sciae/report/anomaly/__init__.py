"""Anomaly: reports on a fit, on scored data, and on background beside signals."""

from __future__ import annotations

from sciae.report.anomaly.pages import AGAINST, comparison_page, fit_page, score_page
from sciae.report.anomaly.rows import maps_of

__all__ = ["AGAINST", "comparison_page", "fit_page", "maps_of", "score_page"]
