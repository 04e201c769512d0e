"""Nearest neighbours in the plane of rapidity and azimuth."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.domains.jets.compiled import compiled, compiled_minimum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Neighbours", "distance2", "find_nearest", "least_of", "neighbours", "remove"]

TIE = 1e-9  # parts by which two distances differ by rounding only, as on a grid of towers
COINCIDENT = 1e-20  # squared distance of two at one place


class Neighbours(NamedTuple):
    """What is left to be clustered, in slots without gaps, and who is nearest to whom."""

    pt: Floats  # (slot,) GeV
    y: Floats  # (slot,) rapidity
    phi: Floats  # (slot,) rad, on [-pi, pi]
    near: Integers  # (slot,) slot of the nearest other; -1 without one
    near2: Floats  # (slot,) its squared distance; infinite without one
    scratch: Floats  # (slot,) room for distances


@compiled
def distance2(y1: float, phi1: float, y2: float, phi2: float) -> float:
    """Squared angular distance of two directions given on [-pi, pi]."""
    turn = abs(phi1 - phi2)
    turn = min(turn, 2 * pi - turn)
    return (y1 - y2) * (y1 - y2) + turn * turn


@compiled
def _distances(slot: int, y: Floats, phi: Floats, out: Floats) -> None:
    for other in range(y.size):
        out[other] = distance2(y[slot], phi[slot], y[other], phi[other])
    out[slot] = np.inf


@compiled_minimum
def _minimum(values: Floats) -> float:
    least = np.inf
    for value in values:
        least = min(least, value)
    return least


@compiled
def least_of(values: Floats, pt: Floats) -> int:
    """Where the least value is; of those equal but for rounding, the hardest."""
    bound, best = _minimum(values) * (1 + TIE) + COINCIDENT, -1
    for slot in range(values.size):
        if values[slot] <= bound and (best < 0 or pt[slot] > pt[best]):
            best = slot
    return max(best, 0)


@compiled
def find_nearest(slot: int, left: int, at: Neighbours) -> None:
    """Find the nearest to one slot among the first `left`, if there is another."""
    _distances(slot, at.y[:left], at.phi[:left], at.scratch[:left])
    nearest = least_of(at.scratch[:left], at.pt[:left])
    at.near2[slot] = at.scratch[nearest]
    at.near[slot] = nearest if left > 1 else -1


@compiled
def neighbours(pt: Floats, y: Floats, phi: Floats) -> Neighbours:
    """Fill the slots, and find the nearest neighbour of each."""
    n = pt.size
    near, near2, scratch = np.full(n, -1), np.full(n, np.inf), np.empty(n)
    at = Neighbours(pt.copy(), y.copy(), phi.copy(), near, near2, scratch)
    for slot in range(n):
        find_nearest(slot, n, at)
    return at


@compiled
def remove(slot: int, left: int, at: Neighbours) -> None:
    """Close the gap at one slot with the last; `left` remain.

    Whoever was nearest to what is removed is left with -1, to look again.
    """
    at.pt[slot], at.y[slot], at.phi[slot] = at.pt[left], at.y[left], at.phi[left]
    at.near[slot], at.near2[slot] = at.near[left], at.near2[left]
    for other in range(left):
        if at.near[other] == slot:
            at.near[other] = -1
        elif at.near[other] == left:
            at.near[other] = slot
