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
from sciae.report.figures import ErrorMap
from sciae.report.manifest import facts
from sciae.report.page import Cell, Figure, Finding, Numbers, Page, Section, render, write_page

__all__ = [
    "AGAINST", "Cell", "ErrorMap", "Figure", "Finding", "Numbers", "Page", "Section",
    "comparison_page", "facts", "fit_page", "maps_of", "render", "score_page", "write_page",
]  # fmt: skip
