"""Jets as sets of particles, padded to one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.order import hardest_first
from sciae.domains.jets.orient import oriented
from sciae.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.ragged import Constituents

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Particles", "particles"]


class Particles(NamedTuple):
    """The hardest constituents of each jet, and what was left out."""

    relative_pt: Floats  # (jet, most) share of the summed pt; 0 where padded
    delta_eta: Floats  # (jet, most) from the centroid; 0 where padded
    delta_phi: Floats  # (jet, most) rad, from the centroid; 0 where padded
    mask: NDArray[np.bool_]  # (jet, most) true where there is a particle
    entry: Integers  # (jet, most) which constituent it is, in the flat arrays; -1 where padded
    dropped: Integers  # (jet,) constituents beyond `most`
    dropped_pt: Floats  # (jet,) their share of the pt; NaN for a jet without usable pt


@compiled
def _choose(
    offsets: Integers, pt: Floats, u: Floats, v: Floats, entry: Integers
) -> tuple[Integers, Floats]:
    """Set the entries of each jet, hardest first; return how many and how much pt is left out."""
    dropped, lost = np.zeros(offsets.size - 1, np.int64), np.full(offsets.size - 1, np.nan)
    for jet in range(offsets.size - 1):
        a, b = offsets[jet], offsets[jet + 1]
        if a == b or np.isnan(u[a]):
            continue
        order = hardest_first(pt[a:b], u[a:b], v[a:b])
        lost[jet] = 0.0
        for i in range(b - a):
            if pt[a + order[i]] > 0 and i < entry.shape[1]:
                entry[jet, i] = a + order[i]
            elif pt[a + order[i]] > 0:
                dropped[jet] += 1
                lost[jet] += pt[a + order[i]]
        lost[jet] /= pt[a:b].sum()
    return dropped, lost


@compiled
def _gather(offsets: Integers, entry: Integers, pt: Floats, u: Floats, v: Floats) -> Floats:
    out = np.zeros((3, *entry.shape))
    for jet in range(entry.shape[0]):
        total = pt[offsets[jet] : offsets[jet + 1]].sum()
        for i in range(entry.shape[1]):
            k = entry[jet, i]
            if k >= 0:
                out[0, jet, i], out[1, jet, i], out[2, jet, i] = pt[k] / total, u[k], v[k]
    return out


def particles(
    constituents: Constituents, *, most: int = 40, rotate: bool = True, flip: bool = True
) -> Particles:
    """Return each jet as a padded set of particles, hardest first, equal pt by place.

    Parameters
    ----------
    constituents : Constituents
        The jets, narrower than pi in azimuth about their hardest constituent.
    most : int
        Particles kept of each jet; those beyond are counted, with their pt.
    rotate, flip : bool
        Orient the set as an image is: principal axis first, more pt on the positive sides.
        With both, a turn in azimuth, a flip of the beam and the order change nothing.

    Raises
    ------
    SpecError
        If `most` is less than 1.

    Examples
    --------
    >>> from sciae.domains.jets.ragged import Constituents
    >>> jet = Constituents.from_ptetaphi([0, 3], pt=[1, 6, 3], eta=[0, 1, 2], phi=[0, 0, 0])
    >>> p = particles(jet, most=2, rotate=False, flip=False)
    >>> p.relative_pt.tolist(), p.dropped.tolist(), p.dropped_pt.tolist()
    ([[0.6, 0.3]], [1], [0.1])
    """
    if most < 1:
        raise SpecError(f"most {most}", where="particles", expected="at least 1")
    c = constituents
    u, v = oriented(c, rotate=rotate, flip=flip)
    entry = np.full((len(c), most), -1)
    dropped, dropped_pt = _choose(c.offsets, c.pt, u, v, entry)
    pt, eta, phi = _gather(c.offsets, entry, c.pt, u, v)
    return Particles(pt, eta, phi, entry >= 0, entry, dropped, dropped_pt)
