"""Trajectories of molecular dynamics, and time series of collective variables.

``Trajectories``
    XTC, DCD, TRR, NetCDF, PDB, ... in, one row of descriptors per frame.
``Colvar``
    COLVAR text of PLUMED and plain arrays in, one row per line.
``Frame``
    Where a row came from, and its numbers.
``GRAMMAR``
    The feature strings that `Trajectories` takes, in words.
``effective_frames``, ``jointly_weighted``
    How many frames weights leave; weights of several trajectories on one scale.
"""

from __future__ import annotations

from sciae.domains.trajectories.colvar.domain import Colvar
from sciae.domains.trajectories.domain import Trajectories
from sciae.domains.trajectories.frame import Frame
from sciae.domains.trajectories.grammar import GRAMMAR
from sciae.domains.trajectories.weights import effective_frames, jointly_weighted

__all__ = ["GRAMMAR", "Colvar", "Frame", "Trajectories", "effective_frames", "jointly_weighted"]
