"""Vectors between atoms, to the nearest image in a box, and their lengths."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["inverse_lengths", "lengths", "nearest", "pair_vectors", "picked"]


def picked(x: Tensor, atoms: Sequence[int]) -> Tensor:
    """Coordinates of some atoms, (frame, atom, 3)."""
    return x.index_select(1, torch.as_tensor(atoms, device=x.device))


def pair_vectors(x: Tensor, pairs: Sequence[Sequence[int]], box: Tensor | None) -> Tensor:
    """From the first atom of each pair to the second, (frame, pair, 3)."""
    first, second = zip(*pairs, strict=True)
    return nearest(picked(x, second) - picked(x, first), box)


def nearest(d: Tensor, box: Tensor | None) -> Tensor:
    """Vectors (frame, vector, 3) less those of the lattices that leave them shortest."""
    if box is None:
        return d
    a, b, c = (box[:, None, k] for k in range(3))  # (frame, 1, 3)
    d = d - c * torch.floor(d[..., 2:] / c[..., 2:] + 0.5).detach()
    d = d - b * torch.floor(d[..., 1:2] / b[..., 1:2] + 0.5).detach()
    d = d - a * torch.floor(d[..., :1] / a[..., :1] + 0.5).detach()
    slanted = box[:, [1, 2, 2], [0, 0, 1]] != 0
    return _shortest(d, box) if bool(slanted.any()) else d


def _shortest(d: Tensor, box: Tensor) -> Tensor:
    """The shortest of each vector and its 26 neighbours: rounding alone may miss it."""
    steps = torch.tensor(sorted(product((-1, 0, 1), repeat=3), key=any)).to(box)
    shifts = steps @ box  # (frame, 27, 3), none first
    lengths = (d.detach()[:, :, None] + shifts[:, None]).square().sum(-1)
    best = lengths.argmin(-1)  # (frame, vector)
    return d + torch.gather(shifts, 1, best[..., None].expand(*best.shape, 3))


def lengths(d: Tensor) -> Tensor:
    """Of vectors (..., 3); a vector of zero has a gradient of zero."""
    square = d.square().sum(-1)
    some = square > 0
    return torch.where(some, torch.where(some, square, 1.0).sqrt(), 0.0)


def inverse_lengths(d: Tensor) -> Tensor:
    """One over lengths; infinite, with a gradient of zero, for a vector of zero."""
    square = d.square().sum(-1)
    some = square > 0
    return torch.where(some, torch.where(some, square, 1.0).rsqrt(), torch.inf)
