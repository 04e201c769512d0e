"""Every head is right, and pulls finitely, where single precision would have given up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import mpmath
import pytest
import torch

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
    from torch import Tensor

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}
mpmath.mp.dps = 50


def with_theta(head: Any, log_theta: float) -> Any:
    torch.nn.init.constant_(head.log_theta, log_theta)
    return head


EXTREMES = {
    "Bernoulli": (Bernoulli(2), [[1e4, -1e4]], [[0.0, 1.0]]),
    "Categorical": (Categorical(1, classes=2), [[1e4, -1e4]], [[1.0]]),
    "Multinomial": (Multinomial(2), [[1e4, -1e4]], [[0.0, 1.0]]),
    "Poisson": (Poisson(3), [[100.0, -100.0, 100.0]], [[0.0, 5.0, 1e6]]),
    "VonMises": (VonMises(1), [[0.0, 0.0]], [[1.0]]),
    "VonMises narrow": (VonMises(1), [[1e6, 1e6]], [[-2.0]]),
    "Multinomial of counts": (
        Multinomial(2, counts=True),
        [[1e4, -1e4], [0.0, 0.0]],
        [[0.0, 1e6], [0.0, 0.0]],
    ),
    "NegativeBinomial": (NegativeBinomial(3), [[1e4, -1e4, 30.0]], [[0.0, 5.0, 1e6]]),
    "NegativeBinomial as Poisson": (
        with_theta(NegativeBinomial(3), 1e4),
        [[1e4, -1e4, 30.0]],
        [[0.0, 5.0, 1e6]],
    ),
    "NegativeBinomial of no shape": (
        with_theta(NegativeBinomial(3), -1e4),
        [[1e4, -1e4, 30.0]],
        [[0.0, 5.0, 1e6]],
    ),
    "ZeroInflatedNegativeBinomial": (
        ZeroInflatedNegativeBinomial(4),
        [[1e4, -1e4, 0.0, 0.0, 1e4, -1e4, 1e4, -1e4]],
        [[0.0, 5.0, 1e6, 0.0]],
    ),
    "Laplace": (Laplace(2), [[1e9, 0.0]], [[0.0, 0.0]]),
    "StudentT": (StudentT(2), [[1e9, 0.0]], [[0.0, 0.0]]),
    "Mixture": (
        Mixture(2, components=2),
        [[1e4, -1e4, 0.0, 0.0, 1e9, 0.0, 1e6, 0.0, -1e4, 1e4, -1e4, 1e4]],
        [[0.0, 3.0]],
    ),
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
    gradients = torch.autograd.grad(nats, [given, *head.parameters()])
    assert nats.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_an_angle_pulls_even_where_kappa_is_zero() -> None:
    p = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(
        VonMises(1).nll(p, torch.tensor([[1.0]], dtype=torch.float64)).sum(), p
    )
    want = [[-math.cos(1.0), -math.sin(1.0)]]
    torch.testing.assert_close(gradient, torch.tensor(want, dtype=torch.float64))


# ---- against fifty digits ----------------------------------------------------------------------

THETA = [1e-12, 1e-6, 0.1, 1.0, 37.0, 1e4, 1e8, 1e14]
MEAN = [1e-12, 1e-3, 1.0, 17.0, 1e3, 1e6]
COUNT = [0.0, 1.0, 5.0, 17.0, 1e3, 1e6]


def negative_binomial(count: float, log_mean: float, log_theta: float) -> Any:
    x, mean, theta = mpmath.mpf(count), mpmath.exp(log_mean), mpmath.exp(log_theta)
    gammas = mpmath.loggamma(theta) + mpmath.loggamma(x + 1) - mpmath.loggamma(x + theta)
    return gammas + theta * mpmath.log1p(mean / theta) + x * mpmath.log1p(theta / mean)


def zero_inflated(count: float, log_mean: float, gate: float, log_theta: float) -> Any:
    kept = mpmath.exp(-negative_binomial(count, log_mean, log_theta))
    share = 1 / (1 + mpmath.exp(-mpmath.mpf(gate)))
    return -mpmath.log((1 - share) * kept + (share if count == 0 else 0))


def agree(got: Tensor, want: list[Any], dtype: torch.dtype) -> None:
    exact = torch.tensor([float(one) for one in want], dtype=torch.float64)
    tolerance = TOLERANCE[dtype]
    torch.testing.assert_close(got.detach().double(), exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("theta", THETA)
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_negative_binomial_to_the_last_digit(dtype: torch.dtype, theta: float) -> None:
    head = with_theta(NegativeBinomial(1), math.log(theta)).to(dtype)
    p = torch.tensor(MEAN, dtype=dtype).log().repeat_interleave(len(COUNT))
    x = torch.tensor(COUNT, dtype=dtype).repeat(len(MEAN))
    log_theta = head.log_theta.item()
    want = [negative_binomial(a, b, log_theta) for a, b in zip(x.tolist(), p.tolist(), strict=True)]
    agree(head.nll(p[:, None], x[:, None])[:, 0], want, dtype)


@pytest.mark.parametrize("gate", [-50.0, -3.0, 0.0, 3.0, 50.0])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_zero_inflation_to_the_last_digit(dtype: torch.dtype, gate: float) -> None:
    head = ZeroInflatedNegativeBinomial(1).to(dtype)
    with_theta(head.ungated, math.log(0.3))
    log_mean = torch.tensor(MEAN, dtype=dtype).log().repeat_interleave(len(COUNT))
    p = torch.stack((log_mean, torch.full_like(log_mean, gate)), 1)
    x = torch.tensor(COUNT, dtype=dtype).repeat(len(MEAN))
    pairs = zip(x.tolist(), log_mean.tolist(), strict=True)
    want = [zero_inflated(a, b, gate, head.ungated.log_theta.item()) for a, b in pairs]
    agree(head.nll(p, x[:, None])[:, 0], want, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_five_hits_of_three_where_gammas_would_cancel(dtype: torch.dtype) -> None:
    head = with_theta(NegativeBinomial(1), math.log(1e8)).to(dtype)
    log_mean = torch.tensor([[3.0]], dtype=dtype).log()
    log_p = -head.nll(log_mean, torch.tensor([[5.0]], dtype=dtype)).item()
    assert log_p == pytest.approx(-2.294, abs=5e-4)
    assert math.lgamma(6) == pytest.approx(4.787, abs=5e-4)  # what float32 would leave of it


@pytest.mark.parametrize("df", [0.3, 1.0, 2.5, 60.0, 1e4, 1e9, 1e15])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_students_t_to_the_last_digit(dtype: torch.dtype, df: float) -> None:
    head = StudentT(1, df=df, floor=0.0).to(dtype)
    x = torch.tensor([0.0, 1e-4, 1.0, -7.0, 1e4, 1e9], dtype=dtype)
    scale = mpmath.log(1 + mpmath.exp(head.raw_scale.item()))
    nu = mpmath.mpf(df)
    gammas = mpmath.loggamma(nu / 2) - mpmath.loggamma((nu + 1) / 2)
    constant = gammas + mpmath.log(scale) + mpmath.log(nu * mpmath.pi) / 2
    squares = [(mpmath.mpf(one) / scale) ** 2 for one in x.tolist()]
    want = [constant + (nu + 1) / 2 * mpmath.log1p(square / nu) for square in squares]
    agree(head.nll(torch.zeros_like(x)[:, None], x[:, None])[:, 0], want, dtype)


@pytest.mark.parametrize("total", [1, 10, 10**4, 3 * 10**6])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_multinomial_counts_to_the_last_digit(dtype: torch.dtype, total: int) -> None:
    x = torch.tensor([[0.0, total // 5, total - total // 5], [total, 0, 0]], dtype=dtype)
    logits = torch.tensor([[-3.0, 0.1, 1.4], [5.0, 0.0, 0.0]], dtype=dtype)
    got = Multinomial(3, counts=True).nll(logits, x).double().sum(1)
    want = []
    for row, logit in zip(x.tolist(), logits.tolist(), strict=True):
        norm = mpmath.log(mpmath.fsum(mpmath.exp(one) for one in logit))
        parts = [mpmath.loggamma(n + 1) - n * (b - norm) for n, b in zip(row, logit, strict=True)]
        want.append(mpmath.fsum(parts) - mpmath.loggamma(sum(row) + 1))
    agree(got, want, dtype)
