"""TorchScript: for PLUMED and OpenMM, whose plugins read nothing else of torch's."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["quiet", "read", "write"]


def write(module: nn.Module, rows: Tensor) -> bytes:
    """A traced module: any number of rows, float32 or float64."""
    content = io.BytesIO()
    with quiet():
        traced = torch.jit.trace(module, rows, check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, content)
    return content.getvalue()


def read(content: bytes) -> Callable[[Tensor], Tensor]:
    """The module that was written."""
    with quiet():
        module: Callable[[Tensor], Tensor] = torch.jit.load(io.BytesIO(content))  # type: ignore[no-untyped-call]
    return module


@contextmanager
def quiet() -> Iterator[None]:
    """Without what tracing says to those who call it: that it is deprecated, and may be wrong.

    The first is known; whether it is wrong is checked, on rows that were not traced.
    """
    with warnings.catch_warnings():
        for name in ("trace", "trace_method", "save", "load"):
            said = rf"`torch\.jit\.{name}` is "  # deprecated, or not supported
            warnings.filterwarnings("ignore", said, DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        yield
