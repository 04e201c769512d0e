"""Switching: contacts of pairs and coordination of groups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.descriptors.kernels.compiler import machine_code
from sciae.descriptors.kernels.images import between
from sciae.descriptors.kernels.pairs import push

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sciae.descriptors.kernels.images import Frame

    Array = NDArray[np.float64]
    Atoms = NDArray[np.uint64]

__all__ = ["contact_forces", "contacts", "coordination", "coordination_forces"]


@machine_code
def contacts(atoms: Atoms, switch: Array, frame: Frame, out: Array) -> None:
    """Of each pair; the switch is r0, n, m."""
    n, m, scale = int(switch[1]), int(switch[2]), 1 / (switch[0] * switch[0])
    for p in range(len(out)):
        d = between(frame, atoms[2 * p], atoms[2 * p + 1])
        out[p] = _switched(scale * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), n, m)[0]


@machine_code
def contact_forces(atoms: Atoms, switch: Array, frame: Frame, g: Array, out: Array) -> None:
    """Add the pull-back of `contacts`; none for atoms at one place."""
    n, m, scale = int(switch[1]), int(switch[2]), 1 / (switch[0] * switch[0])
    for p in range(len(g)):
        i, j = atoms[2 * p], atoms[2 * p + 1]
        d = between(frame, i, j)
        square = scale * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
        push(i, j, g[p] * scale * _switched(square, n, m)[1], d, out)


@machine_code
def coordination(first: Atoms, second: Atoms, switch: Array, frame: Frame) -> float:
    """The sum of contacts of all pairs of different atoms."""
    n, m, scale = int(switch[1]), int(switch[2]), 1 / (switch[0] * switch[0])
    total = 0.0
    for i in first:
        for j in second:
            if i != j:
                d = between(frame, i, j)
                total += _switched(scale * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), n, m)[0]
    return total


@machine_code
def coordination_forces(  # noqa: PLR0917 - compiled code has no objects to hold them
    first: Atoms, second: Atoms, switch: Array, frame: Frame, g: float, out: Array
) -> None:
    """Add the pull-back of `coordination`."""
    n, m, scale = int(switch[1]), int(switch[2]), 1 / (switch[0] * switch[0])
    for i in first:
        for j in second:
            if i != j:
                d = between(frame, i, j)
                square = scale * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
                push(i, j, g * scale * _switched(square, n, m)[1], d, out)


@machine_code
def _switched(square: float, n: int, m: int) -> tuple[float, float]:
    """(1 - x^n) / (1 - x^m) of a squared x, and its slope over x, which is 0 at x = 0."""
    if m == 2 * n and n % 2 == 0:
        return _even(square, n // 2)
    x = math.sqrt(square)
    t = x if x <= 1 else 1 / x
    top, top_slope = _powers(t, n)
    bottom, bottom_slope = _powers(t, m)
    value = top / bottom
    slope = (top_slope - value * bottom_slope) / bottom
    if x <= 1:
        return value, (slope / x if x > 0 else 0.0)
    far = 1.0  # (1 - x^n) / (1 - x^m) = t^(m - n) (1 - t^n) / (1 - t^m)
    for _ in range(m - n):
        far *= t
    return far * value, -t * t * far * ((m - n) * value + slope * t)


@machine_code
def _even(square: float, half: int) -> tuple[float, float]:
    """1 / (1 + x^n), n twice `half`, and its slope over x: no root, and no overflow."""
    t = square if square <= 1 else 1 / square
    power = 1.0
    for _ in range(half - 1):
        power *= t
    value = 1 / (1 + power * t)
    if square <= 1:
        return value, -2 * half * power * value * value
    return power * t * value, -2 * half * power * t * t * value * value


@machine_code
def _powers(t: float, n: int) -> tuple[float, float]:
    """The sum of t^k for k < n, and its slope, by Horner's rule."""
    total, slope = 1.0, 0.0
    for _ in range(n - 1):
        slope = slope * t + total
        total = total * t + 1
    return total, slope
