"""Rotations: the best superposition of two sets of points, by quaternions.

The proper rotation that maximises the overlap of two sets is the eigenvector of the
largest eigenvalue of a symmetric 4 x 4 matrix (Horn, J. Opt. Soc. Am. A 4, 629, 1987): never
a reflection, and no case for planar sets. The gaps below that eigenvalue are how fast the
rotation turns with the points.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sciae.descriptors.kernels.compiler import machine_code

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["rotation_into", "turned_by"]

SWEEPS = 30  # six to eight are needed
FLAT = 1e-8  # gap over the largest eigenvalue; `sciae.descriptors.tensors.alignment` has the same


@machine_code
def rotation_into(u: Array, r: Array, count: int, work: Array) -> None:
    """The rotation of points u onto r into work[0:9]; what `turned_by` needs beyond.

    Both are flat, (atom, 3), about their centres.
    """
    matrix, vectors = work[9:25], work[25:41]
    _overlap(u, r, count, matrix)
    _diagonalise(matrix, vectors)
    best = 0
    for k in range(1, 4):
        if matrix[5 * k] > matrix[5 * best]:
            best = k
    work[41] = best
    w, x, y, z = vectors[best], vectors[4 + best], vectors[8 + best], vectors[12 + best]
    work[0], work[1], work[2] = (
        w * w + x * x - y * y - z * z,
        2 * (x * y - w * z),
        2 * (x * z + w * y),
    )
    work[3], work[4], work[5] = (
        2 * (x * y + w * z),
        w * w - x * x + y * y - z * z,
        2 * (y * z - w * x),
    )
    work[6], work[7], work[8] = (
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        w * w - x * x - y * y + z * z,
    )


@machine_code
def turned_by(tx: float, ty: float, tz: float, work: Array) -> tuple[float, float, float]:
    """The rotation vector that a torque on the aligned points turns them by.

    The inverse of tr(P) - P, with P the overlap of aligned points and reference, from the
    eigenvectors in `work`; without the directions about which all rotations are as good.
    """
    matrix, v, best = work[9:25], work[25:41], int(work[41])
    top = matrix[5 * best]
    w, x, y, z = v[best], v[4 + best], v[8 + best], v[12 + best]
    ox, oy, oz = 0.0, 0.0, 0.0
    for k in range(4):
        gap = top - matrix[5 * k]
        if k != best and gap > FLAT * abs(top):
            a, b, c, d = v[k], v[4 + k], v[8 + k], v[12 + k]
            # the axis: the vector part of q_k times the conjugate of q_best
            ax = -a * x + b * w - c * z + d * y
            ay = -a * y + b * z + c * w - d * x
            az = -a * z - b * y + c * x + d * w
            f = 2 * (ax * tx + ay * ty + az * tz) / gap
            ox, oy, oz = ox + f * ax, oy + f * ay, oz + f * az
    return ox, oy, oz


@machine_code
def _overlap(u: Array, r: Array, count: int, matrix: Array) -> None:
    """Horn's symmetric matrix of two sets of points, flat, (4, 4)."""
    xx = xy = xz = yx = yy = yz = zx = zy = zz = 0.0
    for p in range(0, 3 * count, 3):
        a, b, c, d, e, f = u[p], u[p + 1], u[p + 2], r[p], r[p + 1], r[p + 2]
        xx, xy, xz = xx + a * d, xy + a * e, xz + a * f
        yx, yy, yz = yx + b * d, yy + b * e, yz + b * f
        zx, zy, zz = zx + c * d, zy + c * e, zz + c * f
    matrix[0], matrix[5] = xx + yy + zz, xx - yy - zz
    matrix[10], matrix[15] = yy - xx - zz, zz - xx - yy
    matrix[1] = matrix[4] = yz - zy
    matrix[2] = matrix[8] = zx - xz
    matrix[3] = matrix[12] = xy - yx
    matrix[6] = matrix[9] = xy + yx
    matrix[7] = matrix[13] = zx + xz
    matrix[11] = matrix[14] = yz + zy


@machine_code
def _diagonalise(a: Array, v: Array) -> None:
    """Eigenvalues onto the diagonal of a symmetric (4, 4), eigenvectors into columns of v.

    Jacobi's rotations: small eigenvalues and equal ones are as exact as others.
    """
    for k in range(16):
        v[k] = 1.0 if k % 5 == 0 else 0.0
    for _ in range(SWEEPS):
        off = a[1] ** 2 + a[2] ** 2 + a[3] ** 2 + a[6] ** 2 + a[7] ** 2 + a[11] ** 2
        size = a[0] ** 2 + a[5] ** 2 + a[10] ** 2 + a[15] ** 2
        if off <= 1e-34 * size:
            return
        for p in range(3):
            for q in range(p + 1, 4):
                if a[4 * p + q] != 0:
                    _annihilate(a, v, p, q)


@machine_code
def _annihilate(a: Array, v: Array, p: int, q: int) -> None:
    """One rotation of Jacobi's, in the plane of axes p and q."""
    apq = a[4 * p + q]
    theta = (a[5 * q] - a[5 * p]) / (2 * apq)
    t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1))
    c = 1 / math.sqrt(t * t + 1)
    s = t * c
    a[5 * p] -= t * apq
    a[5 * q] += t * apq
    a[4 * p + q] = a[4 * q + p] = 0.0
    for k in range(4):
        if k not in (p, q):
            kp, kq = a[4 * k + p], a[4 * k + q]
            a[4 * k + p] = a[4 * p + k] = c * kp - s * kq
            a[4 * k + q] = a[4 * q + k] = s * kp + c * kq
        kp, kq = v[4 * k + p], v[4 * k + q]
        v[4 * k + p], v[4 * k + q] = c * kp - s * kq, s * kp + c * kq
