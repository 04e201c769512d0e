from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciae.domains.jets.ragged import Constituents, delta_phi, jet_axis
from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Jets = Callable[..., Constituents]
    Numbers = Sequence[float]


def one(pt: Numbers, eta: Numbers, phi: Numbers, **more: Numbers):
    return Constituents.from_ptetaphi([0, len(pt)], pt, eta, phi, **more)


@pytest.mark.parametrize("offsets", [[], [0], [0, 1], [1, 2], [0, 3], [0, 2, 1, 2], [-1, 2]])
def test_offsets_must_partition_the_constituents(offsets: list[int]) -> None:
    with pytest.raises(DataError, match="offsets"):
        Constituents.from_ptetaphi(offsets, [1, 2], [0, 0], [0, 0])


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match="length"):
        Constituents(np.array([0, 1]), np.ones(1), np.ones(1), np.ones(2), np.ones(1))


def test_shape_and_integers_are_checked() -> None:
    with pytest.raises(DataError, match="one dimension"):
        one([[1.0]], [[0.0]], [[0.0]])
    with pytest.raises(DataError, match="integers"):
        Constituents.from_ptetaphi([0.0, 1.0], [1], [0], [0])


def test_columns_become_flat_doubles() -> None:
    jets = Constituents.from_ptetaphi(np.array([0, 1], np.uint32), np.float32([1]), [0], [0])
    assert (jets.offsets.dtype, jets.pt.dtype) == (np.dtype(np.int64), np.dtype(np.float64))


def test_cartesian_and_collider_coordinates_are_the_same_particles(toy_jets: Jets) -> None:
    jets = toy_jets()
    momenta = (jets.pt * f(jets.phi) for f in (np.cos, np.sin))
    back = Constituents.from_cartesian(
        jets.offsets, *momenta, jets.pt * np.sinh(jets.eta), jets.energy
    )
    for name in ("pt", "eta", "phi", "energy"):
        np.testing.assert_allclose(getattr(back, name), getattr(jets, name), rtol=1e-12, atol=1e-12)


def test_a_particle_along_the_beam_becomes_padding() -> None:
    jets = Constituents.from_cartesian([0, 2], [0, 3], [0, 4], [100, 0], [100, 5])
    assert jets.eta[0] == jets.energy[0] == 0
    assert jet_axis(jets).pt[0] == 5
    assert jet_axis(jets).mass[0] == 0


@pytest.mark.parametrize(
    "rows", [[2, 0, 0], [], [-1], slice(None, None, -1), slice(0, 0), [True, False, True, False]]
)
def test_take_takes_whole_jets(rows: Any) -> None:
    offsets, pt = np.array([0, 2, 2, 5, 6]), np.arange(1.0, 7)
    jets = Constituents.from_ptetaphi(offsets, pt, pt / 10, pt / 10)
    chosen = np.arange(4)[rows if np.size(rows) else slice(0)]
    taken = jets.take(rows)
    assert len(taken) == len(chosen)
    for got, row in enumerate(chosen):
        want = pt[offsets[row] : offsets[row + 1]]
        assert taken.pt[taken.offsets[got] : taken.offsets[got + 1]].tolist() == want.tolist()


def test_jet_axis_is_the_sum_of_four_vectors(toy_jets: Jets) -> None:
    jets = toy_jets()
    columns = (
        jets.pt * np.cos(jets.phi),
        jets.pt * np.sin(jets.phi),
        jets.pt * np.sinh(jets.eta),
        jets.energy,
    )
    px, py, pz, e = (np.add.reduceat(c, jets.offsets[:-1]) for c in columns)
    axis, pt = jet_axis(jets), np.hypot(px, py)
    np.testing.assert_allclose(axis.pt, pt, rtol=1e-12)
    np.testing.assert_allclose(axis.eta, np.arcsinh(pz / pt), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(axis.phi, np.arctan2(py, px), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(axis.mass, np.sqrt(e**2 - px**2 - py**2 - pz**2), rtol=1e-9)


@pytest.mark.parametrize("distance", [1, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("phi", [0.3, np.pi])
def test_mass_of_a_massless_pair(distance: float, phi: float) -> None:
    pair = one([300, 100], [1.5, 1.5], [phi, phi + distance])
    want = np.sqrt(4 * 300 * 100) * np.sin(distance / 2)
    np.testing.assert_allclose(jet_axis(pair).mass, want, rtol=1e-8)


def test_one_constituent_has_its_own_mass() -> None:
    assert jet_axis(one([50], [2.2], [3])).mass[0] == 0
    np.testing.assert_allclose(jet_axis(one([50], [2.2], [3], mass=[5])).mass, 5, rtol=1e-9)


def test_energy_below_momentum_is_rounding_and_gives_no_mass() -> None:
    energy = np.float64(np.float32(50 * np.cosh(2.2))) * (1 - 1e-7)
    assert jet_axis(one([50], [2.2], [3], energy=[energy])).mass[0] == 0


def test_a_jet_over_the_edge_of_azimuth_stays_in_one_piece() -> None:
    axis = jet_axis(one([1, 1], [0, 0], [np.pi - 0.1, -np.pi + 0.1]))
    np.testing.assert_allclose(axis.pt, 2 * np.cos(0.1))
    np.testing.assert_allclose(abs(axis.phi), np.pi)
    assert axis.phi[0] < np.pi


@pytest.mark.parametrize(
    ("pt", "phi", "energy"),
    [
        ([], [], []),
        ([0.0], [0.0], [1.0]),
        ([np.nan], [0], [1]),
        ([1, np.inf], [0, 0], [1, 1]),
        ([1], [np.nan], [1]),
        ([1], [0], [np.nan]),
        ([5, -1], [0, 0], [5, 1]),
    ],
)
def test_a_jet_without_usable_constituents_is_nan(
    pt: Numbers, phi: Numbers, energy: Numbers
) -> None:
    assert np.isnan(jet_axis(one(pt, np.zeros(len(pt)), phi, energy=energy))).all()


def test_back_to_back_has_a_mass_and_no_infinity() -> None:
    axis = jet_axis(one([1, 1], [0, 0], [0, np.pi]))
    assert np.isfinite(axis).all()
    np.testing.assert_allclose(axis.mass, 2)


def test_no_jets_at_all() -> None:
    assert [x.shape for x in jet_axis(Constituents.from_ptetaphi([0], [], [], []))] == [(0,)] * 4


@settings(deadline=None)  # the first call compiles
@given(st.floats(-100, 100), st.floats(-100, 100))
def test_delta_phi_is_the_short_way_round(first: float, second: float) -> None:
    turn = delta_phi(first, second)
    assert -np.pi <= turn < np.pi
    np.testing.assert_allclose(np.exp(1j * turn), np.exp(1j * (first - second)), atol=1e-12)
