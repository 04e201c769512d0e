"""Every head is a normalised likelihood: the one that its name says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy import special, stats
from torch import nn

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import (
    Bernoulli,
    Categorical,
    Decoded,
    Joint,
    Multinomial,
    Normal,
    Poisson,
    VonMises,
)
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}
SIZES = [2, 10, 100]
FLOOR = 1e-3


def learnt(columns: int, sigma: str) -> Normal:
    """A Normal head whose widths are not the initial ones."""
    head = Normal(columns, sigma=sigma)
    with torch.no_grad():
        head.raw_sigma += torch.linspace(-1, 1, len(head.raw_sigma))
    return head


def widths(head: Any) -> Floats:
    return np.logaddexp(0, head.raw_sigma.detach().double().numpy()) + FLOOR


def normal_of(head: Any, p: Floats, x: Floats) -> Floats:
    return -stats.norm.logpdf(x, p, widths(head))


def predicted(_: Any, p: Floats, x: Floats) -> Floats:
    mean, raw = np.split(p, 2, axis=-1)
    return -stats.norm.logpdf(x, mean, np.logaddexp(0, raw + math.log(math.e - 1)) + FLOOR)


def categorical(_: Any, p: Floats, x: Floats) -> Floats:
    log_p = special.log_softmax(p.reshape(*x.shape, 4), axis=-1)
    return -np.take_along_axis(log_p, x[..., None].astype(int), -1)[..., 0]


def von_mises(_: Any, p: Floats, x: Floats) -> Floats:
    a, b = np.split(p, 2, axis=-1)
    return -stats.vonmises.logpdf(x, np.hypot(a, b), loc=np.arctan2(b, a))


@dataclass(frozen=True)
class Case:
    """A head, a truth for it, and where to try it."""

    head: Callable[[int], nn.Module]
    truth: Callable[[Any, Floats, Floats], Floats]
    target: Callable[[np.random.Generator, tuple[int, ...]], Floats]
    scale: float = 2.0  # of the parameters


def reals(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.normal(size=shape)


def bits(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.integers(0, 2, shape).astype(float)


CASES = {
    "Normal fixed": Case(
        lambda n: Normal(n, sigma=0.3), lambda _, p, x: -stats.norm.logpdf(x, p, 0.3), reals
    ),
    "Normal learnt": Case(lambda n: learnt(n, "learnt"), normal_of, reals),
    "Normal shared": Case(lambda n: learnt(n, "shared"), normal_of, reals),
    "Normal predicted": Case(lambda n: Normal(n, sigma="predicted"), predicted, reals, 1.0),
    "Bernoulli": Case(
        Bernoulli, lambda _, p, x: -special.log_expit(np.where(x == 1, p, -p)), bits, 8.0
    ),
    "Categorical": Case(
        lambda n: Categorical(n, classes=4),
        categorical,
        lambda rng, shape: rng.integers(0, 4, shape).astype(float),
    ),
    "Multinomial": Case(
        Multinomial,
        lambda _, p, x: -x * special.log_softmax(p, axis=-1),
        lambda rng, shape: rng.dirichlet(np.ones(shape[-1]), shape[0]),
    ),
    "Poisson": Case(
        Poisson,
        lambda _, p, x: -stats.poisson.logpmf(x, np.exp(p)),
        lambda rng, shape: rng.integers(0, 60, shape).astype(float),
    ),
    "VonMises": Case(
        VonMises, von_mises, lambda rng, shape: rng.uniform(-np.pi, np.pi, shape), 10.0
    ),
}


@pytest.mark.parametrize("columns", SIZES)
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_nll_is_scipys(name: str, dtype: torch.dtype, columns: int) -> None:
    case, rng = CASES[name], np.random.default_rng(columns)
    head = case.head(columns).to(dtype)
    x = torch.tensor(case.target(rng, (40, columns)), dtype=dtype)
    width = columns * head.per_column  # type: ignore[operator]
    p = torch.tensor(case.scale * rng.normal(size=(40, width)), dtype=dtype)

    got = head.nll(p, x).detach().double().numpy()  # type: ignore[operator]

    assert got.shape == (40, columns)
    want = case.truth(head, p.double().numpy(), x.double().numpy())
    np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("log_rate", [-20.0, 0.0, 5.0, 14.0])
def test_poisson_of_no_and_of_many_counts(dtype: torch.dtype, log_rate: float) -> None:
    rate = math.exp(log_rate)
    x = np.rint(np.maximum(rate + math.sqrt(rate) * np.array([-3, 0, 4]), 0))[:, None]
    p = torch.full((3, 1), log_rate, dtype=dtype)
    got = Poisson(1).nll(p, torch.tensor(x, dtype=dtype)).double().numpy()
    want = -stats.poisson.logpmf(x, rate)
    np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("kappa", [0.0, 1e-3, 1.0, 10.0, 89.0, 700.0, 1e4])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_von_mises_is_normalised(kappa: float, dtype: torch.dtype) -> None:
    mean, half = 2.9, min(math.pi, 12 / math.sqrt(max(kappa, 1e-9)))
    angle = mean + torch.linspace(-half, half, 4001, dtype=torch.float64)[:, None]
    p = torch.tensor([[kappa * math.cos(mean), kappa * math.sin(mean)]], dtype=torch.float64)
    nats = VonMises(1).nll(p.to(dtype).expand(len(angle), 2), angle.to(dtype)).double()
    total = torch.trapezoid((-nats).exp()[:, 0], angle[:, 0]).item()
    assert total == pytest.approx(1, abs=1e-9 if dtype == torch.float64 else 2e-4)


@pytest.mark.parametrize("logit", [-20.0, 20.0])
def test_bernoulli_in_single_precision_where_a_probability_saturates(logit: float) -> None:
    x = torch.tensor([[0.0], [1.0]])
    got = Bernoulli(1).nll(torch.full((2, 1), logit), x).double().numpy()
    want = -special.log_expit(np.where(x.numpy() == 1, logit, -logit))
    np.testing.assert_allclose(got, want, rtol=5e-5, atol=0)
    assert want.min() == pytest.approx(math.exp(-20), rel=1e-6)


def test_probabilities_of_all_outcomes_sum_to_one() -> None:
    rng = torch.Generator().manual_seed(1)
    p = 3 * torch.randn(7, 4, generator=rng, dtype=torch.float64)
    for head, outcomes, columns in (
        (Bernoulli(1), 2, slice(0, 1)),
        (Categorical(1, classes=4), 4, slice(0, 4)),
        (Poisson(1), 4000, slice(0, 1)),
    ):
        x = torch.arange(outcomes, dtype=torch.float64)[:, None, None].expand(-1, 7, 1)
        nats = head.nll(p[:, columns].expand(outcomes, -1, -1), x)
        torch.testing.assert_close(
            (-nats).exp().sum(0), torch.ones(7, 1, dtype=torch.float64), rtol=1e-9, atol=0
        )


# ---- extremes ----------------------------------------------------------------------------------

EXTREMES = {
    "Bernoulli": (Bernoulli(2), [[1e4, -1e4]], [[0.0, 1.0]]),
    "Categorical": (Categorical(1, classes=2), [[1e4, -1e4]], [[1.0]]),
    "Multinomial": (Multinomial(2), [[1e4, -1e4]], [[0.0, 1.0]]),
    "Poisson": (Poisson(3), [[100.0, -100.0, 100.0]], [[0.0, 5.0, 1e6]]),
    "VonMises": (VonMises(1), [[0.0, 0.0]], [[1.0]]),
    "VonMises narrow": (VonMises(1), [[1e6, 1e6]], [[-2.0]]),
    "Normal": (Normal(1, sigma="learnt"), [[1e9]], [[0.0]]),
    "Normal predicted": (Normal(1, sigma="predicted"), [[0.0, -1e4]], [[1.0]]),
    "Normal predicted wide": (Normal(1, sigma="predicted"), [[0.0, 1e4]], [[1.0]]),
}


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", EXTREMES)
def test_nats_and_gradients_are_finite_at_extremes(name: str, dtype: torch.dtype) -> None:
    head, p, x = EXTREMES[name]
    head = head.to(dtype)
    given = torch.tensor(p, dtype=dtype, requires_grad=True)
    nats = head.nll(given, torch.tensor(x, dtype=dtype)).sum()
    (gradient,) = torch.autograd.grad(nats, given)
    assert nats.isfinite()
    assert gradient.isfinite().all()


def test_an_angle_pulls_even_where_kappa_is_zero() -> None:
    p = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(
        VonMises(1).nll(p, torch.tensor([[1.0]], dtype=torch.float64)).sum(), p
    )
    want = [[-math.cos(1.0), -math.sin(1.0)]]
    torch.testing.assert_close(gradient, torch.tensor(want, dtype=torch.float64))


# ---- whole rows --------------------------------------------------------------------------------

ROW = Schema(
    (
        Field(name="phi", kind="periodic", period=360.0),
        Field(name="x", kind="continuous", shape=(2,)),
        Field(name="n", kind="count"),
        Field(
            name="hits",
            kind="set",
            size=3,
            inner=(
                Field(name="q", kind="binary"),
                Field(name="e", kind="continuous"),
                Field(name="t", kind="categorical", classes=("a", "b")),
            ),
        ),
    )
)


def truth_of_element(p: Floats, y: Floats) -> Floats:
    """Continuous, binary, categorical: the order in which kinds are laid out."""
    energy = stats.norm.logpdf(y[..., 0], p[..., 0], 0.4)
    flag = special.log_expit(np.where(y[..., 1] == 1, p[..., 1], -p[..., 1]))
    kind = np.take_along_axis(
        special.log_softmax(p[..., 2:4], axis=-1), y[..., 2:].astype(int), -1
    )[..., 0]
    return -(energy + flag + kind)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_a_row_costs_its_fields_its_elements_and_their_number(dtype: torch.dtype) -> None:
    joint, rng = Joint(ROW, sigma=0.4).to(dtype), np.random.default_rng(1)
    rows = 20
    flat = np.column_stack(
        [rng.normal(size=(rows, 2)), rng.uniform(-3, 3, rows), rng.poisson(3, rows)]
    )
    mask = rng.random((rows, 3)) < 0.6
    y = np.stack(
        [
            rng.normal(size=(rows, 3)),
            rng.integers(0, 2, (rows, 3)),
            rng.integers(0, 2, (rows, 3)),
        ],
        -1,
    )
    p, slots = rng.normal(size=(rows, 5)), rng.normal(size=(rows, 3, 5))
    flat, y, p, slots = (torch.tensor(v, dtype=dtype) for v in (flat, y, p, slots))
    elements = Features(y, y, mask=torch.tensor(mask))
    seen = torch.tensor(rng.random((rows, 4)) < 0.7)

    got = joint.nll(
        Decoded(p, {"hits": slots}), Features(flat, flat, observed=seen, sets={"hits": elements})
    )

    p, slots, flat, y = (v.double().numpy() for v in (p, slots, flat, y))
    want = np.column_stack(
        [
            -stats.norm.logpdf(flat[:, :2], p[:, :2], 0.4),
            von_mises(None, p[:, 2:4], flat[:, 2:3]),
            -stats.poisson.logpmf(flat[:, 3:], np.exp(p[:, 4:])),
        ]
    )
    there = special.log_expit(np.where(mask, slots[..., 0], -slots[..., 0]))
    set_want = -there + np.where(mask, truth_of_element(slots[..., 1:], y), 0)
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(got.flat.double(), np.where(seen, want, 0), **tolerance)
    np.testing.assert_allclose(got.sets["hits"].double(), set_want, **tolerance)
    whole = np.where(seen, want, 0).sum(1) + set_want.sum(1)
    np.testing.assert_allclose(got.total().double(), whole, **tolerance)


def test_what_is_not_observed_costs_nothing_and_pulls_at_nothing() -> None:
    schema = Schema(ROW.fields[:3])
    joint = Joint(schema, sigma="predicted")
    p = (1e3 * torch.ones(2, joint.parameters_flat)).requires_grad_()
    x = torch.zeros(2, 4)
    seen = torch.tensor([[False] * 4, [True] * 4])
    nats = joint.nll(Decoded(p), Features(x, x, observed=seen)).total()
    (gradient,) = torch.autograd.grad(nats.sum(), p)
    assert nats[0] == 0
    assert (gradient[0] == 0).all()
    assert gradient[1].isfinite().all()
    assert (gradient[1] != 0).any()
