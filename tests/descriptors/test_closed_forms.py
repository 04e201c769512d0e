from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sciae.descriptors import (
    RMSD,
    Angles,
    Contacts,
    Coordination,
    Descriptors,
    Distances,
    InverseDistances,
    RadiusOfGyration,
    Torsions,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sciae.descriptors import Part


def value(part: Part, x: ArrayLike) -> float:
    x = np.asarray(x, dtype=float)
    return Descriptors((part,), atoms=len(x)).values(x[None])[0, 0]


def pair(d: float) -> np.ndarray:
    return d * np.array([[0, 0, 0], [2, 3, 6]]) / 7


def test_distances_of_a_box_diagonal():
    assert value(Distances([(0, 1)]), [[1, 1, 1], [3, 4, 7]]) == pytest.approx(7)
    assert value(InverseDistances([(0, 1)]), [[1, 1, 1], [3, 4, 7]]) == pytest.approx(1 / 7)


@given(st.floats(-3.1, 3.1), st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_a_torsion_built_by_its_angle(phi: float, theta: float, bond: float):
    x = [
        [np.sin(theta), 0, np.cos(theta)],
        [0, 0, 0],
        [0, 0, bond],
        [np.cos(phi) * 0.7, np.sin(phi) * 0.7, bond + 0.2],
    ]
    # IUPAC: positive if the far bond is clockwise of the near one, seen along the axis
    assert value(Torsions([(0, 1, 2, 3)]), x) == pytest.approx(phi, abs=1e-12)


@given(st.floats(0, np.pi))
def test_an_angle_built_by_itself_even_near_a_line(theta: float):
    x = [[2, 0, 0], [0, 0, 0], [np.cos(theta), np.sin(theta), 0]]
    assert value(Angles([(0, 1, 2)]), x) == pytest.approx(theta, abs=1e-15)


@pytest.mark.parametrize(("n", "m"), [(1, 2), (1, 3), (3, 6), (5, 9), (6, 12), (8, 64), (2, 4)])
def test_a_contact_is_the_rational_switch_and_smooth_at_r0(n: int, m: int):
    part = Contacts([(0, 1)], r0=0.4, n=n, m=m)
    compiled = Descriptors((part,), atoms=2).compiled()
    for x in (1e-3, 0.3, 0.9, 1.1, 2.0, 50.0):
        expected = (1 - x**n) / (1 - x**m)
        assert_allclose(value(part, pair(0.4 * x)), expected, rtol=1e-10)
    assert value(part, pair(0.4)) == pytest.approx(n / m, rel=1e-14)
    assert value(part, pair(0)) == 1
    assert value(part, pair(1e9)) == pytest.approx(0, abs=1e-7)
    slope = (compiled.pull_back(pair(0.4), None, [1.0])[1] * pair(1)[1]).sum()
    assert slope == pytest.approx(n * (n - m) / (2 * m) / 0.4, rel=1e-10)


@pytest.mark.parametrize(("n", "m"), [(6, 12), (5, 9), (3, 6)])
@pytest.mark.parametrize("d", [1e-160, 1e-12, 0.4 - 1e-9, 0.4, 0.4 + 1e-9, 1e12])
def test_contacts_and_their_gradients_are_finite_at_any_distance(n: int, m: int, d: float):
    descriptors = Descriptors((Contacts([(0, 1)], r0=0.4, n=n, m=m),), atoms=2)
    points = torch.tensor(pair(d)[None], requires_grad=True)
    descriptors.torch(points).sum().backward()
    ours = descriptors.compiled().pull_back(pair(d), None, [1.0])
    assert np.isfinite(ours).all()
    assert_allclose(ours, points.grad[0], rtol=1e-9, atol=1e-15)


def test_coordination_is_the_sum_of_contacts_without_an_atom_itself():
    x = np.random.default_rng(0).normal(size=(6, 3))
    first, second = [0, 1, 2], [2, 3, 0]
    pairs = [(i, j) for i in first for j in second if i != j]
    contacts = Descriptors((Contacts(pairs, r0=0.7),), atoms=6).values(x[None]).sum()
    assert value(Coordination(first, second, r0=0.7), x) == pytest.approx(contacts)


def test_the_radius_of_gyration_is_about_the_centre_of_mass():
    x = [[0, 0, 0], [4, 0, 0]]  # centre at 1: 3/4 of 1 and 1/4 of 9
    assert value(RadiusOfGyration([0, 1], [3.0, 1.0]), x) == pytest.approx(np.sqrt(3))
    assert value(RadiusOfGyration([0, 1]), x) == pytest.approx(2)


def test_the_deviation_of_a_stretched_pair():
    part = RMSD([0, 1], [[0, 0, 0], [0, 0, 1]])
    assert value(part, [[5, 0, 0], [8, 0, 0]]) == pytest.approx(1)


def test_a_group_broken_over_the_box_is_made_whole():
    x = np.array([[0.1, 0.1, 0.1], [0.4, 0.1, 0.1], [0.7, 0.1, 0.1], [1.0, 0.1, 0.1]])
    part = RadiusOfGyration([0, 1, 2, 3])
    whole = value(part, x)
    broken = (x + 0.5) % 0.8 - 0.3  # longer than half the box: chained, not about one atom
    box = np.diag([0.8, 2, 2])
    periodic = Descriptors((part,), atoms=4, periodic=True)
    assert periodic.values(broken[None], box)[0, 0] == pytest.approx(whole)
