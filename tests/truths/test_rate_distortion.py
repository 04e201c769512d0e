"""A linear variational autoencoder lies on Shannon's curve; at beta = 1 it is probabilistic PCA.

Reverse water filling: at the water level theta = beta sigma^2 a normal source of variances
lambda has the distortion sum min(theta, lambda) and the rate sum 1/2 ln(lambda / theta) over
those above the level. Noise whose sample moments are exact makes each expectation exact.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.latents import Code, Gaussian
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.penalties import KL, RateTarget
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from sciae.autoencoders.penalties import Penalty

CASES = [(2, 2), (10, 4), (40, 5)]  # columns, latents
BETAS = [0.3, 1.5, 3.0, 10.0]


class Encoder(nn.Module):
    """A matrix, and one width per latent."""

    def __init__(self, columns: int, dim: int) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(dim)
        self.w = nn.Parameter(0.3 * torch.randn(dim, columns, generator=rng, dtype=torch.float64))
        self.log_sigma = nn.Parameter(torch.zeros(dim, dtype=torch.float64))

    def forward(self, features: Features) -> Tensor:
        mean = features.inputs @ self.w.T
        return torch.cat([mean, self.log_sigma.expand_as(mean)], -1)


class Decoder(nn.Module):
    """A matrix."""

    def __init__(self, columns: int, dim: int) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(columns)
        self.w = nn.Parameter(0.3 * torch.randn(columns, dim, generator=rng, dtype=torch.float64))

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(z @ self.w.T)


class Prescribed(Gaussian):
    """A Gaussian latent with this noise."""

    def __init__(self, noise: Tensor) -> None:
        super().__init__(noise.shape[1])
        self.noise = noise

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        code = super().forward(hidden, None)
        assert code.log_sigma is not None
        return code._replace(z=code.mean + code.log_sigma.exp() * self.noise)


class World(NamedTuple):
    model: Autoencoder
    features: Features
    variances: Tensor
    axes: Tensor

    @classmethod
    def of(cls, columns: int, dim: int, penalty: Penalty, *, sigma: float | str = 1.0) -> World:
        """Rows and noise whose joint sample moments are just those of the source."""
        rng, rows = torch.Generator().manual_seed(1), columns + dim + 30
        draws = torch.randn(rows, 1 + columns + dim, generator=rng, dtype=torch.float64)
        draws[:, 0] = 1
        white = torch.linalg.qr(draws)[0][:, 1:] * math.sqrt(rows)
        axes = torch.linalg.qr(torch.randn(columns, columns, generator=rng, dtype=torch.float64))[0]
        loud, faint = torch.logspace(1.3, 0.3, dim), torch.linspace(0.25, 0.1, columns - dim)
        variances = torch.cat([loud, faint]).double()
        x = white[:, :columns] * variances.sqrt() @ axes.T
        schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
        model = Autoencoder(
            schema,
            encoder=Encoder(columns, dim),
            latent=Prescribed(white[:, columns:]),
            decoder=Decoder(columns, dim),
            heads=Joint(schema, sigma=sigma, floor=0.0),
            penalties=[penalty],
        )
        return cls(model.double(), Features(x, x), variances, axes)

    def loss(self) -> Tensor:
        return self.model.loss(self.features, torch.Generator()).total.mean()

    @torch.no_grad()
    def solve(self, beta: float) -> None:
        """The optimum in closed form: each axis above the level gets a latent."""
        dim = self.model.latent.dim
        loud, axes = self.variances[:dim], self.axes[:, :dim]
        size = (loud - beta).clamp(min=0).sqrt()
        self.model.encoder.get_parameter("w").copy_((axes * size / loud).T)
        width = 0.5 * (beta / loud).log().clamp(max=0)
        self.model.encoder.get_parameter("log_sigma").copy_(width)
        self.model.decoder.get_parameter("w").copy_(axes * size)

    def minimised(self) -> None:
        """The optimum that L-BFGS finds."""
        optimiser = torch.optim.LBFGS(
            self.model.parameters(),
            max_iter=1000,
            tolerance_grad=1e-6,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = self.loss()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimiser.step(closure)  # type: ignore[no-untyped-call]

    def rate_and_distortion(self) -> tuple[float, float]:
        """Nats per row, and the squared error at sigma = 1."""
        with torch.no_grad():
            terms = self.model.loss(self.features, torch.Generator()).terms
        constant = 0.5 * len(self.variances) * math.log(2 * math.pi)
        return terms["kl"].mean().item(), 2 * (terms["reconstruction"].mean().item() - constant)


def shannon(variances: Tensor, level: float) -> tuple[float, float]:
    """Rate and distortion at a water level."""
    rate = 0.5 * (variances / level).log().clamp(min=0).sum().item()
    return rate, variances.clamp(max=level).sum().item()


@pytest.mark.parametrize(
    ("columns", "dim", "beta"),
    [(2, 2, 0.3), (2, 2, 10.0), *((10, 4, beta) for beta in BETAS), (20, 5, 3.0)],
)
def test_each_beta_is_a_point_of_the_curve(columns: int, dim: int, beta: float) -> None:
    world = World.of(columns, dim, KL(beta))
    world.minimised()
    found = world.rate_and_distortion()
    assert found == pytest.approx(shannon(world.variances, beta), abs=2e-3)
    world.solve(beta)
    assert found == pytest.approx(world.rate_and_distortion(), abs=2e-3)


@pytest.mark.parametrize(("columns", "dim"), CASES)
@pytest.mark.parametrize("level", [0.5, 4.0])
def test_a_target_rate_is_reached_and_on_the_curve(columns: int, dim: int, level: float) -> None:
    """Beta is not told the level: it finds it, one step of dual ascent after the other."""
    penalty = RateTarget(1.0, rate=0.05)
    world = World.of(columns, dim, penalty)
    penalty.nats, distortion = shannon(world.variances, level)
    for _ in range(600):
        world.solve(penalty.weight_at(0))
        world.model.loss(world.features, torch.Generator())
    world.model.eval()
    assert world.rate_and_distortion() == pytest.approx((penalty.nats, distortion), abs=1e-5)
    assert penalty.weight_at(math.inf) == pytest.approx(level, rel=1e-5)


@pytest.mark.parametrize(("columns", "dim"), [(3, 1), (10, 4)])
def test_the_optimum_is_probabilistic_pca_at_its_maximum_likelihood(columns: int, dim: int) -> None:
    """Tipping and Bishop, J. R. Stat. Soc. B 61 (1999) 611."""
    world = World.of(columns, dim, KL(), sigma="shared")
    world.minimised()
    loss = world.loss().item()
    kept, discarded = world.variances[:dim], world.variances[dim:]
    noise = discarded.mean()
    spread = kept.log().sum() + len(discarded) * noise.log()
    evidence = -0.5 * (columns * (math.log(2 * math.pi) + 1) + spread).item()
    assert -loss == pytest.approx(evidence, rel=1e-8)
    sigma = nn.functional.softplus(world.model.heads.heads[0].get_parameter("raw_sigma"))
    assert sigma.square().item() == pytest.approx(noise.item(), rel=1e-5)
