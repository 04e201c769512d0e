from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.domains.jets.images import Image, images, pixel_of
from sciae.domains.jets.ragged import Constituents
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Jets = Callable[..., Constituents]
    Same = Callable[[Constituents], Constituents]
    Numbers = Sequence[float]

PLAIN = Image(rotate=False, flip=False, intensity="pt")


def one(pt: Numbers, eta: Numbers, phi: Numbers) -> Constituents:
    return Constituents.from_ptetaphi([0, len(pt)], pt, eta, phi)


def test_plain_image_is_a_histogram(toy_jets: Jets) -> None:
    jets = toy_jets(30)
    found = images(jets, PLAIN)
    edges = np.linspace(-0.8, 0.8, 41)
    for jet, (a, b) in enumerate(pairwise(jets.offsets)):
        share, eta = jets.pt[a:b] / jets.pt[a:b].sum(), jets.eta[a:b]
        phi = jets.phi[a:b]
        phi = phi[0] + (phi - phi[0] + np.pi) % (2 * np.pi) - np.pi
        places = eta - share @ eta, phi - share @ phi
        want, _, _ = np.histogram2d(*places, bins=(edges, edges), weights=share)
        np.testing.assert_allclose(found.image[jet], want, atol=1e-7)
        np.testing.assert_allclose(found.kept[jet], want.sum(), rtol=1e-12)


def test_the_same_jets_have_the_same_image(toy_jets: Jets, same: Same) -> None:
    jets = toy_jets(300)
    want, found = images(jets), images(same(jets))
    np.testing.assert_allclose(found.image, want.image, rtol=2e-7)
    np.testing.assert_allclose(found.kept, want.kept, rtol=1e-12)


def test_a_turn_of_the_jet_about_its_own_axis_changes_nothing(toy_jets: Jets) -> None:
    jets = toy_jets(50)
    of, angle = np.repeat(np.arange(50), jets.counts), 0.7
    eta, phi = jets.eta, jets.phi - jets.phi[jets.offsets[:-1]][of]
    phi = (phi + np.pi) % (2 * np.pi) - np.pi
    turned = Constituents.from_ptetaphi(
        jets.offsets,
        jets.pt,
        np.cos(angle) * eta + np.sin(angle) * phi,
        np.cos(angle) * phi - np.sin(angle) * eta,
    )
    wide = Image(width=6.0, pixels=15)
    assert np.mean(images(turned, wide).image == images(jets, wide).image) > 0.9999


def test_a_jet_over_the_edge_of_azimuth_keeps_all_its_pt() -> None:
    found = images(one([3, 2, 1], [0, 0.1, 0], [3.1, -3.1, -3.0]), PLAIN)
    assert found.kept[0] == 1
    assert (found.image > 0).sum() == 3


def test_two_prongs_lie_along_the_first_direction_harder_to_the_right() -> None:
    jet = one([10, 30], [0, 0.4], [0, -0.4])
    image = images(jet, Image(pixels=5, width=2.0, intensity="pt")).image[0]
    assert np.argwhere(image > 0).tolist() == [[1, 2], [2, 2]]
    assert image[2, 2] == np.float32(0.75)


@pytest.mark.parametrize("rotate", [True, False])
@pytest.mark.parametrize("pixels", [4, 5])
@pytest.mark.parametrize(("eta", "phi"), [(0.3, 3.0), (-1.7, -np.pi), (0.1, 0.2)])
def test_jets_without_a_principal_axis(eta: float, phi: float, pixels: int, rotate: bool) -> None:  # noqa: FBT001
    settings = Image(pixels=pixels, rotate=rotate, intensity="pt")
    middle = np.zeros((pixels, pixels), np.float32)
    middle[pixels // 2, pixels // 2] = 1
    np.testing.assert_array_equal(images(one([7], [eta], [phi]), settings).image[0], middle)
    d = 0.3
    cross = one([1] * 4, eta + d * np.array([1, 0, -1, 0]), phi + d * np.array([0, 1, 0, -1]))
    home = one([1] * 4, d * np.array([1, 0, -1, 0]), d * np.array([0, 1, 0, -1]))
    np.testing.assert_array_equal(images(cross, settings).image, images(home, settings).image)


def test_unusable_jets_are_empty_and_not_kept() -> None:
    jets = Constituents.from_ptetaphi(
        [0, 0, 1, 2, 3, 4], [0, np.nan, -1, 2], [0, 0, 0, np.nan], [0] * 4
    )
    found = images(jets)
    assert np.isnan(found.kept).all()
    assert not found.image.any()


def test_root_and_scale(toy_jets: Jets) -> None:
    jets = toy_jets(20)
    share = images(jets, Image(intensity="pt")).image
    np.testing.assert_allclose(images(jets).image, np.sqrt(share), rtol=1e-6)
    gev = images(jets, Image(intensity="pt", normalise=False)).image
    total = np.add.reduceat(jets.pt, jets.offsets[:-1])
    np.testing.assert_allclose(gev, share * total[:, None, None], rtol=1e-6)
    assert share.dtype == np.float32


def test_what_falls_off_is_counted() -> None:
    found = images(one([9, 1], [0, 3], [0, 0]), PLAIN)
    np.testing.assert_allclose(found.kept, 0.9)
    np.testing.assert_allclose(found.image.sum(), 0.9)
    assert pixel_of(one([9, 1, 0], [0, 3, 0], [0, 0, 0]), PLAIN)[1:].tolist() == [-1, -1]


@pytest.mark.parametrize("settings", [PLAIN, Image(intensity="pt")])
def test_constituents_can_be_found_on_the_image(toy_jets: Jets, settings: Image) -> None:
    jets = toy_jets(20)
    pixel, found = pixel_of(jets, settings), images(jets, settings).image.reshape(20, -1)
    of = np.repeat(np.arange(20), jets.counts)
    total = np.add.reduceat(jets.pt, jets.offsets[:-1])
    want, on = np.zeros_like(found, np.float64), pixel >= 0
    np.add.at(want, (of[on], pixel[on]), (jets.pt / total[of])[on])
    np.testing.assert_allclose(found, want, atol=1e-7)


@pytest.mark.parametrize(
    "bad", [{"pixels": 0}, {"width": 0}, {"width": np.nan}, {"intensity": "e"}]
)
def test_settings_are_checked(bad: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=next(iter(bad))):
        Image(**bad)


def test_no_jets_at_all() -> None:
    assert images(Constituents.from_ptetaphi([0], [], [], [])).image.shape == (0, 40, 40)
