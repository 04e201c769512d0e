"""Export: a fitted model as a function of raw numbers, for programs that know nothing of sciae.

``export``
    Write a model's collective variables, or its reconstruction, as TorchScript,
    ``torch.export``, ONNX or plain arrays, with a sidecar that says what the numbers are.
``CV``, ``Reconstruction``
    The pure modules that are written.
``NumpyEncoder``, ``CompiledEncoder``
    Plain arrays read again, with numpy alone and compiled for one row at a time; both give
    the gradient.

Names are imported when they are first used: reading arrays must not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "CV", "FORMATS", "CompiledEncoder", "NumpyEncoder", "Reconstruction", "export", "plumed_input",
]  # fmt: skip

MODULES = {
    "CV": "sciae.autoencoders.raw.module",
    "CompiledEncoder": "sciae.export.compiled",
    "FORMATS": "sciae.export.artefact",
    "NumpyEncoder": "sciae.export.arrays",
    "Reconstruction": "sciae.autoencoders.raw.module",
    "export": "sciae.export.artefact",
    "plumed_input": "sciae.export.sidecar",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in MODULES:
        return getattr(import_module(MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
