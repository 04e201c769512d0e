"""Energy correlation functions and their ratios."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled, compiled_sum
from sciae.domains.jets.observables.nearest import distance2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.frame import JetFrame

    Floats = NDArray[np.float64]

__all__ = ["correlators"]

NAMES = ("c1", "c2", "d2", "m2", "n2")
MOST_CORRELATED = 200  # constituents of a jet that enter, hardest first: time grows as n^3


@compiled
def _fill_distances(y: Floats, phi: Floats, distance: Floats) -> None:
    for i in range(y.size):
        for j in range(i + 1, y.size):
            distance[i, j] = sqrt(distance2(y[i], phi[i], y[j], phi[j]))


@compiled_sum
def _triplets(d: float, di: Floats, dj: Floats, z: Floats) -> tuple[float, float, float]:
    """Sum over the third of z times all three angles, the least, and the two least."""
    three, one, two = 0.0, 0.0, 0.0
    for k in range(z.size):
        low, high = min(di[k], dj[k]), max(di[k], dj[k])
        three += z[k] * low * high
        one += z[k] * min(low, d)
        two += z[k] * low * min(high, d)
    return d * three, one, two


@compiled
def _correlate(z: Floats, distance: Floats) -> tuple[float, float, float, float]:
    """Return e2, e3, and the three-point functions of one and of two angles."""
    e2, e3, one, two = 0.0, 0.0, 0.0, 0.0
    n = z.size
    for i in range(n):
        for j in range(i + 1, n):
            d, pair = distance[i, j], z[i] * z[j]
            rest = slice(j + 1, n)
            t3, t1, t2 = _triplets(d, distance[i, rest], distance[j, rest], z[rest])
            e2 += pair * d
            e3 += pair * t3
            one += pair * t1
            two += pair * t2
    return e2, e3, one, two


@compiled
def _correlators(frame: JetFrame) -> Floats:
    offsets, pt, y, phi, _ = frame
    out = np.full((offsets.size - 1, 5), np.nan)
    distance = np.empty((MOST_CORRELATED, MOST_CORRELATED))
    for jet in range(offsets.size - 1):
        a, b = offsets[jet], offsets[jet + 1]
        c = min(b, a + MOST_CORRELATED)
        if a == b:
            continue
        _fill_distances(y[a:c], phi[a:c], distance)
        e2, e3, one, two = _correlate(pt[a:c] / pt[a:b].sum(), distance)
        out[jet] = 0.0
        if e2 > 0:
            out[jet] = e2, e3 / e2**2, e3 / e2**3, one / e2, two / e2**2
    return out


def correlators(frame: JetFrame) -> dict[str, Floats]:
    r"""Ratios of energy correlation functions with beta = 1.

    .. math::
        e_2 = \sum_{i<j} z_i z_j \theta_{ij}, \quad
        {}_v e_3 = \sum_{i<j<k} z_i z_j z_k \prod_{m=1}^{v} \theta_{(m)}

    with z the share of the summed pt, theta the distance in rapidity and azimuth, and
    theta_(m) the m-th least of the three. C1 = e2, C2 = 3e3 / e2^2, D2 = 3e3 / e2^3,
    M2 = 1e3 / e2, N2 = 2e3 / e2^2; zero where e2 is zero. Only the hardest 200
    constituents enter.
    """
    columns = _correlators(frame)
    return dict(zip(NAMES, np.ascontiguousarray(columns.T), strict=True))
