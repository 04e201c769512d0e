"""Cv: reports on a learned collective variable."""

from __future__ import annotations

from sciae.report.cv.pages import cv_page, cv_sections

__all__ = ["cv_page", "cv_sections"]
