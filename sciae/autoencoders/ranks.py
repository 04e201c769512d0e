"""Ranks: sums over the processes that train one model together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.distributed as dist

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["all_mean", "all_sum", "rank", "world"]


def world() -> int:
    """How many processes train together; 1 if not under ``torchrun``."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process among them."""
    return dist.get_rank() if world() > 1 else 0


def all_sum(x: Tensor) -> Tensor:
    """The sum over processes; its gradient, too, reaches every one of them."""
    if world() == 1:
        return x
    from torch.distributed.nn.functional import all_reduce

    total: Tensor = all_reduce(x)  # type: ignore[no-untyped-call]
    return total


def all_mean(x: Tensor) -> Tensor:
    """The mean over the rows of a step, shape (row, ...) -> (...), those of all processes."""
    if world() == 1:
        return x.mean(0)
    rows = all_sum(x.new_tensor(float(len(x))))
    return all_sum(x.sum(0)) / rows
