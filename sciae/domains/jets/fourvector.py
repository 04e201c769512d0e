"""Four-vectors in collider coordinates: the arithmetic of one particle and of one jet."""

from __future__ import annotations

from math import asinh, atan2, cos, cosh, floor, hypot, isfinite, pi, sin, sinh, sqrt
from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["axis_of", "lightcone", "mass_of", "mass_squared", "rapidity", "wrapped"]

ROUNDING = 1e-14  # a squared mass below this part of the squared energy is rounding


@compiled
def wrapped(angle: float) -> float:
    """One angle on the branch [-pi, pi), in rad."""
    turned = angle - 2 * pi * floor((angle + pi) / (2 * pi)) if isfinite(angle) else angle
    return turned if turned < pi else turned - 2 * pi


@compiled
def mass_squared(pt: float, eta: float, energy: float) -> float:
    """Squared mass of one particle, in GeV^2; 0 where only rounding is left."""
    momentum = pt * cosh(eta)
    squared = (energy - momentum) * (energy + momentum)
    return squared if squared > ROUNDING * energy * energy else 0.0


@compiled
def rapidity(pt: float, eta: float, mass2: float) -> float:
    """Rapidity asinh(pz / mT) of one particle; its pseudorapidity where it is massless."""
    return asinh(pt * sinh(eta) / sqrt(pt * pt + mass2)) if mass2 > 0 else eta


@compiled
def lightcone(pt: float, y: float, phi: float, mass2: float) -> float:
    """E - px of a particle, without cancellation along x: every term is positive."""
    mt = sqrt(pt * pt + mass2)
    slow = mass2 / (mt + pt) if mass2 > 0 else 0.0  # mT - pT
    return slow + 2 * mt * sinh(y / 2) ** 2 + 2 * pt * sin(phi / 2) ** 2


@compiled
def axis_of(pt: Floats, eta: Floats, phi: Floats, energy: Floats) -> tuple[float, ...]:
    """Return pt, eta, phi and rapidity of the summed four-vector of one jet.

    NaN if it has no constituent, or one that is not finite or of negative pt.
    """
    px, py, pz, e, usable = 0.0, 0.0, 0.0, 0.0, False
    for i in range(pt.size):
        if pt[i] != 0:
            usable = pt[i] > 0 and isfinite(pt[i] + eta[i] + phi[i] + energy[i])
            if not usable:
                break
            px += pt[i] * cos(phi[i])
            py += pt[i] * sin(phi[i])
            pz += pt[i] * sinh(eta[i])
            e += max(energy[i], pt[i] * cosh(eta[i]))
    total = hypot(px, py)
    if not usable or not isfinite(total + pz + e):
        return np.nan, np.nan, np.nan, np.nan
    mt = sqrt(max((e - pz) * (e + pz), total * total))
    eta_, y = (asinh(pz / total), asinh(pz / mt)) if total > 0 else (0.0, 0.0)
    return total, eta_, wrapped(atan2(py, px)), y


@compiled
def mass_of(pt: Floats, y: Floats, phi: Floats, mass2: Floats) -> float:
    """Mass of one jet from its constituents relative to its axis, in GeV.

    In the frame where the jet flies along x, m^2 = (E - px)(E + px) - py^2 - pz^2 and
    the first factor is summed without cancellation, so light jets keep their digits.
    """
    minus, px, py, pz = 0.0, 0.0, 0.0, 0.0
    for i in range(pt.size):
        minus += lightcone(pt[i], y[i], phi[i], mass2[i])
        px += pt[i] * cos(phi[i])
        py += pt[i] * sin(phi[i])
        pz += sqrt(pt[i] * pt[i] + mass2[i]) * sinh(y[i])
    return sqrt(max(minus * (minus + 2 * px) - py * py - pz * pz, 0.0))
