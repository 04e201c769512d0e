"""Engines: what moves under a bias; molecules with OpenMM, or a particle in a potential."""

from __future__ import annotations

from sciae.simulation.engines.protocol import Engine

__all__ = ["Engine"]
