from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.domains.jets.particles import particles
from sciae.domains.jets.ragged import Constituents
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    Jets = Callable[..., Constituents]
    Same = Callable[[Constituents], Constituents]


def test_hardest_first_and_the_rest_is_counted(toy_jets: Jets) -> None:
    jets = toy_jets(50)
    found = particles(jets, most=20)
    for jet, (a, b) in enumerate(pairwise(jets.offsets)):
        share = np.sort(jets.pt[a:b])[::-1] / jets.pt[a:b].sum()
        np.testing.assert_allclose(found.relative_pt[jet][found.mask[jet]], share[:20], rtol=1e-12)
        assert found.mask[jet].sum() == min(b - a, 20)
        assert found.dropped[jet] == max(b - a - 20, 0)
        np.testing.assert_allclose(found.dropped_pt[jet], share[20:].sum(), atol=1e-12)


def test_padding_is_zero_and_masked(toy_jets: Jets) -> None:
    found = particles(toy_jets(20), most=100)
    for column in (found.relative_pt, found.delta_eta, found.delta_phi):
        assert not column[~found.mask].any()
    assert (found.entry[~found.mask] == -1).all()
    assert (found.relative_pt[found.mask] > 0).all()


def test_entries_lead_back_to_the_constituents(toy_jets: Jets) -> None:
    jets = toy_jets(20)
    found = particles(jets)
    total = np.add.reduceat(jets.pt, jets.offsets[:-1])[:, None]
    want = np.where(found.mask, jets.pt[found.entry] / total, 0)
    np.testing.assert_allclose(found.relative_pt, want, rtol=1e-12)


def test_places_are_about_the_centroid(toy_jets: Jets) -> None:
    jets = toy_jets(20)
    for rotate in (False, True):
        found = particles(jets, most=200, rotate=rotate, flip=False)
        for place in (found.delta_eta, found.delta_phi):
            np.testing.assert_allclose((found.relative_pt * place).sum(1), 0, atol=1e-8)
    u, v, z = found.delta_eta, found.delta_phi, found.relative_pt
    np.testing.assert_allclose((z * u * v).sum(1), 0, atol=1e-8)
    assert ((z * u * u).sum(1) >= (z * v * v).sum(1)).all()


def test_more_pt_on_the_positive_sides(toy_jets: Jets) -> None:
    found = particles(toy_jets(50), most=200)
    for place in (found.delta_eta, found.delta_phi):
        assert ((found.relative_pt * np.sign(place)).sum(1) >= -1e-9).all()


def test_the_same_jets_are_the_same_particles(toy_jets: Jets, same: Same) -> None:
    jets = toy_jets(200)
    want, found = particles(jets), particles(same(jets))
    np.testing.assert_array_equal(found.mask, want.mask)
    np.testing.assert_array_equal(found.dropped, want.dropped)
    np.testing.assert_allclose(found.relative_pt, want.relative_pt, rtol=1e-12)
    np.testing.assert_allclose(found.delta_eta, want.delta_eta, atol=2e-9)
    np.testing.assert_allclose(found.delta_phi, want.delta_phi, atol=2e-9)


def test_equal_pt_is_ordered_by_place() -> None:
    eta, phi = np.array([0.3, 0.1, 0.1, -0.2]), np.array([0.0, 0.2, 0.1, 0.4])
    orders = ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1])
    first, *others = (
        particles(Constituents.from_ptetaphi([0, 4], [1] * 4, eta[o], phi[o])) for o in orders
    )
    for other in others:
        np.testing.assert_allclose(other.delta_eta, first.delta_eta, atol=2e-9)
        np.testing.assert_allclose(other.delta_phi, first.delta_phi, atol=2e-9)


def test_over_the_edge_of_azimuth() -> None:
    jet = Constituents.from_ptetaphi([0, 2], [1, 1], [0, 0], [3.1, -3.1])
    found = particles(jet, most=2, rotate=False, flip=False)
    np.testing.assert_allclose(np.abs(found.delta_phi), np.pi - 3.1, atol=1e-9)


def test_unusable_jets_are_all_padding() -> None:
    jets = Constituents.from_ptetaphi([0, 0, 1, 2], [0, np.nan], [0, 0], [0, 0])
    found = particles(jets, most=3)
    assert not found.mask.any()
    assert np.isnan(found.dropped_pt).all()


def test_one_constituent_sits_at_the_centre() -> None:
    found = particles(Constituents.from_ptetaphi([0, 1], [5], [2], [3]), most=2)
    assert found.relative_pt.tolist() == [[1, 0]]
    assert found.delta_eta.tolist() == found.delta_phi.tolist() == [[0, 0]]


def test_settings_are_checked(toy_jets: Jets) -> None:
    with pytest.raises(SpecError, match="most"):
        particles(toy_jets(1), most=0)
