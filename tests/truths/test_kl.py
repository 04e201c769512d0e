"""The rate term: closed form, weight, warm-up, and its place in the loss."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from sciae.autoencoders import kinds
from sciae.autoencoders.features import Features
from sciae.autoencoders.latents import Code, Gaussian, Point
from sciae.autoencoders.penalties import KL, kl_to_standard_normal
from sciae.errors import SpecError
from sciae.schema import Field, Schema

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(6,)),))


def of(code: Code) -> Any:
    """A pass of which only the code matters."""
    return SimpleNamespace(code=code)


def posterior(dim: int, rows: int = 50) -> Code:
    rng = torch.Generator().manual_seed(dim)
    mean, log_sigma = torch.randn(2, rows, dim, generator=rng, dtype=torch.float64)
    return Code(mean, 3 * mean, 2 * log_sigma)


@pytest.mark.parametrize("dim", [1, 2, 10, 100])
def test_closed_form_summed_over_latents(dim: int) -> None:
    code = posterior(dim)
    assert code.log_sigma is not None
    q, p = Normal(code.mean, code.log_sigma.exp()), Normal(0.0, 1.0)
    torch.testing.assert_close(kl_to_standard_normal(code), kl_divergence(q, p), rtol=1e-12, atol=0)
    torch.testing.assert_close(KL()(of(code)), kl_divergence(q, p).sum(1), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("mean", "sigma", "nats"),
    [(0, 1, 0.0), (2, 1, 2.0), (0, math.e, 0.5 * (math.e**2 - 3)), (1, 0.5, 0.125 + math.log(2))],
)
def test_values_known_by_heart(mean: float, sigma: float, nats: float) -> None:
    mu = torch.full((3, 2), float(mean), dtype=torch.float64)
    got = KL()(of(Code(mu, mu, torch.full_like(mu, math.log(sigma)))))
    torch.testing.assert_close(got, torch.full((3,), 2 * nats, dtype=torch.float64))


def test_it_is_the_mean_log_ratio_of_the_draws() -> None:
    hidden = torch.tensor([[1.0, -0.5, 0.3, -1.0]], dtype=torch.float64).expand(200_000, 4)
    code = Gaussian(2)(hidden, torch.Generator().manual_seed(1))
    assert code.log_sigma is not None
    q, p = Normal(code.mean, code.log_sigma.exp()), Normal(0.0, 1.0)
    ratio = (q.log_prob(code.z) - p.log_prob(code.z)).sum(1)
    error = ratio.std().item() / math.sqrt(len(ratio))
    assert abs(ratio.mean().item() - KL()(of(code))[0].item()) < 5 * error


def test_beta_rises_linearly_and_stays() -> None:
    kl = KL(4.0, warm_up=8)
    assert [kl.weight_at(step) for step in (0, 2, 8, 9, math.inf)] == [0, 1, 4, 4, 4]
    assert KL(4.0).weight_at(0) == 4


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_total_is_reconstruction_plus_beta_kl(beta: float) -> None:
    model = kinds.variational(SCHEMA, latent=3, beta=beta, warm_up=10, hidden=(8,))
    x = torch.randn(20, 6)
    for step, weight in ((0, 0.0), (5, beta / 2), (10, beta), (math.inf, beta)):
        loss = model.loss(Features(x, x), torch.Generator().manual_seed(1), step=step)
        assert set(loss.terms) == {"reconstruction", "kl"}
        whole = loss.terms["reconstruction"] + weight * loss.terms["kl"]
        torch.testing.assert_close(loss.total, whole)


def test_a_point_has_no_rate() -> None:
    with pytest.raises(SpecError, match="a KL needs a posterior; expected a Gaussian latent"):
        KL()(of(Point(2)(torch.zeros(3, 2), None)))


@pytest.mark.parametrize(
    "settings", [{"beta": -1.0}, {"beta": math.nan}, {"warm_up": -1}, {"warm_up": 5, "period": 4}]
)
def test_a_weight_is_not_negative(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"KL: weight .*; expected weight and warm_up >= 0"):
        KL(**settings)
