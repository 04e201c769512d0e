"""Simulation: molecular dynamics, or a particle in a potential, under a bias.

``simulate``
    A biased simulation from one call, in a directory that can be resumed. (The package
    ``sciae.simulation.bias`` holds the biases themselves.)
``BiasedRun``
    What it leaves: the variable, the bias and the weight of each frame.
``MolecularSystem``; ``from_pdb``, ``from_amber``, ``from_gromacs``, ``from_xml``
    Atoms with a force field.
``Static``, ``load_bias``
    A bias that does not change.

Names are imported when they are first used: OpenMM is an extra, ``pip install 'sciae[md]'``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "BiasedRun", "MolecularSystem", "Static", "from_amber", "from_gromacs", "from_pdb",
    "from_xml", "load_bias", "simulate",
]  # fmt: skip

MODULES = {
    "BiasedRun": "sciae.simulation.biased_run",
    "MolecularSystem": "sciae.simulation.system",
    "Static": "sciae.simulation.bias",
    "from_amber": "sciae.simulation.structures",
    "from_gromacs": "sciae.simulation.structures",
    "from_pdb": "sciae.simulation.structures",
    "from_xml": "sciae.simulation.structures",
    "load_bias": "sciae.simulation.snapshots",
    "simulate": "sciae.simulation.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in MODULES:
        return getattr(import_module(MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
