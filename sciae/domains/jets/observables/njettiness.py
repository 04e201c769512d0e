"""N-subjettiness about winner-take-all axes."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.observables.nearest import (
    Neighbours,
    distance2,
    find_nearest,
    least_of,
    neighbours,
    remove,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.frame import JetFrame

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["njettiness"]

MOST_AXES = 4
MOST_CLUSTERED = 2000  # constituents that may become axes, hardest first; all are summed


@compiled
def _closest(left: int, at: Neighbours) -> int:
    """Who has the smallest kT distance min(pt_i, pt_j)^2 dR_ij^2 to its nearest neighbour."""
    for slot in range(left):
        softer = min(at.pt[slot], at.pt[at.near[slot]])
        at.scratch[slot] = softer * softer * at.near2[slot]
    return least_of(at.scratch[:left], at.pt[:left])


@compiled
def _end(gone: int, left: int, at: Neighbours) -> None:
    """Remove one slot; those that had it nearest look again."""
    remove(gone, left, at)
    for slot in range(left):
        if at.near[slot] < 0:
            find_nearest(slot, left, at)


@compiled
def winner_take_all(pt: Floats, y: Floats, phi: Floats) -> Integers:
    """Return constituents in the order they stay axes: the first N are the N axes.

    Exclusive kT with winner-take-all recombination: the softer of the closest pair ends
    and leaves its pt to the harder, which stays where it is. So an axis is always a
    constituent, and only those whose neighbour ended look for another.
    """
    axes, who = np.empty(pt.size, np.int64), np.arange(pt.size)
    at = neighbours(pt, y, phi)
    for left in range(pt.size - 1, 0, -1):
        i = _closest(left + 1, at)
        j = at.near[i]
        winner, gone = (i, j) if at.pt[i] >= at.pt[j] else (j, i)
        axes[left] = who[gone]
        at.pt[winner] += at.pt[gone]
        who[gone] = who[left]
        _end(gone, left, at)
    axes[0] = who[0]
    return axes


@compiled
def _add_up(pt: Floats, y: Floats, phi: Floats, axes: Integers, tau: Floats) -> None:
    """Mean distance to the nearest of the first N axes, weighted with pt, for each N."""
    total = pt.sum()
    tau[:] = 0.0
    for i in range(pt.size):
        least = np.inf
        for n in range(min(axes.size, tau.size)):
            least = min(least, distance2(y[i], phi[i], y[axes[n]], phi[axes[n]]))
            tau[n] += pt[i] / total * sqrt(least)


@compiled
def _njettiness(frame: JetFrame) -> Floats:
    offsets, pt, y, phi, _ = frame
    tau = np.full((offsets.size - 1, MOST_AXES), np.nan)
    for jet in range(offsets.size - 1):
        a, b = offsets[jet], offsets[jet + 1]
        if a < b:
            c = min(b, a + MOST_CLUSTERED)
            axes = winner_take_all(pt[a:c], y[a:c], phi[a:c])
            _add_up(pt[a:b], y[a:b], phi[a:b], axes, tau[jet])
    return tau


def njettiness(frame: JetFrame, *, radius: float) -> dict[str, Floats]:
    r"""N-subjettiness with beta = 1, and the ratios of neighbours.

    .. math:: \tau_N = \frac{\sum_i p_{T,i} \min_k \Delta R_{ik}}{R \sum_i p_{T,i}}

    The axes k are those of exclusive kT with winner-take-all recombination, which lie near
    the minimum for beta = 1; they are not minimised further. Zero with no more than N
    constituents; a ratio with zero denominator is zero.
    """
    tau = _njettiness(frame).T / radius
    found = {f"tau{n + 1}": tau[n].copy() for n in range(MOST_AXES)}
    for n in range(1, MOST_AXES):
        zero = np.where(np.isnan(tau[n]), np.nan, 0.0)
        found[f"tau{n + 1}{n}"] = np.divide(tau[n], tau[n - 1], out=zero, where=tau[n - 1] > 0)
    return found
