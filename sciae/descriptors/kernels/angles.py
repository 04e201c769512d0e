"""Angles and torsions."""

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

__all__ = ["angle_forces", "angles", "torsion_forces", "torsions"]

COLLINEAR = 1e-12  # squared sine; `sciae.descriptors.tensors.angles` has the same


@machine_code
def _cross(a: Vector, b: Vector) -> Vector:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


@machine_code
def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@machine_code
def _add(out: Array, i: int, f: float, a: Vector) -> None:
    out[i, 0] += f * a[0]
    out[i, 1] += f * a[1]
    out[i, 2] += f * a[2]


@machine_code
def angles(atoms: Atoms, frame: Frame, out: Array) -> None:
    """At the middle atom of each triple."""
    for p in range(len(out)):
        u = between(frame, atoms[3 * p + 1], atoms[3 * p])
        v = between(frame, atoms[3 * p + 1], atoms[3 * p + 2])
        c = _cross(u, v)
        out[p] = math.atan2(math.sqrt(_dot(c, c)), _dot(u, v) + 0.0)  # of -0 it would be pi


@machine_code
def angle_forces(atoms: Atoms, frame: Frame, g: Array, out: Array) -> None:
    """Add the pull-back of `angles`; none where collinear."""
    for p in range(len(g)):
        i, j, k = atoms[3 * p], atoms[3 * p + 1], atoms[3 * p + 2]
        u, v = between(frame, j, i), between(frame, j, k)
        c = _cross(u, v)
        uu, vv, cc = _dot(u, u), _dot(v, v), _dot(c, c)
        if cc > COLLINEAR * uu * vv:
            sine = math.sqrt(cc)
            to_i, to_k = _cross(u, c), _cross(c, v)
            fi, fk = g[p] / (uu * sine), g[p] / (vv * sine)
            _add(out, i, fi, to_i)
            _add(out, k, fk, to_k)
            _add(out, j, -fi, to_i)
            _add(out, j, -fk, to_k)


@machine_code
def torsions(atoms: Atoms, frame: Frame, out: Array) -> None:
    """About the middle bond of each quadruple; 0 where collinear."""
    for p in range(len(out)):
        i, j, k, l = atoms[4 * p], atoms[4 * p + 1], atoms[4 * p + 2], atoms[4 * p + 3]  # noqa: E741
        a = between(frame, i, j)
        b = between(frame, j, k)
        c = between(frame, k, l)
        m, n = _cross(a, b), _cross(b, c)
        bb, out[p] = _dot(b, b), 0.0
        if _dot(m, m) > COLLINEAR * _dot(a, a) * bb and _dot(n, n) > COLLINEAR * _dot(c, c) * bb:
            out[p] = math.atan2(math.sqrt(bb) * _dot(a, n), _dot(m, n))


@machine_code
def torsion_forces(atoms: Atoms, frame: Frame, g: Array, out: Array) -> None:
    """Add the pull-back of `torsions` (Blondel and Karplus 1996); none where collinear."""
    for p in range(len(g)):
        i, j, k, l = atoms[4 * p], atoms[4 * p + 1], atoms[4 * p + 2], atoms[4 * p + 3]  # noqa: E741
        a = between(frame, i, j)
        b = between(frame, j, k)
        c = between(frame, k, l)
        m, n = _cross(a, b), _cross(b, c)
        mm, nn, bb = _dot(m, m), _dot(n, n), _dot(b, b)
        if mm > COLLINEAR * _dot(a, a) * bb and nn > COLLINEAR * _dot(c, c) * bb:
            length = math.sqrt(bb)
            fm, fn = g[p] * length / mm, g[p] * length / nn
            by_a, by_c = _dot(a, b) / bb, _dot(c, b) / bb
            _add(out, i, -fm, m)
            _add(out, j, fm * (1 + by_a), m)
            _add(out, j, fn * by_c, n)
            _add(out, k, -fm * by_a, m)
            _add(out, k, -fn * (1 + by_c), n)
            _add(out, l, fn, n)
