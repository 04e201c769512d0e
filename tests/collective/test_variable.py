from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.collective import CollectiveVariable
from sciae.descriptors import Descriptors, Distances, Torsions
from sciae.errors import DataError, SchemaError, SpecError
from sciae.export import torchscript
from sciae.export.arrays import ACTIVATIONS
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Make = Callable[..., CollectiveVariable]


BOX = np.array([[1.0, 0, 0], [0.2, 1.1, 0], [-0.1, 0.3, 1.2]])
CASES = [(1, "linear"), (2, "linear"), (3, "linear"), (1, "angles"), (2, "angles"), (3, "angles")]


def turned(a: Any, b: Any, cv: CollectiveVariable) -> NDArray[np.float64]:
    """Differences of values, across the seam of a coordinate with a period."""
    difference = np.asarray(a) - np.asarray(b)
    for k, period in enumerate(cv.periods):
        if period:
            difference[..., k] -= period * np.round(difference[..., k] / period)
    return np.abs(difference)


# ---- one function, three ways ------------------------------------------------------------------


@pytest.mark.parametrize(("dim", "end"), CASES)
def test_numpy_torch_and_compiled_give_the_same_values(
    variable: Make, xyz: NDArray[np.float64], dim: int, end: str
) -> None:
    cv = variable(dim, end=end)
    want = cv.value(xyz)
    assert want.shape == (len(xyz), dim)
    assert np.ptp(want, 0).min() > 0.05  # what is compared is not constant
    got = cv.torch()(torch.from_numpy(xyz)).numpy()
    assert turned(got, want, cv).max() < 1e-10
    compiled = cv.compiled()
    each = [compiled.value(x[compiled.used]) for x in xyz]
    assert turned(each, want, cv).max() < 1e-10


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_they_agree_for_every_activation(
    variable: Make, xyz: NDArray[np.float64], activation: str
) -> None:
    cv = variable(2, activation=activation)
    compiled, want = cv.compiled(), cv.value(xyz)
    assert np.abs(cv.torch()(torch.from_numpy(xyz)).numpy() - want).max() < 1e-10
    for x, s in zip(xyz, want, strict=True):
        assert np.abs(compiled.forward(x[compiled.used]) - s).max() < 1e-10


@pytest.mark.parametrize(("dim", "end"), CASES)
def test_a_box_passes_through(
    mixed: Any, variable: Make, xyz: NDArray[np.float64], dim: int, end: str
) -> None:
    cv = variable(dim, end=end, descriptors=mixed(periodic=True))
    whole = cv.value(xyz, 10 * np.eye(3))
    rng = np.random.default_rng(0)
    broken = xyz + rng.integers(-2, 3, (*xyz.shape[:2], 3)) @ BOX
    want = cv.value(broken, BOX)
    assert turned(want, whole, cv).max() < 1e-9  # the chain is shorter than half the box
    got = cv.torch()(torch.from_numpy(broken), torch.from_numpy(BOX)).numpy()
    assert turned(got, want, cv).max() < 1e-10
    compiled = cv.compiled()
    each = [compiled.value(x[compiled.used], BOX) for x in broken]
    assert turned(each, want, cv).max() < 1e-10
    with pytest.raises(DataError, match="no box"):
        compiled.forward(broken[0][compiled.used])


def test_a_traced_module_gives_the_values_and_gradients(
    variable: Make, xyz: NDArray[np.float64]
) -> None:
    cv = variable(2)
    module, frames = cv.torch(), torch.from_numpy(xyz)
    traced = torchscript.read(torchscript.write(module, frames[:2]))
    for some in (frames[:1], frames):
        each = []
        for function in (module, traced):
            x = some.clone().requires_grad_()
            s = function(x)
            each.append((s, *torch.autograd.grad(s[:, 1].sum(), x)))
        for got, want in zip(*each, strict=True):
            torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)
    assert module(frames.float()).dtype == torch.float32


def test_value_and_gradient_are_of_every_atom(variable: Make, xyz: NDArray[np.float64]) -> None:
    cv = variable(2)
    value, gradient = cv.value_and_gradient(xyz[0])
    x = torch.from_numpy(xyz[0]).requires_grad_()
    s = cv.torch()(x[None])[0]
    np.testing.assert_allclose(value, s.detach(), atol=1e-12)
    for k in range(2):
        (want,) = torch.autograd.grad(s[k], x, retain_graph=True)
        np.testing.assert_allclose(gradient[k], want, atol=1e-10 * float(want.abs().max()))
    assert (gradient[:, -1] == 0).all()  # an atom that nobody uses


def test_a_module_does_not_take_a_number_that_is_not_finite_for_a_gap(
    variable: Make, xyz: NDArray[np.float64]
) -> None:
    broken = xyz[:2].copy()
    broken[1, 0, 0] = np.nan
    described = Descriptors((Distances([(0, 1)]), Torsions([(0, 1, 2, 3)])), atoms=9)
    s = variable(2, descriptors=described).torch()(torch.from_numpy(broken))
    assert s[0].isfinite().all()
    assert s[1].isnan().all()


def test_descriptors_can_be_the_variable_themselves(xyz: NDArray[np.float64]) -> None:
    described = Descriptors((Torsions([(0, 1, 2, 3)]), Distances([(0, 3)])), atoms=9)
    cv = CollectiveVariable.of_descriptors(described, names=("phi", "d"), low=[0, 0.1], high=[0, 2])
    np.testing.assert_array_equal(cv.value(xyz), described.values(xyz))
    assert cv.periods == (2 * math.pi, None)
    np.testing.assert_allclose(cv.low, [-math.pi, 0.1])


# ---- tables, raw numbers, other molecules ------------------------------------------------------


def test_of_table_is_value(variable: Make, xyz: NDArray[np.float64]) -> None:
    cv = variable(2)
    table = Table(cv.descriptors.schema, cv.descriptors.columns(xyz))
    np.testing.assert_array_equal(cv.of_table(table), cv.value(xyz))


def test_of_table_refuses_other_fields(variable: Make, mixed: Any, xyz: Any) -> None:
    one = Descriptors((Distances([(0, 1)]),), atoms=9)
    table = Table(one.schema, one.columns(xyz))
    with pytest.raises(SchemaError, match="'torsion' is missing"):
        variable(1).of_table(table)


def numbers_only(**settings: Any) -> CollectiveVariable:
    cv = CollectiveVariable.of_descriptors(
        Descriptors((Distances([(0, 1), (1, 2)], name="x"),), atoms=3), low=[0, 0], high=[1, 1]
    )
    return CollectiveVariable(encoder=cv.encoder, low=[0, 0], high=[1, 1], **settings)


def test_a_variable_of_raw_numbers() -> None:
    cv, numbers = numbers_only(), np.array([[0.3, 0.7], [0.1, 0.2]])
    table = Table(Schema((Field(name="x", kind="continuous", shape=(2,)),)), {"x": numbers})
    other = Table(Schema((Field(name="y", kind="continuous", shape=(2,)),)), {"y": numbers})
    compiled = cv.compiled()
    np.testing.assert_array_equal(cv.of_table(table), numbers)
    np.testing.assert_array_equal(cv.torch()(torch.from_numpy(numbers)), numbers)
    np.testing.assert_array_equal(compiled.forward(numbers[0]), numbers[0])
    np.testing.assert_array_equal(compiled.pull_back([2.0, 3.0]), [2.0, 3.0])
    with pytest.raises(SchemaError, match=r"y\.0"):
        cv.of_table(other)
    with pytest.raises(SpecError, match="no coordinates"):
        cv.value(np.zeros((1, 3, 3)))


def test_another_molecule_is_named(variable: Make) -> None:
    cv = variable(1)
    names = list(cv.descriptors.names)
    cv.require(9, names)
    names[3] = "GLY2.N"
    with pytest.raises(DataError, match=r"atom 3 is GLY2\.N, not ALA2\.N") as caught:
        cv.require(9, names)
    assert caught.value.fix
    with pytest.raises(DataError, match="22 atoms instead of 9"):
        cv.require(22)


# ---- scale -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_standardised_spans_one_and_keeps_the_function(
    variable: Make, xyz: NDArray[np.float64], dim: int
) -> None:
    cv = variable(dim)
    s = cv.value(xyz)
    scaled = cv.standardised(s)
    t = scaled.value(xyz)
    np.testing.assert_allclose([t.min(0), t.max(0)], [[-1] * dim, [1] * dim], atol=1e-12)
    np.testing.assert_allclose(t, 2 * (s - s.min(0)) / np.ptp(s, 0) - 1, atol=1e-12)
    assert scaled.low.tolist() == [-1] * dim
    assert cv.value(xyz).tolist() == s.tolist()  # the first is as it was


def test_standardised_leaves_angles_and_refuses_constants(
    variable: Make, xyz: NDArray[np.float64]
) -> None:
    ring, cv = variable(2, end="angles"), variable(2)
    assert ring.standardised(ring.value(xyz)) is ring
    with pytest.raises(DataError, match="'s0' runs from 1 to 1"):
        cv.standardised(np.ones((4, 2)))


# ---- what does not fit -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"names": ("a",)}, "names"),
        ({"names": ("a", "a")}, "names"),
        ({"names": ("a b", "c")}, "letters"),
        ({"periods": (None,)}, "1 periods"),
        ({"periods": (6.0, None)}, "period 6.0 of coordinate 's0'"),
        ({"low": [0.0, 5.0], "high": [1.0, 1.0]}, "not in order"),
        ({"low": [0.0, math.nan], "high": [1.0, 1.0]}, "not finite"),
        ({"low": [0.0], "high": [1.0]}, "shapes"),
        ({"about": {"lag": math.inf}}, "not finite"),
    ],
)
def test_parts_of_different_variables_are_refused(
    variable: Make, settings: dict[str, Any], said: str
) -> None:
    cv = variable(2)
    parts = {"low": cv.low, "high": cv.high, **settings}
    with pytest.raises(SpecError, match=said):
        CollectiveVariable(encoder=cv.encoder, descriptors=cv.descriptors, **parts)


def test_numbers_in_another_order_are_refused(variable: Make) -> None:
    cv = variable(1)
    parts = (*cv.descriptors.parts[1:], cv.descriptors.parts[0])
    other = Descriptors(parts, atoms=9)
    with pytest.raises(SpecError, match=r"number 0 is 'distance\.0' to the descriptors"):
        CollectiveVariable(encoder=cv.encoder, descriptors=other, low=cv.low, high=cv.high)


def test_float32_weights_are_kept_as_float64(variable: Make, xyz: NDArray[np.float64]) -> None:
    from dataclasses import replace

    cv = variable(2)
    single = replace(cv.encoder, weights=cv.encoder.weights.astype(np.float32))
    made = CollectiveVariable(encoder=single, descriptors=cv.descriptors, low=cv.low, high=cv.high)
    assert made.value(xyz).dtype == np.float64
    np.testing.assert_allclose(made.value(xyz), cv.value(xyz), atol=1e-5)
