from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from sciae.descriptors import RMSD, Descriptors, Positions

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., np.ndarray]

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = {
    "bulky": [1.0, 1.0, 1.0],
    "flat": [1.0, 1.0, 0.0],
    "thin": [1.0, 1e-3, 1e-3],
}


def both(reference: np.ndarray) -> Descriptors:
    atoms = range(len(reference))
    return Descriptors((Positions(atoms, reference), RMSD(atoms, reference)), atoms=len(atoms))


@given(SEEDS, st.sampled_from(sorted(SHAPES)))
def test_a_moved_reference_is_brought_back(
    coordinates: Make, rotations: Make, seed: int, shape: str
):
    reference = coordinates(seed, 1, 6)[0] * SHAPES[shape]
    moved = reference @ rotations(seed).T + [1.0, -2.0, 3.0]
    values = both(reference).values(moved[None])[0]
    assert_allclose(values[:-1].reshape(6, 3), reference - reference.mean(0), atol=1e-11)
    assert_allclose(values[-1], 0, atol=1e-11)


@given(SEEDS)
def test_no_rotation_is_better_and_scipy_finds_the_same(coordinates: Make, seed: int):
    reference, x = coordinates(seed, 2, 6)
    r, u = reference - reference.mean(0), x - x.mean(0)
    best, rssd = Rotation.align_vectors(r, u)
    values = both(reference).values(x[None])[0]
    assert_allclose(values[-1], rssd / np.sqrt(6), rtol=1e-9)
    placed = values[:-1].reshape(6, 3)
    assert_allclose(np.sqrt(((placed - r) ** 2).sum(1).mean()), values[-1], rtol=1e-12)
    assert_allclose(placed, best.apply(u), atol=1e-8)


@given(SEEDS)
def test_a_mirror_image_is_not_superposed(coordinates: Make, seed: int):
    x = coordinates(seed, 1, 6)
    values = both(x[0]).values(x * [1, 1, -1])
    assert values[0, -1] > 1e-3
    placed = values[0, :-1].reshape(6, 3)
    x -= x.mean(1, keepdims=True)
    assert_allclose(placed @ placed.T, x[0] * [1, 1, -1] @ (x[0] * [1, 1, -1]).T, atol=1e-12)
    handedness = [np.linalg.det(points[:3]) for points in (placed, x[0])]
    assert handedness[0] * handedness[1] < 0


def test_values_and_gradients_are_finite_where_rotations_are_equally_good():
    square = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    cases = {
        "inverted": -square,
        "one point": 0 * square,
        "a line": square[:, :1] * [1.0, 0, 0],
        "the reference": square,
        "two places": np.where(square[:, :1] > 0, 1.0, -1.0) * [1.0, 0, 0],
    }
    descriptors = both(square)
    compiled = descriptors.compiled()
    for name, x in cases.items():
        points = torch.tensor(x[None], requires_grad=True)
        values = descriptors.torch(points)
        values.sum().backward()
        ours = compiled.pull_back(x, None, np.ones(compiled.width))
        assert np.isfinite(compiled.value(x)).all(), name
        assert np.isfinite(ours).all(), name
        assert abs(ours).max() < 100, name
        assert torch.isfinite(points.grad).all(), name
        # which rotation is found is chance, how far it leaves the atoms is not
        assert_allclose(values[0, -1].item(), compiled.value(x)[-1], atol=1e-12, err_msg=name)


def test_the_reference_may_be_anywhere(coordinates: Make):
    reference, x = coordinates(0, 2, 6)
    here, there = both(reference).values(x[None]), both(reference + 100).values(x[None])
    assert_allclose(here, there, atol=1e-12)
    assert_allclose(here[0, :-1].reshape(6, 3).mean(0), 0, atol=1e-15)
