from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.domains.jets.ragged import Constituents

if TYPE_CHECKING:
    from collections.abc import Callable


def _toy_jets(
    jets: int = 60, *, seed: int = 0, mean: float = 45, radius: float = 0.8
) -> Constituents:
    """Jets of falling spectrum, denser towards the axis, anywhere in azimuth, some massive."""
    rng = np.random.default_rng(seed)
    counts = np.maximum(rng.poisson(mean, jets), 3)
    of = np.repeat(np.arange(jets), counts)
    pt = 0.5 + 4 * rng.pareto(1.2, of.size)
    distance, around = radius * rng.beta(0.6, 2, of.size), rng.uniform(0, 2 * np.pi, of.size)
    eta = rng.uniform(-2, 2, jets)[of] + distance * np.cos(around)
    phi = rng.uniform(-np.pi, np.pi, jets)[of] + distance * np.sin(around)
    phi = (phi + np.pi) % (2 * np.pi) - np.pi
    mass = 0.1396 * (rng.random(of.size) < 0.6)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Constituents.from_ptetaphi(offsets, pt, eta, phi, mass=mass)


@pytest.fixture
def toy_jets() -> Callable[..., Constituents]:
    return _toy_jets


def _turned(jets: Constituents, angle: float) -> Constituents:
    return Constituents(jets.offsets, jets.pt, jets.eta, jets.phi + angle, jets.energy)


def _mirrored(jets: Constituents) -> Constituents:
    return Constituents(jets.offsets, jets.pt, -jets.eta, jets.phi, jets.energy)


def _shuffled(jets: Constituents, seed: int = 0) -> Constituents:
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(len(jets)), jets.counts)
    order = np.lexsort((rng.random(of.size), of))
    columns = (jets.pt[order], jets.eta[order], jets.phi[order], jets.energy[order])
    return Constituents(jets.offsets, *columns)


def _padded(jets: Constituents) -> Constituents:
    """One slot without pt at the end of each jet, as zero-padded files have."""
    columns = (np.insert(c, jets.offsets[1:], 0.0) for c in (jets.pt, jets.eta, jets.phi))
    energy = np.insert(jets.energy, jets.offsets[1:], 7.0)
    return Constituents(jets.offsets + np.arange(len(jets) + 1), *columns, energy)


SAME = {
    "turned": lambda jets: _turned(jets, 1.234),
    "turned over the edge": lambda jets: _turned(jets, np.pi),
    "turned twice round": lambda jets: _turned(jets, -4 * np.pi),
    "mirrored": _mirrored,
    "shuffled": _shuffled,
    "padded": _padded,
}


@pytest.fixture(params=SAME)
def same(request: pytest.FixtureRequest) -> Callable[[Constituents], Constituents]:
    """Each way to write the same jets."""
    return SAME[request.param]
