"""Bias potentials of a few collective variables: grid, restraints and walls in one function.

A bias acts through its :attr:`Bias.tables` alone, a tuple of arrays that compiled code reads
with :func:`bias_energy`; :meth:`Bias.deposit` changes those arrays in place, so that
whoever holds them sees the new bias at once.

========================  ===========================================================
`Opes`                    on-the-fly probability enhanced sampling
`WellTempered`            well-tempered metadynamics
`Static`                  a bias given once, from values or from a free energy
`Umbrella`                one harmonic restraint; `windows` lays several out
========================  ===========================================================

Energies are kJ/mol; `kt` is the gas constant times the temperature, in the same unit.
"""

from __future__ import annotations

from sciae.simulation.bias.energy import Tables, Walls, bias_energy
from sciae.simulation.bias.grid import Grid
from sciae.simulation.bias.opes import Opes
from sciae.simulation.bias.protocol import Bias, EnergyAndGradient
from sciae.simulation.bias.static import Static, project
from sciae.simulation.bias.umbrella import Umbrella, windows
from sciae.simulation.bias.well_tempered import WellTempered

__all__ = [
    "Bias",
    "EnergyAndGradient",
    "Grid",
    "Opes",
    "Static",
    "Tables",
    "Umbrella",
    "Walls",
    "WellTempered",
    "bias_energy",
    "project",
    "windows",
]
