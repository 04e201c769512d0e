"""Collective: a learned collective variable as one object, from coordinates to numbers.

``CollectiveVariable``
    Coordinates -> descriptors -> encoder -> s; saved as plain JSON and arrays.
``CompiledVariable``
    The same for one configuration at a time, with the force in one backward pass.
``plumed_files``, ``plumed_plain``
    Input for PLUMED: with its PyTorch module, or without anything.

Names are imported when they are first used: reading a variable must not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["CollectiveVariable", "CompiledVariable", "plumed_files", "plumed_plain"]

MODULES = {
    "CollectiveVariable": "sciae.collective.variable",
    "CompiledVariable": "sciae.collective.compiled",
    "plumed_files": "sciae.collective.plumed",
    "plumed_plain": "sciae.collective.expression",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in MODULES:
        return getattr(import_module(MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
