"""Alignment: superposition onto a reference by torch operations.

The rotation is found without a gradient, and given one by the step of Newton's that leads
from it to the rotation of displaced points: exact in first derivatives, and finite where
eigenvalues that do not matter are equal, at which a differentiated eigenvector is not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from sciae.descriptors.tensors.groups import whole
from sciae.descriptors.tensors.vectors import lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["deviation", "positions"]

FLAT = 5e-9  # stiffness over its trace; half of that in `sciae.descriptors.kernels.rotations`


def deviation(
    x: Tensor, atoms: Sequence[int], reference: NDArray[np.float64], box: Tensor | None
) -> Tensor:
    """Root mean square deviation from a centred reference, (frame, 1)."""
    r = torch.as_tensor(reference).type_as(x)
    y = _superposed(x, atoms, r, box)  # at an optimum: the rotation's turning does not matter
    return lengths((y - r).flatten(1))[:, None] / math.sqrt(len(atoms))


def positions(
    x: Tensor, atoms: Sequence[int], reference: NDArray[np.float64], box: Tensor | None
) -> Tensor:
    """Coordinates after superposition onto a centred reference, (frame, 3 atoms)."""
    r = torch.as_tensor(reference).type_as(x)
    y = _superposed(x, atoms, r, box)
    torque = torch.linalg.cross(y, r.expand_as(y)).sum(1)  # zero, but not its gradient
    turn = _compliance(y.detach(), r) @ (torque - torque.detach())[..., None]  # (frame, 3, 1)
    turned: Tensor = y + torch.linalg.cross(turn.transpose(1, 2).expand_as(y), y.detach())
    return turned.flatten(1)


def _superposed(x: Tensor, atoms: Sequence[int], r: Tensor, box: Tensor | None) -> Tensor:
    """Centred coordinates rotated onto r, (frame, atom, 3); the rotation is a constant."""
    group = whole(x, atoms, box)
    u = group - group.mean(1, keepdim=True)
    rotated: Tensor = u @ _rotation(u.detach(), r).transpose(1, 2)
    return rotated


def _rotation(u: Tensor, r: Tensor) -> Tensor:
    """The best proper rotations of centred points (frame, atom, 3) onto r, (frame, 3, 3)."""
    left, _, right = torch.linalg.svd(u.transpose(1, 2) @ r)
    handed = torch.linalg.det(left) * torch.linalg.det(right)  # -1: the best is a reflection
    sign = torch.stack([torch.ones_like(handed), torch.ones_like(handed), handed], dim=1)
    rotation: Tensor = right.transpose(1, 2) @ (sign[..., None] * left.transpose(1, 2))
    return rotation


def _compliance(y: Tensor, r: Tensor) -> Tensor:
    """(tr P - P)^-1 of the overlaps P, without directions that have no stiffness."""
    overlap = y.transpose(1, 2) @ r
    trace = overlap.diagonal(dim1=1, dim2=2).sum(1)[:, None]
    values, vectors = torch.linalg.eigh(-(overlap + overlap.transpose(1, 2)) / 2)
    stiffness = trace + values  # (frame, 3)
    some = stiffness > FLAT * trace.abs()
    inverse = torch.where(some, 1 / torch.where(some, stiffness, 1.0), 0.0)
    compliance: Tensor = vectors * inverse[:, None] @ vectors.transpose(1, 2)
    return compliance
