"""ONNX: a graph of operators, for runtimes without torch. Values only: it has no gradient."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sciae.errors import MissingExtraError, SpecError
from sciae.export.torchscript import quiet

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read", "write"]

OPSET = 17


def write(module: nn.Module, rows: Tensor) -> bytes:
    """A graph from ``x`` to ``y``: any number of rows.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    """
    _extra("onnx")
    many = {0: "row"}
    with quiet(), warnings.catch_warnings(), TemporaryDirectory() as folder:
        # by tracing, which is deprecated: the other way wants a package more
        for said in ("You are using the legacy", "The feature will be removed"):
            warnings.filterwarnings("ignore", said, DeprecationWarning)
        path = Path(folder, "model.onnx")
        torch.onnx.export(
            module,
            (rows,),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": many, "y": many},
        )
        return path.read_bytes()


def read(content: bytes) -> Callable[[Tensor], Tensor]:
    """The graph in onnxruntime, on the CPU.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed.
    SpecError
        If it has no operator of this precision.
    """
    runtime = _extra("onnxruntime")
    try:
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except runtime.capi.onnxruntime_pybind11_state.NotImplemented as error:
        raise SpecError(
            str(error).rpartition(": ")[2],
            where="onnxruntime",
            expected="operators that it has in the networks' precision",
            fix="Export model.float(); the raw numbers may still be float64.",
        ) from error
    return lambda x: torch.from_numpy(session.run(None, {"x": x.numpy()})[0])


def _extra(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise MissingExtraError(package, "export") from None
