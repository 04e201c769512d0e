"""Simulation: reports on a biased run, and on rounds of learning and biasing."""

from __future__ import annotations

from sciae.report.simulation.pages import simulation_page, simulation_sections
from sciae.report.simulation.rounds import Round, rounds_page, rounds_sections

__all__ = ["Round", "rounds_page", "rounds_sections", "simulation_page", "simulation_sections"]
