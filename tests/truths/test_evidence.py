"""Probabilistic PCA: everything about a linear Gaussian model is known in closed form.

x = W z + sigma epsilon has the evidence N(0, W W^T + sigma^2), and the posterior of z is normal
with covariance sigma^2 M^-1, M = W^T W + sigma^2. With orthogonal columns in W it is diagonal,
and so within reach of a Gaussian latent.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.penalties import KL, kl_to_standard_normal
from sciae.autoencoders.score import score
from sciae.schema import Field, Schema

SIGMA, LATENT, ROWS = 0.5, 2, 64


class ExactPosterior(nn.Module):
    """Mean and log-width of p(z|x)."""

    def __init__(self, w: Tensor, *, wider: float = 1.0) -> None:
        super().__init__()
        m = w.T @ w + SIGMA**2 * torch.eye(LATENT).double()
        self.map = nn.Parameter(w @ torch.linalg.inv(m))
        self.log_sigma = torch.log(wider * SIGMA / m.diagonal().sqrt())

    def forward(self, features: Features) -> Tensor:
        mean = features.inputs @ self.map
        return torch.cat([mean, self.log_sigma.expand_as(mean)], -1)


class Linear(nn.Module):
    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(w)

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(z @ self.w.T)


def world(columns: int, *, wider: float = 1.0) -> tuple[Autoencoder, Features, Tensor]:
    """Model, rows and their log evidence."""
    rng = torch.Generator().manual_seed(columns)
    axes, _ = torch.linalg.qr(torch.randn(columns, LATENT, generator=rng, dtype=torch.float64))
    w = axes * torch.tensor([1.5, 0.7])
    z = torch.randn(ROWS, LATENT, generator=rng, dtype=torch.float64)
    noise = torch.randn(ROWS, columns, generator=rng, dtype=torch.float64)
    x = z @ w.T + SIGMA * noise
    covariance = w @ w.T + SIGMA**2 * torch.eye(columns)
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    model = Autoencoder(
        schema,
        encoder=ExactPosterior(w, wider=wider),
        latent=Gaussian(LATENT),
        decoder=Linear(w),
        heads=Joint(schema, sigma=SIGMA),
        penalties=(KL(),),
    )
    zero = torch.zeros(columns, dtype=torch.float64)
    return model, Features(x, x), MultivariateNormal(zero, covariance).log_prob(x)


@pytest.mark.parametrize("columns", [2, 10, 100])
def test_the_elbo_at_the_exact_posterior_is_the_evidence(columns: int) -> None:
    model, features, evidence = world(columns)
    rng = torch.Generator().manual_seed(7)
    with torch.no_grad():
        draws = torch.stack([-model.loss(features, rng).total for _ in range(400)])
    error = draws.mean() - evidence.mean()
    spread = draws.mean(1).std() / len(draws) ** 0.5
    assert abs(error) < 5 * spread
    assert spread < 0.05  # or the line above says nothing


@pytest.mark.parametrize("columns", [2, 10, 100])
def test_the_elbo_is_the_evidence_exactly_with_the_expectation_done_by_hand(columns: int) -> None:
    """E_q of the squared error adds a trace to the error at the mean."""
    model, features, evidence = world(columns)
    with torch.no_grad():
        code = model.encode(features)
        at_mean = model.heads.nll(model.decoder(code.mean), features).total()
        w, variance = model.decoder.get_parameter("w"), (2 * code.log_sigma).exp()
        trace = (variance * w.square().sum(0)).sum(1) / (2 * SIGMA**2)
        elbo = -(at_mean + trace + kl_to_standard_normal(code).sum(1))
    torch.testing.assert_close(elbo, evidence, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("draws", [1, 8, 64])
def test_the_score_is_exact_with_the_exact_posterior(columns: int, draws: int) -> None:
    """Every draw has the same weight, whatever their number."""
    model, features, evidence = world(columns)
    got = score(model, features, draws=draws)
    torch.testing.assert_close(-got.total, evidence, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("columns", [2, 10, 100])
def test_the_score_corrects_a_posterior_that_is_too_wide(columns: int) -> None:
    model, features, evidence = world(columns, wider=1.5)
    got = score(model, features, draws=4096)
    torch.testing.assert_close(-got.total, evidence, rtol=0, atol=2e-2)
    with torch.no_grad():
        rng = torch.Generator().manual_seed(7)
        elbo = -torch.stack([model.loss(features, rng).total for _ in range(100)]).mean()
    assert elbo < evidence.mean() - 0.1  # the gap that was there to be closed
