"""Groups: radius of gyration, deviation from a reference, and superposed positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.descriptors.kernels.compiler import machine_code
from sciae.descriptors.kernels.images import between
from sciae.descriptors.kernels.rotations import rotation_into, turned_by
from sciae.descriptors.tables import SCRATCH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sciae.descriptors.kernels.images import Frame

    Array = NDArray[np.float64]
    Atoms = NDArray[np.uint64]
    Vector = tuple[float, float, float]

__all__ = [
    "deviation", "deviation_forces", "gyration", "gyration_forces", "position_forces", "positions",
]  # fmt: skip


@machine_code
def _gather(atoms: Atoms, frame: Frame, u: Array) -> None:
    """Coordinates of a group into u, flat, each at its image nearest to the one before."""
    first = frame.x[atoms[0]]
    u[0], u[1], u[2] = first[0], first[1], first[2]
    for a in range(1, len(atoms)):
        dx, dy, dz = between(frame, atoms[a - 1], atoms[a])
        p = 3 * a
        u[p], u[p + 1], u[p + 2] = u[p - 3] + dx, u[p - 2] + dy, u[p - 1] + dz


@machine_code
def _centre(u: Array, count: int) -> None:
    """Subtract the mean from flat coordinates."""
    cx = cy = cz = 0.0
    for p in range(0, 3 * count, 3):
        cx, cy, cz = cx + u[p], cy + u[p + 1], cz + u[p + 2]
    for p in range(0, 3 * count, 3):
        u[p] -= cx / count
        u[p + 1] -= cy / count
        u[p + 2] -= cz / count


@machine_code
def _weighted(weights: Array, u: Array) -> float:
    """Subtract the centre of mass from flat coordinates; the root of their mean square."""
    cx = cy = cz = total = 0.0
    for a in range(len(weights)):
        w = weights[a]
        cx, cy, cz = cx + w * u[3 * a], cy + w * u[3 * a + 1], cz + w * u[3 * a + 2]
    for a in range(len(weights)):
        u[3 * a] -= cx
        u[3 * a + 1] -= cy
        u[3 * a + 2] -= cz
        total += weights[a] * (u[3 * a] ** 2 + u[3 * a + 1] ** 2 + u[3 * a + 2] ** 2)
    return math.sqrt(total)


@machine_code
def gyration(atoms: Atoms, weights: Array, frame: Frame) -> float:
    """The radius of gyration of a group."""
    u = frame.work[SCRATCH:]
    _gather(atoms, frame, u)
    return _weighted(weights, u)


@machine_code
def gyration_forces(
    atoms: Atoms,
    weights: Array,
    frame: Frame,
    g: float,
    out: Array,
) -> None:
    """Add the pull-back of `gyration`; none where all atoms are at one place."""
    u = frame.work[SCRATCH:]
    _gather(atoms, frame, u)
    radius = _weighted(weights, u)
    if radius > 0:
        for a in range(len(atoms)):
            f = g * weights[a] / radius
            out[atoms[a], 0] += f * u[3 * a]
            out[atoms[a], 1] += f * u[3 * a + 1]
            out[atoms[a], 2] += f * u[3 * a + 2]


@machine_code
def _superpose(atoms: Atoms, r: Array, frame: Frame) -> None:
    """Centred and rotated coordinates into frame.work[SCRATCH:], the rotation into work[0:9]."""
    work = frame.work
    u, count = work[SCRATCH:], len(atoms)
    _gather(atoms, frame, u)
    _centre(u, count)
    rotation_into(u, r, count, work)
    for p in range(0, 3 * count, 3):
        a, b, c = u[p], u[p + 1], u[p + 2]
        u[p] = work[0] * a + work[1] * b + work[2] * c
        u[p + 1] = work[3] * a + work[4] * b + work[5] * c
        u[p + 2] = work[6] * a + work[7] * b + work[8] * c


@machine_code
def _turn_back(work: Array, i: int, f: Vector, out: Array) -> None:
    """Add a vector to an atom's gradient, rotated back."""
    for axis in range(3):
        out[i, axis] += work[axis] * f[0] + work[3 + axis] * f[1] + work[6 + axis] * f[2]


@machine_code
def _residual(u: Array, r: Array, count: int) -> float:
    """The root mean square deviation of superposed points."""
    total = 0.0
    for p in range(3 * count):
        total += (u[p] - r[p]) ** 2
    return math.sqrt(total / count)


@machine_code
def deviation(atoms: Atoms, r: Array, frame: Frame) -> float:
    """The root mean square deviation from a centred reference, after superposition."""
    _superpose(atoms, r, frame)
    return _residual(frame.work[SCRATCH:], r, len(atoms))


@machine_code
def deviation_forces(atoms: Atoms, r: Array, frame: Frame, g: float, out: Array) -> None:
    """Add the pull-back of `deviation`: the rotation is at an optimum, and does not matter."""
    _superpose(atoms, r, frame)
    u, count = frame.work[SCRATCH:], len(atoms)
    value = _residual(u, r, count)
    if value > 0:
        f = g / (count * value)
        for a in range(count):
            p = 3 * a
            d = (f * (u[p] - r[p]), f * (u[p + 1] - r[p + 1]), f * (u[p + 2] - r[p + 2]))
            _turn_back(frame.work, atoms[a], d, out)


@machine_code
def positions(atoms: Atoms, r: Array, frame: Frame, out: Array) -> None:
    """Coordinates after superposition onto a centred reference."""
    _superpose(atoms, r, frame)
    for p in range(len(out)):
        out[p] = frame.work[SCRATCH + p]


@machine_code
def position_forces(atoms: Atoms, r: Array, frame: Frame, g: Array, out: Array) -> None:
    r"""Add the pull-back of `positions`, the turning of the rotation included.

    With y the superposed points, :math:`\sum_i y_i \times r_i = 0` at the optimum. Its
    differential gives the rotation :math:`(\mathrm{tr} P - P)\,\omega = \sum_i (R\,du_i)
    \times r_i`, :math:`P = \sum_i y_i r_i^T`, and so the gradient :math:`R^T (g_i - \bar g +
    r_i \times w)` with :math:`(\mathrm{tr} P - P)\, w = \sum_i y_i \times g_i`.
    """
    _superpose(atoms, r, frame)
    y, count = frame.work[SCRATCH:], len(atoms)
    tx = ty = tz = mx = my = mz = 0.0
    for p in range(0, 3 * count, 3):
        tx += y[p + 1] * g[p + 2] - y[p + 2] * g[p + 1]
        ty += y[p + 2] * g[p] - y[p] * g[p + 2]
        tz += y[p] * g[p + 1] - y[p + 1] * g[p]
        mx, my, mz = mx + g[p], my + g[p + 1], mz + g[p + 2]
    wx, wy, wz = turned_by(tx, ty, tz, frame.work)
    for a in range(count):
        rx, ry, rz = r[3 * a], r[3 * a + 1], r[3 * a + 2]
        fx = g[3 * a] - mx / count + ry * wz - rz * wy
        fy = g[3 * a + 1] - my / count + rz * wx - rx * wz
        fz = g[3 * a + 2] - mz / count + rx * wy - ry * wx
        _turn_back(frame.work, atoms[a], (fx, fy, fz), out)
