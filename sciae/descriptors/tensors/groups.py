"""Groups of atoms made whole, and their radius of gyration, by torch operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.descriptors.tensors.vectors import lengths, nearest, picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["gyration", "whole"]


def whole(x: Tensor, atoms: Sequence[int], box: Tensor | None) -> Tensor:
    """Coordinates of a group, each at its image nearest to the one before, (frame, atom, 3)."""
    group = picked(x, atoms)
    if box is None:
        return group
    steps = nearest(group[:, 1:] - group[:, :-1], box)
    return torch.cat([group[:, :1], group[:, :1] + steps.cumsum(1)], dim=1)


def gyration(
    x: Tensor, atoms: Sequence[int], weights: NDArray[np.float64], box: Tensor | None
) -> Tensor:
    """The radius of gyration, (frame, 1), by weights whose sum is 1."""
    w = torch.as_tensor(weights).type_as(x)[:, None]  # (atom, 1)
    group = whole(x, atoms, box)
    arms = (group - (w * group).sum(1, keepdim=True)) * w.sqrt()
    return lengths(arms.flatten(1))[:, None]
