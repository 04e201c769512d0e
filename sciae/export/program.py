"""Program: what ``torch.export`` makes, for torch itself and ahead-of-time compilers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read", "write"]


def write(module: nn.Module, rows: Tensor) -> bytes:
    """A ``.pt2`` archive: any number of rows; two or more to trace, or one would be a constant."""
    content, many = io.BytesIO(), torch.export.Dim("rows", min=1)
    torch.export.save(torch.export.export(module, (rows,), dynamic_shapes=({0: many},)), content)
    return content.getvalue()


def read(content: bytes) -> Callable[[Tensor], Tensor]:
    """The module that was written."""
    module: Callable[[Tensor], Tensor] = torch.export.load(io.BytesIO(content)).module()
    return module
