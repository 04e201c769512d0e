"""The Cambridge-Aachen tree of a jet."""

from __future__ import annotations

from math import asinh, atan2, hypot, sin, sinh, sqrt
from typing import TYPE_CHECKING, NamedTuple

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

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Tree", "cambridge"]


class Tree(NamedTuple):
    """How one jet was put together: leaf k < n is constituent k, the last node is the jet."""

    pt: Floats  # (2 n - 1,) GeV
    y: Floats  # (2 n - 1,) rapidity
    phi: Floats  # (2 n - 1,) rad
    mass2: Floats  # (2 n - 1,) GeV^2
    harder: Integers  # (2 n - 1,) the branch of larger pt; -1 for a leaf
    softer: Integers  # (2 n - 1,) the other
    distance: Floats  # (2 n - 1,) between the two branches; 0 for a leaf


@compiled
def _merged_mass2(tree: Tree, a: int, b: int) -> float:
    """(p_a + p_b)^2 = m_a^2 + m_b^2 + 2 p_a.p_b, every term positive, so nothing cancels."""
    pt2a, pt2b = tree.pt[a] ** 2, tree.pt[b] ** 2
    ma, mb = tree.mass2[a], tree.mass2[b]
    mt, pt = sqrt((pt2a + ma) * (pt2b + mb)), tree.pt[a] * tree.pt[b]
    rest = (ma * pt2b + mb * pt2a + ma * mb) / (mt + pt) if mt > 0 else 0.0
    along, around = sinh((tree.y[a] - tree.y[b]) / 2), sin((tree.phi[a] - tree.phi[b]) / 2)
    return float(ma + mb + 2 * (rest + 2 * mt * along * along + 2 * pt * around * around))


@compiled
def _merge(tree: Tree, momenta: Floats, a: int, b: int, new: int) -> None:
    momenta[new] = momenta[a] + momenta[b]
    tree.mass2[new] = _merged_mass2(tree, a, b)
    tree.pt[new] = hypot(momenta[new, 0], momenta[new, 1])
    mt = sqrt(tree.pt[new] ** 2 + tree.mass2[new])
    tree.y[new] = asinh(momenta[new, 2] / mt) if mt > 0 else 0.0
    tree.phi[new] = atan2(momenta[new, 1], momenta[new, 0])
    swap = tree.pt[b] > tree.pt[a]
    tree.harder[new], tree.softer[new] = (b, a) if swap else (a, b)
    tree.distance[new] = sqrt(distance2(tree.y[a], tree.phi[a], tree.y[b], tree.phi[b]))


@compiled
def _leaves(pt: Floats, y: Floats, phi: Floats, mass2: Floats) -> tuple[Tree, Floats]:
    n, nodes = pt.size, 2 * pt.size - 1
    rows, links, momenta = np.zeros((5, nodes)), np.full((2, nodes), -1), np.empty((nodes, 3))
    tree = Tree(rows[0], rows[1], rows[2], rows[3], links[0], links[1], rows[4])
    tree.pt[:n], tree.y[:n], tree.phi[:n], tree.mass2[:n] = pt, y, phi, mass2
    momenta[:n, 0], momenta[:n, 1] = pt * np.cos(phi), pt * np.sin(phi)
    momenta[:n, 2] = np.sqrt(pt * pt + mass2) * np.sinh(y)
    return tree, momenta


@compiled
def _replace(slot: int, gone: int, left: int, at: Neighbours) -> None:
    """Let the new node in `slot` stand for itself and for `gone`; `left` remain.

    Others need not learn that the new one is nearer to them: of each pair the one that
    looked last knows the distance, which is enough to find the closest pair.
    """
    for other in range(left + 1):
        if at.near[other] == slot:
            at.near[other] = -1
    remove(gone, left, at)
    slot = gone if slot == left else slot
    find_nearest(slot, left, at)
    for other in range(left):
        if at.near[other] < 0 and other != slot:
            find_nearest(other, left, at)


@compiled
def cambridge(pt: Floats, y: Floats, phi: Floats, mass2: Floats) -> Tree:
    """Recluster one jet with Cambridge-Aachen (E-scheme, no radius): always the closest two."""
    tree, momenta = _leaves(pt, y, phi, mass2)
    who, at = np.arange(pt.size), neighbours(pt, y, phi)
    for left in range(pt.size - 1, 0, -1):
        new = tree.pt.size - left
        slot = least_of(at.near2[: left + 1], at.pt[: left + 1])
        gone = at.near[slot]
        _merge(tree, momenta, who[slot], who[gone], new)
        at.pt[slot], at.y[slot], at.phi[slot] = tree.pt[new], tree.y[new], tree.phi[new]
        who[slot] = new
        who[gone] = who[left]
        _replace(slot, gone, left, at)
    return tree
