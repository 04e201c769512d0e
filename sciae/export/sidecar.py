"""Sidecar: what the numbers of an exported file are, beside it as JSON."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import torch

from sciae.autoencoders.latents import Ring
from sciae.autoencoders.raw.inputs import names
from sciae.autoencoders.raw.module import CV

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from sciae.autoencoders.raw.module import Reconstruction
    from sciae.schema import Field, Schema

__all__ = ["described", "plumed_input"]


def described(
    module: CV | Reconstruction, rows: Tensor, content: bytes, *, file: str, to: str
) -> dict[str, Any]:
    """File, format, checksum, and each number in and out with its unit and period."""
    inputs = list(_numbers(module.schema))
    return {
        "format": to,
        "what": "cv" if isinstance(module, CV) else "reconstruction",
        "file": file,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "dtype": str(rows.dtype).removeprefix("torch."),
        "inputs": inputs,
        "outputs": _coordinates(module, rows) if isinstance(module, CV) else inputs,
        "versions": {"torch": str(torch.__version__)},
    }


def plumed_input(sidecar: Mapping[str, Any], label: str = "cv") -> str:
    """The lines that make a TorchScript file of collective variables an action of PLUMED.

    The arguments are the names of the raw numbers: define actions with these labels, in the
    units of the sidecar. PLUMED takes the outputs for numbers on a line; angles are told
    that they are not.

    Examples
    --------
    >>> phi = {"name": "phi", "unit": "rad", "period": 6.283185307179586}
    >>> z = {"name": "z0", "unit": "rad", "period": 6.283185307179586}
    >>> plumed_input({"file": "cv.pt", "inputs": [phi], "outputs": [z]}).splitlines()
    ['cv: PYTORCH_MODEL FILE=cv.pt ARG=phi', 'cv_z0: CUSTOM ARG=cv.node-0 FUNC=x PERIODIC=-pi,pi']
    """
    arguments = ",".join(one["name"] for one in sidecar["inputs"])
    lines = [f"{label}: PYTORCH_MODEL FILE={sidecar['file']} ARG={arguments}"]
    for k, one in enumerate(sidecar["outputs"]):
        if one["period"]:
            angle = f"CUSTOM ARG={label}.node-{k} FUNC=x PERIODIC=-pi,pi"
            lines.append(f"{label}_{one['name']}: {angle}")
    return "\n".join(lines)


def _numbers(schema: Schema) -> Iterator[dict[str, Any]]:
    for field in schema:
        for name in names(field):
            yield {"name": name, "kind": field.kind, **_of(field)}


def _of(field: Field) -> dict[str, Any]:
    classes = {"classes": list(field.classes)} if field.classes else {}
    return {"unit": field.unit, "period": field.period, **classes}


def _coordinates(module: CV, rows: Tensor) -> list[dict[str, Any]]:
    angle = isinstance(module.latent, Ring)
    unit, period = ("rad", 2 * math.pi) if angle else ("1", None)
    return [
        {"name": f"z{k}", "kind": "periodic" if angle else "continuous", "unit": unit,
         "period": period}
        for k in range(module(rows).shape[1])
    ]  # fmt: skip
