from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from sciae.descriptors import Descriptors, Distances, Torsions

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.descriptors import Part

    Make = Callable[..., np.ndarray]
    Parts = tuple[Part, ...]

SEEDS = st.integers(0, 2**32 - 1)
ATOMS = 12


def of(parts: tuple[Part, ...], box: np.ndarray | None = None) -> Descriptors:
    return Descriptors(parts, atoms=ATOMS, periodic=box is not None)


def turn(difference: np.ndarray) -> np.ndarray:
    """Differences of angles, the period taken out."""
    return (difference + np.pi) % (2 * np.pi) - np.pi


@given(SEEDS)
def test_rigid_motions_change_nothing(
    every_part: Parts, coordinates: Make, rotations: Make, seed: int
):
    x = coordinates(seed)
    moved = x @ rotations(seed).T + np.random.default_rng(seed).normal(size=(3, 1, 3))
    for part in every_part:
        before, after = of((part,)).values(x), of((part,)).values(moved)
        change = turn(after - before) if part.period else after - before
        assert_allclose(change, 0, atol=1e-11 * (1 + abs(before).max()), err_msg=part.name)


@given(SEEDS, st.integers(0, 2))
def test_a_mirror_turns_torsions_around_and_keeps_distances(
    every_part: Parts, coordinates: Make, seed: int, axis: int
):
    x = coordinates(seed)
    mirrored = x.copy()
    mirrored[..., axis] *= -1
    for part in every_part[:10]:  # the rest superpose, and no rotation is a mirror
        sign = -1 if isinstance(part, Torsions) else 1
        descriptors = of((part,))
        assert_allclose(
            descriptors.values(mirrored), sign * descriptors.values(x), rtol=1e-12, atol=1e-12
        )


@settings(max_examples=30)
@given(SEEDS)
def test_torch_and_machine_code_agree(
    every_part: Parts, coordinates: Make, box: np.ndarray | None, seed: int
):
    x, descriptors = coordinates(seed), of(every_part, box)
    ours = descriptors.torch(torch.tensor(x), box).numpy()
    assert_allclose(ours, descriptors.values(x, box), rtol=1e-12, atol=1e-12)


@settings(max_examples=30)
@given(SEEDS)
def test_compiled_of_used_atoms_is_values_of_all(
    every_part: Parts, coordinates: Make, box: np.ndarray | None, seed: int
):
    x, descriptors = coordinates(seed, 1), of(every_part, box)
    compiled = descriptors.compiled()
    assert 10 not in compiled.used
    assert_array_equal(compiled.value(x[0, compiled.used], box), descriptors.values(x, box)[0])


@settings(max_examples=30)
@given(SEEDS)
def test_whole_vectors_of_the_box_change_nothing(
    every_part: Parts, coordinates: Make, box: np.ndarray | None, seed: int
):
    if box is None:
        return
    x, rng = 2 * coordinates(seed), np.random.default_rng(seed)
    shifted = x + rng.integers(-3, 4, size=(3, ATOMS, 3)) @ box
    for part in every_part:
        before, after = of((part,), box).values(x, box), of((part,), box).values(shifted, box)
        change = turn(after - before) if part.period else after - before
        assert_allclose(change, 0, atol=1e-10 * (1 + abs(before).max()), err_msg=part.name)


@given(SEEDS)
def test_distances_are_to_the_nearest_of_all_images(
    coordinates: Make, box: np.ndarray | None, seed: int
):
    if box is None:
        return
    x = 3 * coordinates(seed)
    images = np.array(list(product(range(-9, 10), repeat=3))) @ box
    d = x[:, 1] - x[:, 0]
    nearest = np.linalg.norm(d[:, None] + images, axis=-1).min(1)
    got = of((Distances([(0, 1)]),), box).values(x, box)[:, 0]
    assert_allclose(got, nearest, rtol=1e-12)


@settings(max_examples=30)
@given(SEEDS)
def test_any_basis_of_a_lattice_gives_the_same(
    every_part: Parts, coordinates: Make, box: np.ndarray | None, seed: int
):
    if box is None:
        return
    a, b, c = box
    i, j, k = np.random.default_rng(seed).integers(-2, 3, size=3)
    other = np.array([a, b + i * a, c + j * a + k * b])
    x, descriptors = coordinates(seed), of(every_part, box)
    ours, theirs = (descriptors.values(x, one) for one in (box, other))
    assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    assert_allclose(ours, descriptors.torch(torch.tensor(x), other).numpy(), rtol=1e-9, atol=1e-9)


def test_frames_of_different_boxes_are_each_in_their_own(
    every_part: Parts, coordinates: Make, box: np.ndarray | None
):
    if box is None:
        return
    x, descriptors = coordinates(3), of(every_part, box)
    boxes = np.array([1.0, 1.1, 1.3])[:, None, None] * box
    each = np.concatenate([descriptors.values(x[[f]], boxes[f]) for f in range(3)])
    assert_array_equal(descriptors.values(x, boxes), each)
    assert_allclose(descriptors.torch(torch.tensor(x), boxes).numpy(), each, rtol=1e-12, atol=1e-12)


@given(arrays(np.float64, (1, ATOMS, 3), elements=st.integers(0, 2).map(float)))
def test_gradients_are_finite_where_atoms_coincide_or_align(every_part: Parts, x: np.ndarray):
    descriptors = of(tuple(part for part in every_part if part.name != "inverse_distance"))
    assert np.isfinite(descriptors.values(x)).all()
    compiled = descriptors.compiled()
    ours = compiled.pull_back(x[0, compiled.used], None, np.ones(compiled.width))
    points = torch.tensor(x, requires_grad=True)
    descriptors.torch(points).sum().backward()
    assert np.isfinite(ours).all()
    assert torch.isfinite(points.grad).all()


@given(arrays(np.float64, (1, ATOMS, 3), elements=st.integers(0, 2).map(float)))
def test_torch_and_machine_code_agree_where_atoms_coincide_or_align(
    every_part: Parts, x: np.ndarray
):
    local = tuple(part for part in every_part[:10] if part.name != "inverse_distance")
    descriptors = of(local)
    points = torch.tensor(x, requires_grad=True)
    values = descriptors.torch(points)
    # atan2(±0, negative) is ±pi: one and the same torsion
    assert_allclose(turn(values.detach().numpy() - descriptors.values(x)), 0, atol=1e-12)
    values.sum().backward()
    compiled = descriptors.compiled()
    ours = compiled.pull_back(x[0, compiled.used], None, np.ones(compiled.width))
    assert_allclose(points.grad[0, compiled.used], ours, atol=1e-10)


@given(SEEDS)
def test_order_of_parts_is_order_of_numbers(every_part: Parts, coordinates: Make, seed: int):
    order = np.random.default_rng(seed).permutation(len(every_part))
    parts = tuple(every_part[k] for k in order)
    x, descriptors = coordinates(seed), of(parts)
    columns = descriptors.columns(x)
    assert list(columns) == [part.name for part in parts] == list(descriptors.schema.names)
    assert_array_equal(np.concatenate(list(columns.values()), axis=1), descriptors.values(x))
    for part in parts:
        assert columns[part.name].shape[1:] == descriptors.schema[part.name].shape
        assert_array_equal(columns[part.name], of((part,)).values(x))


def test_json_gives_back_equal_descriptors(every_part: Parts, coordinates: Make):
    names = [f"ALA{i}.C" for i in range(ATOMS)]
    ours = Descriptors(every_part, atoms=ATOMS, names=names, periodic=True)
    theirs = Descriptors.from_json(json.loads(json.dumps(ours.to_json())))
    assert theirs == ours
    assert hash(theirs) == hash(ours)
    assert theirs.to_json() == ours.to_json()
    box = 2 * np.eye(3)
    assert_array_equal(theirs.values(coordinates(0), box), ours.values(coordinates(0), box))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_any_float_and_memory_order_is_read(every_part: Parts, coordinates: Make, dtype: type):
    x, descriptors = coordinates(5, 40).astype(dtype), of(every_part)
    plain = descriptors.values(x.astype(np.float64))
    readonly = x.copy()
    readonly.flags.writeable = False
    for same in (x, np.asfortranarray(x), readonly, x[::-1][::-1]):
        assert_array_equal(descriptors.values(same), plain)


def test_more_frames_than_one_block(every_part: Parts, coordinates: Make):
    x, descriptors = coordinates(6, 10_000), of(every_part)
    whole = descriptors.values(x)
    assert_array_equal(whole[[0, 4095, 4096, 9999]], descriptors.values(x[[0, 4095, 4096, 9999]]))
    assert descriptors.values(x[:0]).shape == (0, descriptors.width)
