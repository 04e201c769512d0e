"""Images: one frame, and vectors between its atoms to the nearest image in its box."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.descriptors.kernels.compiler import machine_code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Vector = tuple[float, float, float]

__all__ = ["Frame", "between", "frame_of"]

NONE, UPRIGHT, SLANTED = range(3)


class Frame(NamedTuple):
    """Coordinates, their box, and space to work in."""

    x: Array
    """Shape (atom, 3)."""
    work: Array
    shape: int
    """Whether there is a box, and whether its edges are perpendicular."""
    box: tuple[float, float, float, float, float, float]
    """Its entries a_x, b_x, b_y, c_x, c_y, c_z."""
    inverse: Vector
    """One over a_x, b_y and c_z."""


@machine_code
def frame_of(x: Array, box: Array, work: Array) -> Frame:
    """A frame, from a box in reduced form, all zeros for none."""
    edges = (box[0, 0], box[1, 0], box[1, 1], box[2, 0], box[2, 1], box[2, 2])
    if edges[0] == 0:
        return Frame(x, work, NONE, edges, (0.0, 0.0, 0.0))
    upright = edges[1] == 0 and edges[3] == 0 and edges[4] == 0
    inverse = (1 / edges[0], 1 / edges[2], 1 / edges[5])
    return Frame(x, work, UPRIGHT if upright else SLANTED, edges, inverse)


@machine_code
def between(frame: Frame, i: int, j: int) -> Vector:
    """The vector from atom i to the nearest image of atom j."""
    x = frame.x
    dx, dy, dz = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
    if frame.shape == NONE:
        return dx, dy, dz
    ax, bx, by, cx, cy, cz = frame.box
    inverse = frame.inverse
    k = np.floor(dz * inverse[2] + 0.5)
    dx, dy, dz = dx - k * cx, dy - k * cy, dz - k * cz
    k = np.floor(dy * inverse[1] + 0.5)
    dx, dy = dx - k * bx, dy - k * by
    dx -= np.floor(dx * inverse[0] + 0.5) * ax
    if frame.shape == UPRIGHT:
        return dx, dy, dz
    # No vector of the lattice is shorter than the least of these three.
    least = min(ax, by, cz)
    if dx * dx + dy * dy + dz * dz <= 0.25 * least * least:
        return dx, dy, dz
    return _shortest((dx, dy, dz), frame.box)


@machine_code
def _shortest(d: Vector, box: tuple[float, float, float, float, float, float]) -> Vector:
    """The shortest of a vector and its 26 neighbours: rounding alone may miss it."""
    ax, bx, by, cx, cy, cz = box
    square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    best = d
    for n in range(27):
        i, j, k = n // 9 - 1, (n // 3) % 3 - 1, n % 3 - 1
        x, y, z = d[0] + i * ax + j * bx + k * cx, d[1] + j * by + k * cy, d[2] + k * cz
        if x * x + y * y + z * z < square:
            square = x * x + y * y + z * z
            best = (x, y, z)
    return best
