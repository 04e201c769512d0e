"""Linear autoencoders under attack: what is left, what is drawn, and the worst that can be."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.latents import Gaussian, Point
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.penalties import KL
from sciae.batch import Batch
from sciae.diagnostics.robustness import adversarial, purify, refine
from sciae.schema import Field, Schema

SIGMA = 0.5
SIZES = [(3, 1), (10, 3), (50, 5)]  # columns, latent


class Reader(nn.Module):
    """x -> x W, and as much again of `log_sigma` if there is one."""

    def __init__(self, w: Tensor, log_sigma: Tensor | None = None) -> None:
        super().__init__()
        self.w, self.log_sigma = nn.Parameter(w), log_sigma

    def forward(self, features: Features) -> Tensor:
        z = features.inputs @ self.w
        return z if self.log_sigma is None else torch.cat([z, self.log_sigma.expand_as(z)], 1)


class Writer(nn.Module):
    """z -> z W'."""

    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(w)

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(z @ self.w.T)


def normal(*shape: int, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def principal(columns: int, latent: int) -> tuple[Autoencoder, Tensor]:
    """The optimum of a linear autoencoder, and its projection."""
    axes = torch.linalg.qr(normal(columns, latent))[0]
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,), scale="none"),))
    model = Autoencoder(
        schema,
        encoder=Reader(axes),
        latent=Point(latent),
        decoder=Writer(axes),
        heads=Joint(schema, sigma=SIGMA),
    )
    return model, axes @ axes.T


@pytest.mark.parametrize(("columns", "latent"), SIZES)
@pytest.mark.parametrize("steps", [1, 3])
def test_of_a_perturbation_the_projection_on_the_manifold_is_left(
    columns: int, latent: int, steps: int
) -> None:
    model, p = principal(columns, latent)
    x = normal(20, columns) @ p  # rows on the manifold
    delta = normal(20, columns, seed=2)
    clean = purify(model, Batch({"x": x + delta}), steps=steps).columns["x"]
    left = (clean - x).norm(dim=1)
    torch.testing.assert_close(left, (delta @ p).norm(dim=1), rtol=1e-12, atol=1e-12)
    assert left.mean() / delta.norm(dim=1).mean() < 1.3 * math.sqrt(latent / columns)


@pytest.mark.parametrize(("columns", "latent"), SIZES)
def test_no_change_moves_a_linear_code_farther_than_its_top_singular_value(
    columns: int, latent: int
) -> None:
    model, _ = principal(columns, latent)
    w = normal(columns, latent, seed=3)
    model.encoder = Reader(w)
    x = normal(15, columns, seed=4)
    got = adversarial(model, Features(x, x), epsilon=0.3, steps=400, rng=1)
    most = 0.3 * torch.linalg.matrix_norm(w, ord=2)
    torch.testing.assert_close(got.linear, most.expand(15), rtol=1e-12, atol=0)
    torch.testing.assert_close(got.code, most.expand(15), rtol=1e-4, atol=0)
    assert (got.code <= most * (1 + 1e-12)).all()


@pytest.mark.parametrize(("columns", "latent"), SIZES)
def test_the_worst_for_a_score_is_along_the_residual(columns: int, latent: int) -> None:
    """|r|^2 / 2 sigma^2 becomes (|r| +- epsilon)^2 / 2 sigma^2."""
    model, p = principal(columns, latent)
    x, epsilon = 3 * normal(15, columns, seed=5), 0.1
    r = (x - x @ p).norm(dim=1)
    got = adversarial(model, Features(x, x), epsilon=epsilon, rng=1)
    rise = (2 * r * epsilon + epsilon**2) / (2 * SIGMA**2)
    fall = (2 * r * epsilon - epsilon**2) / (2 * SIGMA**2)
    torch.testing.assert_close(got.rise, rise, rtol=1e-9, atol=0)
    torch.testing.assert_close(got.fall, fall, rtol=1e-9, atol=0)


@pytest.mark.parametrize(("columns", "latent"), [(3, 1), (10, 2), (50, 4)])
def test_chains_end_in_the_exact_posterior(columns: int, latent: int) -> None:
    """p(z|x) = N(M^-1 W'x, sigma^2 M^-1), M = W'W + sigma^2; from a start that is wrong."""
    turn = torch.linalg.qr(normal(latent, latent, seed=6))[0]  # or no two latents correlate
    widths = torch.linspace(1.5, 0.7, latent, dtype=torch.float64)
    w = torch.linalg.qr(normal(columns, latent))[0] * widths @ turn
    m = w.T @ w + SIGMA**2 * torch.eye(latent)
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    model = Autoencoder(
        schema,
        encoder=Reader(w, (SIGMA / m.diagonal().sqrt()).log()),
        latent=Gaussian(latent),
        decoder=Writer(w),
        heads=Joint(schema, sigma=SIGMA),
        penalties=(KL(),),
    )
    chains = 4000
    x = normal(1, columns, seed=7).expand(chains, -1)
    z0 = torch.full((chains, latent), 2.0, dtype=torch.float64)
    got = refine(model, Features(x, x), z0, steps=100, rng=1)

    mean, covariance = x[0] @ w @ torch.linalg.inv(m), SIGMA**2 * torch.linalg.inv(m)
    z = got.z[-1]  # one draw of each chain: independent
    spread = covariance.diagonal().sqrt()
    assert ((z.mean(0) - mean).abs() < 4 * spread / math.sqrt(chains)).all()
    error = ((covariance.square() + spread.square().outer(spread.square())) / chains).sqrt()
    found = torch.cov(z.T).reshape(latent, latent)
    assert ((found - covariance).abs() < 4 * error).all()
