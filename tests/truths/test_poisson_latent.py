"""A Poisson latent: its rate, its counts and what relaxing them costs, in closed form."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import poisson
from torch.distributions import Poisson as Counts
from torch.distributions import kl_divergence

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import Gaussian, Poisson
from sciae.autoencoders.latents.poisson import arrivals
from sciae.autoencoders.penalties import PoissonRate, kl_to_poisson_prior
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

DRAWS = 50_000


def noise(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def of(latent: Any, hidden: torch.Tensor) -> Any:
    """A pass of which only the code and the latent matter."""
    return SimpleNamespace(code=latent(hidden, None), model=SimpleNamespace(latent=latent))


def test_the_value_known_by_heart() -> None:
    one = of(Poisson(1).double(), torch.tensor([[3.0]], dtype=torch.float64).log())
    assert PoissonRate()(one).item() == pytest.approx(1.29584, abs=5e-6)
    assert PoissonRate()(of(Poisson(4), torch.zeros(2, 4))).tolist() == [0, 0]


@pytest.mark.parametrize("dim", [1, 2, 10, 100])
def test_closed_form_summed_over_latents(dim: int) -> None:
    latent, hidden = Poisson(dim).double(), torch.randn(50, dim, dtype=torch.float64)
    latent.log_prior.data.normal_()
    one = of(latent, hidden)
    wanted = kl_divergence(Counts(one.code.mean), Counts(latent.log_prior.exp()))
    got = kl_to_poisson_prior(one.code, latent)
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(PoissonRate()(one), wanted.sum(1), rtol=1e-10, atol=1e-12)


def test_it_is_the_mean_log_ratio_of_the_counts() -> None:
    latent, hidden = Poisson(1).double().eval(), torch.tensor([[1.1]], dtype=torch.float64)
    with torch.no_grad():
        code = latent(hidden.expand(DRAWS, 1), noise())
        nats = kl_to_poisson_prior(code, latent)[0].item()
    q, p = Counts(code.mean), Counts(torch.ones(1, dtype=torch.float64))
    ratio = (q.log_prob(code.z) - p.log_prob(code.z)).squeeze(1)
    assert abs(ratio.mean().item() - nats) < 5 * ratio.std().item() / math.sqrt(DRAWS)


@pytest.mark.parametrize("rate", [0.05, 1.0, 7.0, 60.0])
def test_whole_counts_are_poisson(rate: float) -> None:
    drawn = arrivals(torch.full((DRAWS,), rate), noise(), temperature=0.0).long()
    top = int(drawn.max()) + 1
    shares = (torch.bincount(drawn, minlength=top) / DRAWS).numpy()
    law = poisson(rate).pmf(np.arange(top))
    assert np.abs(shares - law).max() < 5 * math.sqrt(law.max() / DRAWS)


@pytest.mark.parametrize(
    ("rate", "temperature"), [(0.5, 1.0), (4.0, 0.3), (4.0, 0.02), (30.0, 0.1), (30.0, 1.0)]
)
def test_moments_of_relaxed_counts(rate: float, temperature: float) -> None:
    """Campbell: mean r T ln(1 + e^(1/T)); variance less by r T / (1 + e^(-1/T))."""
    draws = int(DRAWS / (1 + rate * temperature))
    drawn = arrivals(torch.full((draws,), rate).double(), noise(), temperature=temperature)
    mean = rate * temperature * math.log1p(math.exp(1 / temperature))
    variance = mean - rate * temperature / (1 + math.exp(-1 / temperature))
    assert abs(drawn.mean().item() - mean) < 5 * math.sqrt(variance / draws)
    square = (drawn - mean).square()
    assert abs(square.mean().item() - variance) < 5 * square.std().item() / math.sqrt(draws)


def test_they_approach_poisson_as_the_temperature_falls() -> None:
    rate, off = torch.full((DRAWS,), 3.0), []
    for temperature in (0.5, 0.2, 0.05, 0.01):
        drawn = arrivals(rate, noise(), temperature=temperature)
        off.append(abs(drawn.var().item() / drawn.mean().item() - 1))
    assert off == sorted(off, reverse=True)
    assert off[-1] < 0.03


@pytest.mark.parametrize("rate", [0.5, 4.0])
def test_the_gradient_of_a_mean_is_the_mean_of_gradients(rate: float) -> None:
    """d E[n^2] / d r = d (v + m^2) / d r with m and v as above."""
    r = torch.full((DRAWS,), rate, dtype=torch.float64, requires_grad=True)
    drawn = arrivals(r, noise(), temperature=0.2)
    (slope,) = torch.autograd.grad(drawn.square().sum(), r)
    m = 0.2 * math.log1p(math.exp(5))
    wanted = m - 0.2 / (1 + math.exp(-5)) + 2 * m**2 * rate
    assert abs(slope.mean().item() - wanted) < 5 * slope.std().item() / math.sqrt(DRAWS)


def test_training_lowers_the_bound_and_uses_the_code() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(8,)),))
    rng = np.random.default_rng(1)
    x = rng.poisson(1.5, (1000, 3)) @ rng.normal(size=(3, 8)) + 0.1 * rng.normal(size=(1000, 8))
    training = Training(epochs=15, batch=50, learning_rate=3e-3)
    fitted = fit(kinds.poisson(schema, hidden=(32,)), Table(schema, {"x": x}), training=training,
                 rng=1)  # fmt: skip
    first, best = fitted.history[0].validation, fitted.history[fitted.best].validation
    assert best["loss"] < first["loss"] - 1
    assert best["kl"] > 1
    assert best["loss"] == pytest.approx(best["reconstruction"] + best["kl"])


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_total_is_reconstruction_plus_beta_kl(beta: float) -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(3,)),))
    model = kinds.poisson(schema, latent=2, beta=beta, warm_up=10, hidden=(8,))
    x = np.random.default_rng(1).normal(size=(20, 3))
    features = model.features(to_batch(Table(schema, {"x": x})))
    for step, weight in ((0, 0.0), (5, beta / 2), (10, beta)):
        loss = model.loss(features, noise(), step=step)
        whole = loss.terms["reconstruction"] + weight * loss.terms["kl"]
        torch.testing.assert_close(loss.total, whole)


def test_a_normal_posterior_has_no_such_rate() -> None:
    with pytest.raises(SpecError, match="a rate of counts needs counts; expected a Poisson latent"):
        PoissonRate()(of(Gaussian(2), torch.zeros(3, 4)))
