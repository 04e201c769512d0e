"""What the bound loses with a posterior that is not exact, and what sampling brings back.

x = W z + b + sigma epsilon has the evidence N(b, W W' + sigma^2); the posterior of z is normal
with covariance sigma^2 M^-1, M = W'W + sigma^2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.penalties import KL
from sciae.autoencoders.score import score
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

LATENT, SIGMA, ROWS, DRAWS = 2, 0.5, 64, 400
SIZES = [2, 10, 100]


class Loadings(nn.Module):
    """x = W z + b."""

    def __init__(self, w: Tensor, b: Tensor) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(w), nn.Parameter(b)

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(z @ self.w.T + self.b)


class Posterior(nn.Module):
    """Mean M^-1 W'(x - b); widths sigma / sqrt(M_jj), the best diagonal ones, times `wider`."""

    def __init__(self, w: Tensor, b: Tensor, *, wider: float = 1.0) -> None:
        super().__init__()
        self.w, self.b, self.m = w, b, precision(w)
        self.log_sigma = (wider * SIGMA / self.m.diagonal().sqrt()).log()

    def forward(self, features: Features) -> Tensor:
        mean = (features.inputs - self.b) @ self.w @ torch.linalg.inv(self.m)
        return torch.cat([mean, self.log_sigma.expand_as(mean)], -1)


class Prior(nn.Module):
    """A posterior that has not seen the row."""

    def forward(self, features: Features) -> Tensor:
        return features.inputs.new_zeros(len(features), 2 * LATENT)


class World(NamedTuple):
    """Loadings, rows drawn from them, and the log evidence of each row."""

    w: Tensor
    b: Tensor
    x: Tensor
    evidence: Tensor

    @classmethod
    def of(cls, features: int, *, skew: float = 0.0) -> World:
        rng = torch.Generator().manual_seed(7)
        w = torch.linalg.qr(torch.randn(features, LATENT, generator=rng, dtype=torch.float64))[0]
        w = w @ torch.tensor([[1.5, skew], [0.0, 0.7]], dtype=torch.float64)
        b = torch.randn(features, generator=rng, dtype=torch.float64)
        z = torch.randn(ROWS, LATENT, generator=rng, dtype=torch.float64)
        noise = torch.randn(ROWS, features, generator=rng, dtype=torch.float64)
        x = z @ w.T + b + SIGMA * noise
        spread = w @ w.T + SIGMA**2 * torch.eye(features, dtype=torch.float64)
        return cls(w, b, x, MultivariateNormal(b, spread).log_prob(x))

    def model(self, encoder: nn.Module) -> Autoencoder:
        field = Field(name="x", kind="continuous", shape=(len(self.b),))
        schema = Schema((field,))
        return Autoencoder(
            schema,
            encoder=encoder,
            latent=Gaussian(LATENT),
            decoder=Loadings(self.w, self.b),
            heads=Joint(schema, sigma=SIGMA),
            penalties=(KL(),),
        )


def precision(w: Tensor) -> Tensor:
    return w.T @ w + SIGMA**2 * torch.eye(LATENT, dtype=w.dtype)


def assert_elbo(world: World, encoder: nn.Module, *, gap: float) -> None:
    """The mean ELBO lies below the mean evidence by just this much."""
    model, features = world.model(encoder), Features(world.x, world.x)
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        draws = torch.stack([-model.loss(features, rng).total for _ in range(DRAWS)]).mean(1)
    error = draws.std().item() / math.sqrt(DRAWS)
    assert abs(draws.mean().item() + gap - world.evidence.mean().item()) < 5 * error
    assert error < 0.05  # or the line above says nothing


@pytest.mark.parametrize("features", SIZES)
@pytest.mark.parametrize("wider", [0.5, 1.0, 2.0])
def test_the_elbo_loses_the_divergence_between_the_posteriors(features: int, wider: float) -> None:
    world = World.of(features)
    gap = LATENT * (0.5 * (wider**2 - 1) - math.log(wider))
    assert_elbo(world, Posterior(world.w, world.b, wider=wider), gap=gap)


@pytest.mark.parametrize("features", SIZES)
def test_a_diagonal_posterior_loses_the_correlation_that_it_cannot_have(features: int) -> None:
    world = World.of(features, skew=0.9)
    m = precision(world.w)
    gap = 0.5 * (m.diagonal().log().sum() - torch.logdet(m)).item()
    assert gap > 0.1
    assert_elbo(world, Posterior(world.w, world.b), gap=gap)


@pytest.mark.parametrize(
    "encoder",
    [lambda w, b: Posterior(w, b, wider=2.0), lambda *_: Prior()],
    ids=["a wide posterior", "the prior"],
)
def test_many_draws_of_a_poor_proposal_find_the_evidence(
    encoder: Callable[[Tensor, Tensor], nn.Module],
) -> None:
    world = World.of(2)
    model = world.model(encoder(world.w, world.b))
    error = (score(model, Features(world.x, world.x), draws=4096).total + world.evidence).abs()
    assert error.mean() < 2e-3
    assert error.max() < 2e-2


@pytest.mark.parametrize("features", SIZES)
def test_the_score_is_the_evidence_in_single_precision_too(features: int) -> None:
    world = World.of(features)
    single = World(*(x.float() for x in world))
    model = single.model(Posterior(single.w, single.b))
    total = score(model, Features(single.x, single.x)).total.double()
    torch.testing.assert_close(-total, world.evidence, rtol=2e-5, atol=2e-5)
