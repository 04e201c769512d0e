"""Shapes of a jet: sums over constituents about its axis."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.frame import JetFrame

    Floats = NDArray[np.float64]

__all__ = ["shapes"]

NAMES = ("multiplicity", "girth", "width", "ptd", "lha", "leading_fraction", "n95")
MOST_PT = 0.95 * (1 - 1e-12)  # so that rounding of the sum does not add a constituent


@compiled
def _moments(pt: Floats, y: Floats, phi: Floats, radius: float, out: Floats) -> None:
    total = pt.sum()
    for i in range(pt.size):
        z, distance2 = pt[i] / total, y[i] * y[i] + phi[i] * phi[i]
        distance = sqrt(distance2)
        out[1] += z * distance
        out[2] += z * distance2
        out[3] += z * z
        out[4] += z * sqrt(distance / radius)
    out[3] = sqrt(out[3])


@compiled
def _needed(pt: Floats, part: float) -> int:
    """How many of the hardest carry that part of the summed pt."""
    total, carried = pt.sum(), 0.0
    for i in range(pt.size):
        carried += pt[i]
        if carried >= part * total:
            return i + 1
    return int(pt.size)


@compiled
def _shapes(frame: JetFrame, radius: float) -> Floats:
    offsets, pt, y, phi, _ = frame
    out = np.full((offsets.size - 1, 7), np.nan)
    for jet in range(offsets.size - 1):
        a, b = offsets[jet], offsets[jet + 1]
        if a == b:
            continue
        out[jet] = 0.0
        out[jet, 0] = b - a
        _moments(pt[a:b], y[a:b], phi[a:b], radius, out[jet])
        out[jet, 5] = pt[a] / pt[a:b].sum()
        out[jet, 6] = _needed(pt[a:b], MOST_PT)
    return out


def shapes(frame: JetFrame, *, radius: float) -> dict[str, Floats]:
    """Multiplicity, girth, width, ptD, Les Houches angularity and pt shares of each jet."""
    columns = _shapes(frame, radius)
    return dict(zip(NAMES, np.ascontiguousarray(columns.T), strict=True))
