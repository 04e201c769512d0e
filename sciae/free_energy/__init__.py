"""Free energies from weighted frames: profiles, differences, their errors, and a verdict.

Frames come with :math:`(V - c) / kT` as logarithms of their weights, and with the trajectory
or walker each belongs to; frames of one trajectory are in time order. Energies are in kJ/mol,
times in ps, temperatures in K.

``log_weight_of``, ``effective_size``, ``c_of_t``
    Weights.
``profile`` -> ``Profile``; ``minima``, ``barrier``
    F of one or two coordinates, its basins, and the lowest way between two.
``delta`` -> ``Interval``
    ΔF of two basins.
``transitions`` -> ``Transitions``; ``hysteresis``
    Crossings between core sets, and whether both directions agree.
``course``, ``drift``, ``equilibration``, ``outside``
    Whether the estimate still moves.
``examine``, ``verdict`` -> ``Verdict``
    Whether the run may be called converged, in words.
"""

from __future__ import annotations

from sciae.free_energy.bins import Bins
from sciae.free_energy.convergence import Course, course, drift, equilibration, outside
from sciae.free_energy.correlation import blocks_of, inefficiency
from sciae.free_energy.difference import delta
from sciae.free_energy.examination import examine
from sciae.free_energy.frames import Frames, frames_of
from sciae.free_energy.interval import Interval
from sciae.free_energy.landscape import Barrier, Minimum, barrier, minima
from sciae.free_energy.profile import Profile, profile
from sciae.free_energy.regions import Basin
from sciae.free_energy.transitions import Transitions, hysteresis, transitions
from sciae.free_energy.verdict import Finding, Verdict, verdict
from sciae.free_energy.weights import (
    GAS_CONSTANT,
    c_of_t,
    effective_size,
    log_weight_of,
    thermal_energy,
)

__all__ = [
    "GAS_CONSTANT", "Barrier", "Basin", "Bins", "Course", "Finding", "Frames", "Interval",
    "Minimum", "Profile", "Transitions", "Verdict", "barrier", "blocks_of", "c_of_t", "course",
    "delta", "drift", "effective_size", "equilibration", "examine", "frames_of", "hysteresis",
    "inefficiency", "log_weight_of", "minima", "outside", "profile", "thermal_energy",
    "transitions", "verdict",
]  # fmt: skip
