"""Every head is a normalised likelihood: the one that its name says."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy import special, stats
from torch import nn

from sciae.autoencoders.heads import (
    Bernoulli,
    Categorical,
    Laplace,
    Mixture,
    Multinomial,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    VonMises,
    ZeroInflatedNegativeBinomial,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}
SIZES = [2, 10, 100]
FLOOR = 1e-3


def moved(head: Any) -> Any:
    """A head whose own parameters are not the initial ones."""
    with torch.no_grad():
        for x in head.parameters():
            x.add_(torch.linspace(-1, 1, len(x)))
    return head


def own(head: Any, name: str) -> Floats:
    return getattr(head, name).detach().double().numpy()


def widths(head: Any) -> Floats:
    return np.logaddexp(0, own(head, "raw_sigma")) + FLOOR


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


def laplace(head: Any, p: Floats, x: Floats) -> Floats:
    return -stats.laplace.logpdf(x, p, np.logaddexp(0, own(head, "raw_scale")) + FLOOR)


def student_t(head: Any, p: Floats, x: Floats) -> Floats:
    scale = np.logaddexp(0, own(head, "raw_scale")) + FLOOR
    return -stats.t.logpdf(x, 2 + np.logaddexp(0, own(head, "raw_df")), p, scale)


def mixture(_: Any, p: Floats, x: Floats) -> Floats:
    logit, mean, raw = np.moveaxis(p.reshape(len(p), 3, x.shape[1], 3), 1, 0)
    sigma = np.logaddexp(0, raw + math.log(math.e - 1)) + FLOOR
    each = stats.norm.logpdf(x[..., None], mean + np.arange(-1, 2), sigma)
    return -special.logsumexp(special.log_softmax(logit, axis=-1) + each, axis=-1)


def negative_binomial(head: Any, p: Floats, x: Floats) -> Floats:
    theta = np.exp(own(head, "log_theta"))
    return -stats.nbinom.logpmf(x, theta, theta / (theta + np.exp(p)))


def zero_inflated(head: Any, p: Floats, x: Floats) -> Floats:
    log_mean, gate = np.split(p, 2, axis=-1)
    kept = special.log_expit(-gate) - negative_binomial(head.ungated, log_mean, x)
    gated = np.where(x == 0, special.log_expit(gate), -np.inf)
    return -np.logaddexp(kept, gated)


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


def counts(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.integers(0, 60, shape).astype(float) * rng.integers(0, 2, shape)


CASES = {
    "Normal fixed": Case(
        lambda n: Normal(n, sigma=0.3), lambda _, p, x: -stats.norm.logpdf(x, p, 0.3), reals
    ),
    "Normal learnt": Case(lambda n: moved(Normal(n, sigma="learnt")), normal_of, reals),
    "Normal shared": Case(lambda n: moved(Normal(n, sigma="shared")), normal_of, reals),
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
    "Laplace": Case(lambda n: moved(Laplace(n)), laplace, reals),
    "StudentT": Case(lambda n: moved(StudentT(n)), student_t, reals),
    "Mixture": Case(Mixture, mixture, reals),
    "NegativeBinomial": Case(lambda n: moved(NegativeBinomial(n)), negative_binomial, counts),
    "ZeroInflatedNegativeBinomial": Case(
        lambda n: moved(ZeroInflatedNegativeBinomial(n)), zero_inflated, counts
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


@pytest.mark.parametrize(
    ("head", "p"),
    [
        (moved(Laplace(1)), [0.3]),
        (StudentT(1), [0.3]),
        (StudentT(1, df=30.0), [-2.0]),
        (Mixture(1, components=2), [0.5, -1.0, 2.0, -3.0, 1.0, -2.0]),
        (Mixture(1, components=1), [9.0, 0.5, 0.0]),
    ],
)
def test_densities_integrate_to_one(head: Any, p: list[float]) -> None:
    t = torch.linspace(-1, 1, 200_001, dtype=torch.float64)[1:-1, None]
    x = (torch.atanh(t) * 4).sinh()  # fine in the middle, and far into the tails
    given = torch.tensor([p], dtype=torch.float64).expand(len(x), -1)
    nats = head.double().nll(given, x).detach()
    total = torch.trapezoid((-nats).exp()[:, 0], x[:, 0]).item()
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("total", [0, 1, 6])
def test_counts_of_one_total_have_probabilities_that_sum_to_one(total: int) -> None:
    every = [x for x in itertools.product(range(total + 1), repeat=3) if sum(x) == total]
    x, logits = np.array(every, float), np.array([0.3, -2.0, 1.0])
    p = torch.tensor(logits).expand(len(x), 3)
    nats = Multinomial(3, counts=True).nll(p, torch.tensor(x)).sum(1).numpy()
    want = -stats.multinomial.logpmf(x, total, special.softmax(logits))
    np.testing.assert_allclose(nats, want, rtol=1e-9, atol=1e-9)
    assert np.exp(-nats).sum() == pytest.approx(1, rel=1e-9)


def test_probabilities_of_all_outcomes_sum_to_one() -> None:
    rng = torch.Generator().manual_seed(1)
    p = 2 * torch.randn(7, 4, generator=rng, dtype=torch.float64)
    for head, outcomes, columns in (
        (Bernoulli(1), 2, slice(0, 1)),
        (Categorical(1, classes=4), 4, slice(0, 4)),
        (Poisson(1), 4000, slice(0, 1)),
        (NegativeBinomial(1), 20_000, slice(0, 1)),
        (ZeroInflatedNegativeBinomial(1), 20_000, slice(0, 2)),
    ):
        x = torch.arange(outcomes, dtype=torch.float64)[:, None, None].expand(-1, 7, 1)
        nats = head.nll(p[:, columns].expand(outcomes, -1, -1), x)
        torch.testing.assert_close(
            (-nats).exp().sum(0), torch.ones(7, 1, dtype=torch.float64), rtol=1e-9, atol=0
        )
