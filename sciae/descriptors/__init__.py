"""Descriptors: differentiable functions of atomic coordinates, in nm and rad.

``Descriptors``
    Several parts of one molecule: their values over frames, as torch operations, or compiled
    for one frame at a time with their pull-back (vector-Jacobian product).
``Distances``, ``InverseDistances``, ``Contacts``
    Of pairs of atoms.
``Angles``, ``Torsions``
    Of triples and quadruples.
``Coordination``, ``RadiusOfGyration``
    One number of groups of atoms.
``RMSD``, ``Positions``
    The deviation from a reference, and the Cartesian coordinates, after superposition.
``CompiledDescriptors``
    What `Descriptors.compiled` returns: plain arrays, and the functions that run on them.

All are frozen and can be written as JSON. Nothing here reads a trajectory. numba and torch
are imported when they are first needed.

Examples
--------
>>> import numpy as np
>>> from sciae.descriptors import Descriptors, Distances, Torsions
>>> butane = Descriptors((Distances([(0, 3)]), Torsions([(0, 1, 2, 3)])), atoms=4)
>>> butane.labels
('d(0-3)', 'torsion(0-1-2-3)')
>>> gauche = np.array([[[0.0, 1, 0], [0, 0, 0], [1, 0, 0], [1, 0, 1]]])
>>> butane.values(gauche).round(4).tolist()
[[1.7321, 1.5708]]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "RMSD", "Angles", "CompiledDescriptors", "Contacts", "Coordination", "Descriptors",
    "Distances", "InverseDistances", "Part", "Positions", "RadiusOfGyration", "Torsions",
]  # fmt: skip

MODULES = {
    "Angles": "sciae.descriptors.parts.angles",
    "CompiledDescriptors": "sciae.descriptors.compiled",
    "Contacts": "sciae.descriptors.parts.contacts",
    "Coordination": "sciae.descriptors.parts.contacts",
    "Descriptors": "sciae.descriptors.descriptors",
    "Distances": "sciae.descriptors.parts.distances",
    "InverseDistances": "sciae.descriptors.parts.distances",
    "Part": "sciae.descriptors.parts.part",
    "Positions": "sciae.descriptors.parts.aligned",
    "RMSD": "sciae.descriptors.parts.aligned",
    "RadiusOfGyration": "sciae.descriptors.parts.gyration",
    "Torsions": "sciae.descriptors.parts.angles",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in MODULES:
        return getattr(import_module(MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
