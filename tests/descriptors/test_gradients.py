from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sciae.descriptors import Descriptors

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.descriptors import Part

    Make = Callable[..., np.ndarray]
    Parts = tuple[Part, ...]

SEEDS = st.integers(0, 2**32 - 1)
ATOMS = 12


@settings(max_examples=20)
@given(SEEDS)
def test_pull_back_is_what_torch_differentiates(
    every_part: Parts, coordinates: Make, box: np.ndarray | None, seed: int
):
    for part in every_part:
        descriptors = Descriptors((part,), atoms=ATOMS, periodic=box is not None)
        x, compiled = coordinates(seed, 1), descriptors.compiled()
        g = np.random.default_rng(seed).normal(size=compiled.width)
        points = torch.tensor(x, requires_grad=True)
        (descriptors.torch(points, box) @ torch.tensor(g)).sum().backward()
        theirs = points.grad[0].numpy()
        ours = compiled.pull_back(x[0, compiled.used], box, g)
        scale = abs(theirs).max()
        assert_allclose(ours, theirs[compiled.used], rtol=0, atol=1e-9 * scale, err_msg=part.name)
        assert not np.delete(theirs, compiled.used, axis=0).any()


@pytest.mark.parametrize("seed", range(5))
def test_pull_back_is_the_limit_of_differences(
    every_part: Parts, coordinates: Make, box: np.ndarray | None, seed: int
):
    h = 1e-5
    for part in every_part:
        compiled = Descriptors((part,), atoms=ATOMS, periodic=box is not None).compiled()
        x = coordinates(seed, 1)[0, compiled.used]
        rng = np.random.default_rng(seed)
        g, way = rng.normal(size=compiled.width), rng.normal(size=x.shape)
        change = compiled.value(x + h * way, box) - compiled.value(x - h * way, box)
        if part.period:
            change = (change + np.pi) % (2 * np.pi) - np.pi
        expected = g @ change / (2 * h)
        got = (compiled.pull_back(x, box, g) * way).sum()
        assert_allclose(got, expected, rtol=1e-5, atol=1e-5, err_msg=part.name)


@given(SEEDS)
def test_nothing_pulls_a_molecule_as_a_whole(every_part: Parts, coordinates: Make, seed: int):
    compiled = Descriptors(every_part, atoms=ATOMS).compiled()
    x = coordinates(seed, 1)[0, compiled.used]
    g = np.random.default_rng(seed).normal(size=compiled.width)
    force = compiled.pull_back(x, None, g)
    scale = abs(force).max()
    assert_allclose(force.sum(0), 0, atol=1e-11 * scale)
    assert_allclose(np.cross(x, force).sum(0), 0, atol=1e-11 * scale)


@given(SEEDS)
def test_pull_back_is_linear(every_part: Parts, coordinates: Make, seed: int):
    compiled = Descriptors(every_part, atoms=ATOMS).compiled()
    x, rng = coordinates(seed, 1)[0, compiled.used], np.random.default_rng(seed)
    g, h = rng.normal(size=(2, compiled.width))
    both = compiled.pull_back(x, None, g + 2 * h)
    apart = compiled.pull_back(x, None, g) + 2 * compiled.pull_back(x, None, h)
    assert_allclose(both, apart, rtol=0, atol=1e-11 * abs(both).max())


def test_torch_in_float32_is_near(every_part: Parts, coordinates: Make):
    descriptors = Descriptors(every_part, atoms=ATOMS)
    x = coordinates(2)
    values = descriptors.torch(torch.tensor(x, dtype=torch.float32))
    assert values.dtype == torch.float32
    assert_allclose(values.numpy(), descriptors.values(x), rtol=1e-3, atol=1e-4)
