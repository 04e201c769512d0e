"""Jets turned to one orientation, so that a picture shows the jet and not where it flew."""

from __future__ import annotations

from math import atan2, cos, floor, hypot, isfinite, sin
from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.fourvector import wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.ragged import Constituents

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["oriented"]

ROUND = 1e-9  # moments closer than this, in parts of their scale, are equal
GRID = 1e9  # places are kept to 1 / GRID, so that rounding does not move one over an edge


@compiled
def _usable(pt: Floats, eta: Floats, phi: Floats) -> bool:
    found = False
    for i in range(pt.size):
        if pt[i] != 0:
            found = pt[i] > 0 and isfinite(pt[i] + eta[i] + phi[i])
            if not found:
                break
    return found


@compiled
def _centre(pt: Floats, eta: Floats, phi: Floats, u: Floats, v: Floats) -> None:
    """Write places relative to the pt-weighted centroid, azimuth counted from the hardest."""
    near = phi[np.argmax(pt)]
    total, u0, v0 = 0.0, 0.0, 0.0
    for i in range(pt.size):
        if pt[i] > 0:
            u[i], v[i] = eta[i], wrapped(phi[i] - near)
            total += pt[i]
            u0 += pt[i] * u[i]
            v0 += pt[i] * v[i]
    u -= u0 / total
    v -= v0 / total


@compiled
def _rotate(pt: Floats, u: Floats, v: Floats) -> None:
    """Lay the principal axis of the pt-weighted second moments along u; none in a round jet."""
    uu, uv, vv = 0.0, 0.0, 0.0
    for i in range(pt.size):
        uu += pt[i] * u[i] * u[i]
        uv += pt[i] * u[i] * v[i]
        vv += pt[i] * v[i] * v[i]
    if hypot(2 * uv, uu - vv) <= ROUND * (uu + vv):
        return
    angle = 0.5 * atan2(2 * uv, uu - vv)
    c, s = cos(angle), sin(angle)
    for i in range(pt.size):
        u[i], v[i] = c * u[i] + s * v[i], c * v[i] - s * u[i]


@compiled
def _flip(pt: Floats, x: Floats) -> None:
    """Mirror so that more pt lies at x > 0; of two equal halves, so that sum pt x^3 > 0."""
    half, total, cube, scale = 0.0, 0.0, 0.0, 0.0
    for i in range(pt.size):
        third = pt[i] * x[i] ** 3
        total += pt[i]
        half += np.sign(x[i]) * pt[i]
        cube += third
        scale += abs(third)
    lean = half if abs(half) > ROUND * total else cube if abs(cube) > ROUND * scale else 0.0
    if lean < 0:
        x[:] = -x


@compiled
def _round(x: Floats) -> None:
    for i in range(x.size):
        x[i] = floor(x[i] * GRID + 0.5) / GRID


@compiled
def _oriented(
    offsets: Integers, pt: Floats, eta: Floats, phi: Floats, how: tuple[bool, bool]
) -> tuple[Floats, Floats]:
    u, v = np.full(pt.size, np.nan), np.full(pt.size, np.nan)
    for jet in range(offsets.size - 1):
        one = slice(offsets[jet], offsets[jet + 1])
        if not _usable(pt[one], eta[one], phi[one]):
            continue
        u[one], v[one] = 0.0, 0.0
        _centre(pt[one], eta[one], phi[one], u[one], v[one])
        if how[0]:
            _rotate(pt[one], u[one], v[one])
        _round(u[one])
        _round(v[one])
        if how[1]:
            _flip(pt[one], u[one])
            _flip(pt[one], v[one])
    return u, v


def oriented(constituents: Constituents, *, rotate: bool, flip: bool) -> tuple[Floats, Floats]:
    """Places of constituents about the pt-weighted centroid of their jet.

    Parameters
    ----------
    constituents : Constituents
        The jets, narrower than pi in azimuth about their hardest constituent.
    rotate : bool
        Lay the principal axis of the pt-weighted second moments along the first direction.
        A jet without one (of one constituent, or round) is left as it is.
    flip : bool
        Mirror each direction so that more of the pt lies on its positive side.

    Returns
    -------
    u, v : array, shape (constituent,)
        Pseudorapidity and azimuth (rad) about the centroid, or along and across the
        principal axis, to 1e-9. NaN for a jet that has no pt or is not finite.

    Notes
    -----
    Centre, rotation and flip are the preprocessing of arXiv:1407.5675 and 1511.05190.
    With both steps the places do not change under a turn in azimuth or a flip of the beam.
    """
    c = constituents
    return _oriented(c.offsets, c.pt, c.eta, c.phi, (rotate, flip))
