"""Reports: one HTML file each, without script or network, made to be read and printed.

Nothing heavy is imported before a figure is drawn; figures need ``sciae[report]``.

Examples
--------
>>> import tempfile
>>> page = Page("A run", (Finding("note", "3 rows scored."),), {"Input": "a.root"})
>>> with tempfile.TemporaryDirectory() as folder:
...     write_page(f"{folder}/report.html", page)
"""

from __future__ import annotations

from sciae.report.anomaly import AGAINST, comparison_page, fit_page, maps_of, score_page
from sciae.report.cv import cv_page, cv_sections
from sciae.report.figures import ErrorMap
from sciae.report.figures.coordinate import Coordinate, Observable
from sciae.report.figures.free_energy import Curve
from sciae.report.manifest import facts
from sciae.report.page import Cell, Figure, Finding, Numbers, Page, Section, render, write_page
from sciae.report.simulation import (
    Round,
    rounds_page,
    rounds_sections,
    simulation_page,
    simulation_sections,
)

__all__ = [
    "AGAINST", "Cell", "Coordinate", "Curve", "ErrorMap", "Figure", "Finding", "Numbers",
    "Observable", "Page", "Round", "Section", "comparison_page", "cv_page", "cv_sections",
    "facts", "fit_page", "maps_of", "render", "rounds_page", "rounds_sections", "score_page",
    "simulation_page", "simulation_sections", "write_page",
]  # fmt: skip
