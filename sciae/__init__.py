"""Autoencoders for simulation data whose reconstruction error is a calibrated signal.

Public names are imported when they are first used, so that ``import sciae`` is light.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = [
    "CollectiveVariable", "Field", "Schema", "Table", "Training", "anomaly", "cv", "descriptors",
    "diagnostics", "domains", "errors", "estimators", "export", "fit", "free_energy", "kinds",
    "load_model", "sampling", "save_model", "score", "simulation", "split",
]  # fmt: skip

MODULES = {
    "anomaly": "sciae.tasks.anomaly",
    "cv": "sciae.tasks.cv",
    "descriptors": "sciae.descriptors",
    "diagnostics": "sciae.diagnostics",
    "domains": "sciae.domains",
    "errors": "sciae.errors",
    "estimators": "sciae.estimators",
    "export": "sciae.export",
    "free_energy": "sciae.free_energy",
    "kinds": "sciae.autoencoders.kinds",
    "sampling": "sciae.sampling",
    "simulation": "sciae.simulation",
}
NAMES = {
    "CollectiveVariable": "sciae.collective:CollectiveVariable",
    "Field": "sciae.schema:Field",
    "Schema": "sciae.schema:Schema",
    "Table": "sciae.table:Table",
    "Training": "sciae.autoencoders.fit:Training",
    "fit": "sciae.autoencoders.fit:fit",
    "load_model": "sciae.autoencoders.files:load",
    "save_model": "sciae.autoencoders.files:save",
    "score": "sciae.tasks.anomaly:score",
    "split": "sciae.batch:split",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name == "__version__":
        try:
            return version("sciae")
        except PackageNotFoundError:
            return "0+unknown"
    if name in MODULES:
        return import_module(MODULES[name])
    if name in NAMES:
        module, _, attribute = NAMES[name].partition(":")
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'sciae' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
