"""Soft drop and the Lund plane, read off the Cambridge-Aachen tree."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.observables.declustering import Tree, cambridge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.frame import JetFrame

    Floats = NDArray[np.float64]

__all__ = ["groom"]

NAMES = (
    *("soft_drop_mass", "zg", "theta_g", "nsd"),
    *("lund_primary_1gev", "lund_primary_5gev", "lund_multiplicity"),
)
MOST_CLUSTERED = 2000  # constituents that are reclustered, hardest first: time grows as n^2
ZCUT = 0.1  # the softer branch's share of pt that passes soft drop (beta = 0)
KT_LOW, KT_HIGH = 1.0, 5.0  # GeV


@compiled
def _share(tree: Tree, node: int) -> float:
    """Share z of the summed pt of both branches that the softer has."""
    total = tree.pt[tree.harder[node]] + tree.pt[tree.softer[node]]
    return tree.pt[tree.softer[node]] / total if total > 0 else 0.0


@compiled
def _kt(tree: Tree, node: int) -> float:
    """Transverse momentum of the softer branch relative to the harder, pt dR, in GeV."""
    return float(tree.pt[tree.softer[node]] * tree.distance[node])


@compiled
def _soft_drop(tree: Tree, radius: float, out: Floats) -> None:
    """Mass, zg, theta_g of the first passing splitting; how many pass in all."""
    node = tree.pt.size - 1
    while tree.harder[node] >= 0:
        z = _share(tree, node)
        if z > ZCUT:
            if out[3] == 0:
                out[0], out[1], out[2] = sqrt(tree.mass2[node]), z, tree.distance[node] / radius
            out[3] += 1
        node = tree.harder[node]
    if out[3] == 0:
        out[0] = sqrt(tree.mass2[node])


@compiled
def _lund(tree: Tree, out: Floats) -> None:
    """Primary declusterings above either kt, and subjets above the lower."""
    node = tree.pt.size - 1
    while tree.harder[node] >= 0:
        kt = _kt(tree, node)
        out[4] += kt > KT_LOW
        out[5] += kt > KT_HIGH
        node = tree.harder[node]
    out[6] = 1
    for node in range(tree.pt.size // 2 + 1, tree.pt.size):
        out[6] += _kt(tree, node) > KT_LOW


@compiled
def _groom(frame: JetFrame, radius: float) -> Floats:
    offsets, pt, y, phi, mass2 = frame
    out = np.full((offsets.size - 1, 7), np.nan)
    for jet in range(offsets.size - 1):
        a = offsets[jet]
        b = min(offsets[jet + 1], a + MOST_CLUSTERED)
        if a < b:
            out[jet] = 0.0
            tree = cambridge(pt[a:b], y[a:b], phi[a:b], mass2[a:b])
            _soft_drop(tree, radius, out[jet])
            _lund(tree, out[jet])
    return out


def groom(frame: JetFrame, *, radius: float) -> dict[str, Floats]:
    """Soft drop (zcut = 0.1, beta = 0) and Lund-plane counts of each jet.

    The tree is Cambridge-Aachen. Where no splitting passes, zg, theta_g and nsd are zero
    and the mass is that of the hardest branch's last constituent. Only the hardest 2000
    constituents are reclustered.
    """
    columns = _groom(frame, radius)
    return dict(zip(NAMES, np.ascontiguousarray(columns.T), strict=True))
