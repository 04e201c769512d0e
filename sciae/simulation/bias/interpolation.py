r"""Cubic splines on a grid: twice differentiable, with the exact gradient of the interpolant.

.. math:: V(s) = \sum_j c_j \, b(u_1 - j_1) \dots b(u_d - j_d), \quad u = (s - low) / h

with the cubic B-spline b; the coefficients c are solved for such that V meets the values at
all nodes. At the ends of a dimension that is not periodic the slope is zero, so that the
constant continuation outside joins smoothly. Source: M. Unser, IEEE Signal Process. Mag. 16
(1999) 22.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.simulation.bias.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Four = tuple[float, float, float, float]

__all__ = ["INVERSE", "LOW", "PADDING", "PERIOD", "interpolate", "padded", "spline"]

LOW, INVERSE, PERIOD = range(3)  # rows of a geometry; those of restraint and walls follow
PADDING = 3  # coefficients per dimension more than bins
POLE = math.sqrt(3) - 2
HORIZON = 32  # POLE**32 is below the rounding of a double


def padded(bins: tuple[int, ...]) -> int:
    """Number of spline coefficients for a grid of so many bins."""
    return math.prod(n + PADDING for n in bins)


@compiled
def interpolate(
    coefficients: Array, bins: Indices, geometry: Array, s: Array, gradient: Array
) -> float:
    """V(s), with dV/ds written to `gradient`; NaN where `s` is.

    `geometry` has the rows low, 1 / spacing and period, one column per dimension.
    """
    i, t, a = _place(s[0], geometry[LOW, 0], geometry[INVERSE, 0], bins[0], geometry[PERIOD, 0])
    w, d = _basis(t), _slope(t)
    if len(bins) == 1:
        gradient[0] = a * _sum(coefficients, i, d)
        return _sum(coefficients, i, w)
    j, u, b = _place(s[1], geometry[LOW, 1], geometry[INVERSE, 1], bins[1], geometry[PERIOD, 1])
    x, e = _basis(u), _slope(u)
    if len(bins) == 2:  # noqa: PLR2004 - dimensions
        v, g, f = _plane(coefficients, i, j, bins[1] + 3, w, d, x, e)
        gradient[0], gradient[1] = a * g, b * f
        return v
    k, q, c = _place(s[2], geometry[LOW, 2], geometry[INVERSE, 2], bins[2], geometry[PERIOD, 2])
    y, z = _basis(q), _slope(q)
    width, total = bins[2] + 3, 0.0
    gradient[:] = 0
    for m in range(4):
        at = (i + m) * (bins[1] + 3)
        # the plane's own first weights are x, e along j; y, z along k
        v, g, f = _plane(coefficients, at + j, k, width, x, e, y, z)
        total += w[m] * v
        gradient[0] += a * d[m] * v
        gradient[1] += b * w[m] * g
        gradient[2] += c * w[m] * f
    return total


@compiled
def _place(
    x: float, low: float, inverse: float, bins: int, period: float
) -> tuple[int, float, float]:
    """Interval, position in it from 0 to 1, and du/dx: 0 outside."""
    u = (x - low) * inverse
    if period > 0:
        u -= bins * math.floor(u / bins)
        if u >= bins:  # by rounding
            u = 0.0
    if math.isnan(u):
        return 0, u, u
    if u <= 0 and period == 0:
        return 0, 0.0, 0.0
    if u >= bins:
        return bins - 1, 1.0, 0.0
    i = int(u)
    return i, u - i, inverse


@compiled
def _basis(t: float) -> Four:
    r = 1 - t
    return (
        r * r * r / 6,
        (t * t * (3 * t - 6) + 4) / 6,
        (r * r * (3 * r - 6) + 4) / 6,
        t * t * t / 6,
    )


@compiled
def _slope(t: float) -> Four:
    r = 1 - t
    return -r * r / 2, t * (1.5 * t - 2), -r * (1.5 * r - 2), t * t / 2


@compiled
def _sum(c: Array, at: int, w: Four) -> float:
    total: float = w[0] * c[at] + w[1] * c[at + 1] + w[2] * c[at + 2] + w[3] * c[at + 3]
    return total


@compiled
def _plane(  # noqa: PLR0917 - compiled code has no objects to hold them
    c: Array, i: int, j: int, width: int, w: Four, d: Four, x: Four, e: Four
) -> tuple[float, float, float]:
    """Sum over 4 by 4 coefficients: value, slope along rows, slope along columns."""
    value, slope, across = 0.0, 0.0, 0.0
    for m in range(4):
        at = (i + m) * width + j
        row = _sum(c, at, x)
        value += w[m] * row
        slope += d[m] * row
        across += w[m] * _sum(c, at, e)
    return value, slope, across


@compiled
def spline(values: Array, shape: Indices, period: Array, work: Array, coefficients: Array) -> None:
    """Coefficients, with the padding that `interpolate` reads, of the spline through `values`.

    `values` and `work` are flat, the last dimension fastest; `work` is overwritten.
    """
    work[:] = values
    inner = len(values)
    outer = 1
    for d in range(len(shape)):
        n = shape[d]
        inner //= n
        lines = work.reshape((outer, n, inner))
        for o in range(outer):
            _solve(lines[o], period[d] > 0)
        outer *= n
    _pad(work, shape, period, coefficients)


@compiled
def _solve(f: Array, periodic: bool) -> None:  # noqa: FBT001
    """Along the first axis of (node, line), solve ``c[k-1] + 4 c[k] + c[k+1] = 6 f[k]``."""
    n, lines = f.shape
    for m in range(lines):
        start, z = 0.0, 1.0
        for k in range(HORIZON):
            at = (n - k if periodic and k else k) if n > HORIZON else _fold(-k, n, periodic)
            start += z * f[at, m]
            z *= POLE
        f[0, m] = 6 * start
    for k in range(1, n):
        for m in range(lines):
            f[k, m] = 6 * f[k, m] + POLE * f[k - 1, m]
    for m in range(lines):
        end, z = 0.0, 1.0
        if periodic:
            for k in range(HORIZON):
                end += z * f[(n - 1 + k) % n, m]
                z *= POLE
            f[n - 1, m] = -POLE * end
        else:
            f[n - 1, m] = POLE / (POLE * POLE - 1) * (POLE * f[n - 2, m] + f[n - 1, m])
    for k in range(n - 2, -1, -1):
        for m in range(lines):
            f[k, m] = POLE * (f[k + 1, m] - f[k, m])


@compiled
def _fold(k: int, n: int, periodic: bool) -> int:  # noqa: FBT001
    """The node that stands for number `k`: the same again if periodic, else mirrored."""
    if periodic:
        return k % n
    k = abs(k) % (2 * n - 2)
    return k if k < n else 2 * n - 2 - k


@compiled
def _pad(work: Array, shape: Indices, period: Array, coefficients: Array) -> None:
    """Copy to an array with one coefficient more before, and the rest after, each dimension."""
    last = len(shape) - 1
    full = np.ones(3, np.int64)
    size = np.ones(3, np.int64)
    around = np.zeros(3, np.bool_)
    for d in range(last + 1):
        full[2 - last + d] = shape[d]
        around[2 - last + d] = period[d] > 0
        size[2 - last + d] = shape[d] + (3 if period[d] > 0 else 2)
    n, at = full[2], 0
    for i in range(size[0]):
        p = _fold(i - 1, full[0], around[0]) if size[0] > 1 else 0
        for j in range(size[1]):
            q = _fold(j - 1, full[1], around[1]) if size[1] > 1 else 0
            row = (p * full[1] + q) * n
            coefficients[at] = work[row + _fold(-1, n, around[2])]
            for k in range(n):
                coefficients[at + 1 + k] = work[row + k]
            for k in range(n, size[2] - 1):
                coefficients[at + 1 + k] = work[row + _fold(k, n, around[2])]
            at += size[2]
