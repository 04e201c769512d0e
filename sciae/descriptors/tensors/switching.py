"""Switching by torch operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.descriptors.tensors.vectors import lengths

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["switched"]


def switched(d: Tensor, r0: float, n: int, m: int) -> Tensor:
    """(1 - x^n) / (1 - x^m) of vectors (..., 3), x = length / r0, as a ratio of sums of powers."""
    x = lengths(d) / r0
    near = x <= 1
    t = torch.where(near, x, 1 / torch.where(near, 1.0, x))
    ratio = 1 / (1 + t**n) if m == 2 * n else _powers(t, n) / _powers(t, m)
    return torch.where(near, ratio, t ** (m - n) * ratio)


def _powers(t: Tensor, n: int) -> Tensor:
    """The sum of t^k for k < n, by Horner's rule."""
    total = torch.ones_like(t)
    for _ in range(n - 1):
        total = total * t + 1
    return total
