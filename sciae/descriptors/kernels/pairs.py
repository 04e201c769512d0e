"""Pairs: distances and inverse distances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.descriptors.kernels.compiler import machine_code
from sciae.descriptors.kernels.images import between

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sciae.descriptors.kernels.images import Frame

    Array = NDArray[np.float64]
    Atoms = NDArray[np.uint64]
    Vector = tuple[float, float, float]

__all__ = ["distance_forces", "distances", "inverse_forces", "inverses", "push"]


@machine_code
def distances(atoms: Atoms, frame: Frame, out: Array) -> None:
    """Of each pair."""
    for p in range(len(out)):
        d = between(frame, atoms[2 * p], atoms[2 * p + 1])
        out[p] = math.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])


@machine_code
def distance_forces(atoms: Atoms, frame: Frame, g: Array, out: Array) -> None:
    """Add the pull-back of `distances`; none for atoms at one place."""
    for p in range(len(g)):
        i, j = atoms[2 * p], atoms[2 * p + 1]
        d = between(frame, i, j)
        square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        push(i, j, g[p] / math.sqrt(square) if square > 0 else 0.0, d, out)


@machine_code
def inverses(atoms: Atoms, frame: Frame, out: Array) -> None:
    """One over the distance of each pair."""
    for p in range(len(out)):
        d = between(frame, atoms[2 * p], atoms[2 * p + 1])
        out[p] = 1 / math.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])


@machine_code
def inverse_forces(atoms: Atoms, frame: Frame, g: Array, out: Array) -> None:
    """Add the pull-back of `inverses`; none for atoms at one place."""
    for p in range(len(g)):
        i, j = atoms[2 * p], atoms[2 * p + 1]
        d = between(frame, i, j)
        square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        push(i, j, -g[p] / (square * math.sqrt(square)) if square > 0 else 0.0, d, out)


@machine_code
def push(i: int, j: int, f: float, d: Vector, out: Array) -> None:
    """Add f times a vector to the second atom's gradient, and its opposite to the first's."""
    out[i, 0] -= f * d[0]
    out[i, 1] -= f * d[1]
    out[i, 2] -= f * d[2]
    out[j, 0] += f * d[0]
    out[j, 1] += f * d[1]
    out[j, 2] += f * d[2]
