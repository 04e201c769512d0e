from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pytest
import torch

from sciae.collective.chain import forward, pull_back
from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable

    Make = Callable[..., CollectiveVariable]


BOX = np.array([[1.0, 0, 0], [0.2, 1.1, 0], [-0.1, 0.3, 1.2]])
CASES = [(dim, end, box) for dim in (1, 2, 3) for end in ("linear", "angles") for box in (0, 1)]


def seed_of(dim: int) -> NDArray[np.float64]:
    return np.array([0.7, -1.3, 2.1])[:dim]


def made(variable: Make, mixed: Any, dim: int, end: str, box: int) -> tuple[Any, Any]:
    cv = variable(dim, end=end, activation="silu", descriptors=mixed(periodic=bool(box)))
    return cv, (BOX if box else None)


@pytest.mark.parametrize(("dim", "end", "box"), CASES)
def test_pull_back_is_that_of_torch(
    variable: Make, mixed: Any, xyz: NDArray[np.float64], dim: int, end: str, box: int
) -> None:
    cv, cell = made(variable, mixed, dim, end, box)
    compiled, seed = cv.compiled(), seed_of(dim)
    for frame in xyz:
        compiled.forward(frame[compiled.used], cell)
        got = compiled.pull_back(seed)
        x = torch.from_numpy(frame).requires_grad_()
        s = cv.torch()(x[None], None if cell is None else torch.from_numpy(cell))
        (want,) = torch.autograd.grad((s[0] * torch.from_numpy(seed)).sum(), x)
        np.testing.assert_allclose(got, want[compiled.used], atol=1e-9 * float(want.abs().max()))


@pytest.mark.parametrize(("dim", "end", "box"), CASES)
def test_pull_back_is_the_slope_of_the_value(
    variable: Make, mixed: Any, xyz: NDArray[np.float64], dim: int, end: str, box: int
) -> None:
    cv, cell = made(variable, mixed, dim, end, box)
    compiled, seed, step = cv.compiled(), seed_of(dim), 1e-4
    x = xyz[0][compiled.used]
    compiled.forward(x, cell)
    got = compiled.pull_back(seed).copy()
    want = np.zeros_like(x)
    for at in np.ndindex(*x.shape):
        slopes = []
        for h in (step, step / 2):  # Richardson: of fourth order
            there = [x.copy(), x.copy()]
            there[0][at] += h
            there[1][at] -= h
            change = np.subtract(*(compiled.value(y, cell) for y in there))
            if end == "angles":
                change -= 2 * np.pi * np.round(change / (2 * np.pi))
            slopes.append(change @ seed / (2 * h))
        want[at] = (4 * slopes[1] - slopes[0]) / 3
    np.testing.assert_allclose(got, want, atol=1e-6 * np.abs(want).max())
    assert np.abs(want).max() > 0.1


@numba.njit
def biased(tables: Any, x: Any, box: Any, centre: Any, stiff: float, gradient: Any) -> float:
    s = forward(tables, x, box)
    pull = np.empty(len(s))
    energy = 0.0
    for k in range(len(s)):
        pull[k] = stiff * (s[k] - centre[k])
        energy += 0.5 * stiff * (s[k] - centre[k]) ** 2
    pull_back(tables, pull, gradient)
    return energy


def test_other_compiled_code_chains_it_with_a_bias(
    variable: Make, xyz: NDArray[np.float64]
) -> None:
    cv = variable(2)
    compiled, centre = cv.compiled(), np.array([0.2, -0.1])
    x, gradient = np.ascontiguousarray(xyz[1][compiled.used]), np.zeros((len(compiled.used), 3))
    energy = biased(compiled.tables, x, np.zeros((3, 3)), centre, 50.0, gradient)
    s, slope = cv.value_and_gradient(xyz[1])
    assert energy == pytest.approx(25 * ((s - centre) ** 2).sum(), rel=1e-12)
    want = np.einsum("k,kai->ai", 50 * (s - centre), slope)[compiled.used]
    np.testing.assert_allclose(gradient, want, atol=1e-10 * np.abs(want).max())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("periodic", [False, True])
def test_a_copy_gives_the_same_and_shares_nothing(
    variable: Make, mixed: Any, xyz: NDArray[np.float64], duplicate: Any, *, periodic: bool
) -> None:
    one = variable(2, descriptors=mixed(periodic=periodic)).compiled()
    box = BOX if periodic else None
    first, second = (np.ascontiguousarray(x[one.used]) for x in xyz[:2])
    s, g = one.forward(first, box).copy(), one.pull_back([1.0, 2.0]).copy()
    other = duplicate(one)
    other.forward(second, box)  # would disturb `one` if they shared their state
    np.testing.assert_array_equal(one.pull_back([1.0, 2.0]), g)
    np.testing.assert_array_equal(other.forward(first, box), s)
    np.testing.assert_array_equal(other.pull_back([1.0, 2.0]), g)
    assert not any(
        np.shares_memory(a, b)
        for a, b in zip(arrays(one.tables), arrays(other.tables), strict=True)
    )


def arrays(tables: Any) -> list[Any]:
    if isinstance(tables, np.ndarray):
        return [tables]
    return [array for one in tables for array in arrays(one)]


def test_tables_are_contiguous(variable: Make) -> None:
    assert all(array.flags.c_contiguous for array in arrays(variable(2).compiled().tables))


def test_coordinates_that_are_not_finite_are_never_a_value(
    variable: Make, xyz: NDArray[np.float64]
) -> None:
    compiled = variable(2).compiled()
    x = xyz[0][compiled.used].copy()
    x[3, 1] = np.nan
    with pytest.raises(DataError, match="not finite"):
        compiled.forward(x)
    gradient = np.zeros_like(x)
    assert np.isnan(forward(compiled.tables, x, np.zeros((3, 3)))).all()
    pull_back(compiled.tables, np.ones(2), gradient)
    assert np.isnan(gradient).all()
    compiled.forward(xyz[0][compiled.used])  # and it recovers
    assert np.isfinite(compiled.pull_back([1.0, 1.0])).all()


def test_a_box_that_is_needed_and_zero_is_never_a_value(
    variable: Make, mixed: Any, xyz: NDArray[np.float64]
) -> None:
    compiled = variable(2, descriptors=mixed(periodic=True)).compiled()
    x = np.ascontiguousarray(xyz[0][compiled.used])
    assert np.isnan(forward(compiled.tables, x, np.zeros((3, 3)))).all()


def test_a_box_is_not_looked_at_unless_periodic(variable: Make, xyz: NDArray[np.float64]) -> None:
    compiled = variable(2).compiled()
    x = np.ascontiguousarray(xyz[0][compiled.used])
    want = compiled.value(x)
    np.testing.assert_array_equal(forward(compiled.tables, x, 0.1 * np.eye(3)), want)


def test_other_shapes_are_refused(variable: Make, xyz: NDArray[np.float64]) -> None:
    compiled = variable(2).compiled()
    with pytest.raises(DataError, match="of the used atoms"):
        compiled.forward(xyz[0])
    compiled.forward(xyz[0][compiled.used])
    with pytest.raises(DataError, match="seed of shape"):
        compiled.pull_back([1.0])


def test_a_ring_without_direction_pulls_nowhere(variable: Make, xyz: NDArray[np.float64]) -> None:
    from dataclasses import replace

    cv = variable(1, end="angles")
    zero = replace(cv, encoder=replace(cv.encoder, weights=0 * cv.encoder.weights))
    compiled = zero.compiled()
    assert compiled.forward(xyz[0][compiled.used]) == 0
    assert (compiled.pull_back([1.0]) == 0).all()
