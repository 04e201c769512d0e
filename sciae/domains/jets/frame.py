"""Jets seen from their own axis."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.fourvector import axis_of, mass_squared, rapidity, wrapped
from sciae.domains.jets.order import hardest_first

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.ragged import Constituents

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["JetFrame", "jet_frame"]

ROUNDING = 1e-12  # a place this close to the axis is on it


class JetFrame(NamedTuple):
    """Constituents relative to the axis of their jet, hardest first, padding left out.

    Of equal pt the one nearer to the axis comes first, which no turn or flip changes.

    Distances are in rapidity, as jet algorithms measure them: it is pseudorapidity for
    massless constituents, and differences do not change under boosts along the beam.
    A jet without usable constituents owns none.
    """

    offsets: Integers  # (jet + 1,)
    pt: Floats  # (constituent,) GeV, positive
    y: Floats  # (constituent,) rapidity minus that of the jet
    phi: Floats  # (constituent,) rad, minus that of the jet, in [-pi, pi)
    mass2: Floats  # (constituent,) GeV^2, never negative


@compiled
def _clean(x: float) -> float:
    return x if abs(x) > ROUNDING else 0.0


@compiled
def _fill(pt: Floats, eta: Floats, phi: Floats, energy: Floats, out: Floats) -> int:
    """Write one jet to `out`, shape (4, constituent); return how many were kept."""
    _, _, phi0, y0 = axis_of(pt, eta, phi, energy)
    if not isfinite(y0):
        return 0
    kept, rows = 0, np.empty((4, pt.size))
    for i in range(pt.size):
        if pt[i] > 0:
            mass2 = mass_squared(pt[i], eta[i], energy[i])
            rows[0, kept] = pt[i]
            rows[1, kept] = _clean(rapidity(pt[i], eta[i], mass2) - y0)
            rows[2, kept] = _clean(wrapped(phi[i] - phi0))
            rows[3, kept] = mass2
            kept += 1
    distance2 = rows[1, :kept] ** 2 + rows[2, :kept] ** 2
    order = hardest_first(rows[0, :kept], distance2, rows[2, :kept])
    for i in range(kept):
        for row in range(4):
            out[row, i] = rows[row, order[i]]
    return kept


@compiled
def _frames(
    offsets: Integers, pt: Floats, eta: Floats, phi: Floats, energy: Floats
) -> tuple[Integers, Floats]:
    first, rows = np.zeros_like(offsets), np.empty((4, pt.size))
    for jet in range(offsets.size - 1):
        a, b = offsets[jet], offsets[jet + 1]
        kept = _fill(pt[a:b], eta[a:b], phi[a:b], energy[a:b], rows[:, first[jet] :])
        first[jet + 1] = first[jet] + kept
    return first, rows


def jet_frame(constituents: Constituents) -> JetFrame:
    """Turn and boost each jet so that its axis lies at the origin.

    Examples
    --------
    >>> from sciae.domains.jets.ragged import Constituents
    >>> jet = Constituents.from_ptetaphi([0, 2], pt=[1, 3], eta=[2, 2], phi=[3.1, -3.1])
    >>> jet_frame(jet).phi.round(3)
    array([ 0.021, -0.062])
    """
    c = constituents
    offsets, rows = _frames(c.offsets, c.pt, c.eta, c.phi, c.energy)
    return JetFrame(offsets, *(row[: offsets[-1]] for row in rows))
