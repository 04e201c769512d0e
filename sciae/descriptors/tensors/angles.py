"""Angles and torsions by torch operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.descriptors.tensors.vectors import lengths, nearest, picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["angles", "torsions"]

COLLINEAR = 1e-12  # squared sine; `sciae.descriptors.kernels.angles` has the same


def angles(x: Tensor, triples: Sequence[Sequence[int]], box: Tensor | None) -> Tensor:
    """At the middle atom of each triple, (frame, triple)."""
    i, j, k = (picked(x, atoms) for atoms in zip(*triples, strict=True))
    u, v = nearest(i - j, box), nearest(k - j, box)
    cross = torch.linalg.cross(u, v)
    flat, sine, cosine = _collinear(cross, u, v), lengths(cross), (u * v).sum(-1) + 0.0
    return torch.atan2(
        torch.where(flat, sine.detach(), sine), torch.where(flat, cosine.detach(), cosine)
    )


def torsions(x: Tensor, quadruples: Sequence[Sequence[int]], box: Tensor | None) -> Tensor:
    """About the middle bond of each quadruple, (frame, quadruple); 0 where collinear."""
    i, j, k, l = (picked(x, atoms) for atoms in zip(*quadruples, strict=True))  # noqa: E741
    a, b, c = nearest(j - i, box), nearest(k - j, box), nearest(l - k, box)
    m, n = torch.linalg.cross(a, b), torch.linalg.cross(b, c)
    flat = _collinear(m, a, b) | _collinear(n, b, c)
    sine, cosine = lengths(b) * (a * n).sum(-1), (m * n).sum(-1)
    return torch.atan2(torch.where(flat, 0.0, sine), torch.where(flat, 1.0, cosine))


def _collinear(cross: Tensor, u: Tensor, v: Tensor) -> Tensor:
    squares = [d.detach().square().sum(-1) for d in (cross, u, v)]
    return squares[0] <= COLLINEAR * squares[1] * squares[2]
