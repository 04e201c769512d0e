"""What codes tell of rows: Gaussian worlds, in which every number has a closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.penalties import KL, kl_to_standard_normal
from sciae.autoencoders.training import Training
from sciae.diagnostics import (
    evidence,
    information,
    operating_point,
    pca_floor,
    rate,
    rate_distortion,
    shannon_rate,
    water_filling,
)
from sciae.rng import torch_generator
from sciae.schema import Field, Schema
from sciae.table import Table

SIGMA = 0.5


class Reader(nn.Module):
    """The posterior N(x W, exp(log_sigma)^2)."""

    def __init__(self, w: Tensor, log_sigma: Tensor) -> None:
        super().__init__()
        self.w, self.log_sigma = nn.Parameter(w), log_sigma

    def forward(self, features: Features) -> Tensor:
        mean = features.inputs @ self.w
        return torch.cat([mean, self.log_sigma.expand_as(mean)], -1)


class Writer(nn.Module):
    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(w)

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(z @ self.w.T)


def normal(*shape: int, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def linear(read: Tensor, log_sigma: Tensor, write: Tensor, *, beta: float = 1.0) -> Autoencoder:
    schema = Schema((Field(name="x", kind="continuous", shape=(len(write),), scale="none"),))
    return Autoencoder(
        schema,
        encoder=Reader(read, log_sigma),
        latent=Gaussian(write.shape[1]),
        decoder=Writer(write),
        heads=Joint(schema, sigma=SIGMA),
        penalties=(KL(beta),),
    )


def white(rows: int, columns: int, *, seed: int = 1) -> Tensor:
    """Rows of mean zero and just the unit covariance."""
    x = normal(rows, columns, seed=seed)
    return torch.linalg.qr(x - x.mean(0))[0] * math.sqrt(rows)


def optimum(variances: Tensor, *, beta: float, rows: int = 400) -> tuple[Autoencoder, Features]:
    """The best linear beta-VAE of Gaussian rows with these principal variances.

    z = x / sqrt(lambda) * sqrt(1 - theta / lambda) with variance theta / lambda, and back
    x = z sqrt(lambda - theta), in the directions that pass theta = beta sigma^2.
    """
    theta, columns = beta * SIGMA**2, len(variances)
    axes = torch.linalg.qr(normal(columns, columns))[0]
    gain = (1 - theta / variances).clamp_min(0).sqrt()
    log_sigma = 0.5 * (theta / variances).clamp_max(1).log()
    root = variances.sqrt()
    model = linear(axes * (gain / root), log_sigma, axes * (gain * root), beta=beta)
    x = white(rows, columns) * root @ axes.T
    return model, Features(x, x)


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_the_optimal_linear_model_lies_on_shannons_curve(columns: int, beta: float) -> None:
    variances = torch.linspace(6, 0.1, columns, dtype=torch.float64)
    model, features = optimum(variances, beta=beta)
    nats, square = water_filling(variances, beta * SIGMA**2)
    got = operating_point(model, features, draws=100, rng=1)
    assert got.rate == pytest.approx(nats, rel=1e-9)
    assert abs(got.square - square) < 4 * got.error * 2 * SIGMA**2
    assert shannon_rate(variances, square) == pytest.approx(nats, rel=1e-9)
    norm = columns * math.log(SIGMA * math.sqrt(2 * math.pi))
    assert got.distortion == pytest.approx(got.square / (2 * SIGMA**2) + norm, rel=1e-9)


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0, 30.0])
def test_just_the_directions_above_the_water_live(columns: int, beta: float) -> None:
    variances = torch.linspace(6, 0.05, columns, dtype=torch.float64)
    model, features = optimum(variances, beta=beta)
    got = rate(model, features)
    each = 0.5 * (variances / (beta * SIGMA**2)).log().clamp_min(0)
    assert got.nats == pytest.approx(tuple(each.tolist()), abs=1e-9)
    assert got.expected == int((variances > beta * SIGMA**2).sum())


def test_no_model_is_below_the_curve_and_trained_ones_are_near_it() -> None:
    variances = torch.tensor([4.0, 2.0, 1.0, 0.3, 0.1, 0.05], dtype=torch.float64)
    axes = torch.linalg.qr(normal(6, 6))[0]
    schema = Schema((Field(name="x", kind="continuous", shape=(6,), scale="none"),))
    table = Table(schema, {"x": (white(256, 6) * variances.sqrt() @ axes.T).numpy()})
    got = rate_distortion(
        lambda beta: composed(schema, Gaussian(6), penalties=(KL(beta),), hidden=(), sigma=SIGMA),
        table,
        (0.5, 4.0),
        training=Training(
            epochs=500, batch=256, learning_rate=0.02, schedule="cosine", patience=500
        ),
        validation=table,
        rng=1,
    )
    for beta, point in zip(got.betas, got.points, strict=True):
        nats, square = water_filling(variances, beta * SIGMA**2)
        least = beta * nats + square / (2 * SIGMA**2)
        found = beta * point.rate + point.square / (2 * SIGMA**2)
        assert least - 4 * point.error < found < least + 4 * point.error + 0.1
        assert point.rate > point.bound - 4 * point.error / beta
    rates = [point.rate for point in got.points]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(("columns", "latent"), [(3, 1), (10, 3), (100, 5)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_floor_is_the_sum_of_the_discarded_eigenvalues(
    columns: int, latent: int, *, weighted: bool
) -> None:
    x = normal(columns * 3, columns) * torch.linspace(3, 0.5, columns) + 1
    weight = torch.rand(len(x), generator=torch.Generator().manual_seed(2)).double() + 0.1
    share = (weight if weighted else torch.ones_like(weight)).numpy()
    values, axes = np.linalg.eigh(np.cov(x.numpy().T, aweights=share, bias=True))
    kept = torch.from_numpy(axes[:, -latent:].copy())
    model = linear(kept, torch.zeros(latent).double(), kept)
    mean = torch.from_numpy(np.average(x.numpy(), 0, share))
    features = Features(x - mean, x - mean, weight=weight if weighted else None)
    got = pca_floor(model, features)
    discarded = values[: columns - latent].sum()
    assert sum(got.linear.values()) == pytest.approx(discarded, rel=1e-10)
    assert sum(got.model.values()) == pytest.approx(discarded, rel=1e-10)
    assert got.explained == pytest.approx(1 - discarded / values.sum(), rel=1e-10)
    assert got.explained_linear == pytest.approx(got.explained, rel=1e-10)


@pytest.mark.parametrize("latent", [1, 2, 4])
def test_the_three_parts_of_the_rate_have_closed_forms(latent: int) -> None:
    """Codes of a Gaussian world are Gaussian: S is their covariance, D its diagonal.

    I = (ln det S - sum ln s^2) / 2, TC = (sum ln D - ln det S) / 2, and the rest is the
    divergence of N(0, D) from N(0, 1).
    """
    rows, w = 2000, 0.9 * normal(latent, latent, seed=5)
    log_sigma = torch.linspace(-0.5, 0.0, latent, dtype=torch.float64)
    model = linear(w, log_sigma, torch.eye(latent).double())
    x = white(rows, latent, seed=6)
    got = information(model, Features(x, x), rng=1)
    s = w.T @ w + torch.diag((2 * log_sigma).exp())
    d, log_det = s.diagonal(), torch.logdet(s)
    mutual = 0.5 * (log_det - 2 * log_sigma.sum()).item()
    assert mutual < math.log(rows) - 4  # else the estimate is low, as the docstring says
    assert abs(got.mutual - mutual) < 4 * got.error
    assert got.total_correlation == pytest.approx(0.5 * (d.log().sum() - log_det).item(), abs=0.05)
    divergence = 0.5 * (d - 1 - d.log()).sum().item()
    assert got.dimension_wise == pytest.approx(divergence, abs=0.1)


@pytest.mark.parametrize("latent", [1, 3, 8])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_parts_add_up_to_the_rate(latent: int, *, weighted: bool) -> None:
    w, rows = normal(10, latent), 200
    model = linear(w, -torch.ones(latent).double(), normal(10, latent, seed=2))
    x = normal(rows, 10, seed=3)
    weight = torch.rand(rows, generator=torch.Generator().manual_seed(4)).double()
    share = (
        weight / weight.sum() if weighted else torch.full((rows,), 1 / rows, dtype=torch.float64)
    )
    features = Features(x, x, weight=weight if weighted else None)
    got = information(model, features, rng=7)
    with torch.no_grad():
        code = model.encode(features, torch_generator(7))
    q = torch.distributions.Normal(code.mean, torch.exp(code.log_sigma))
    ratio = (q.log_prob(code.z) - torch.distributions.Normal(0.0, 1.0).log_prob(code.z)).sum(1)
    assert abs(got.rate - (share @ ratio).item()) < 1e-6
    assert abs(got.mutual + got.total_correlation + got.dimension_wise - got.rate) < 1e-6
    error = (share.square() @ (ratio - got.rate).square()).sqrt().item()
    exact = (share @ kl_to_standard_normal(code).sum(1)).item()
    assert abs(got.rate - exact) < 4 * error  # of one draw per row


@pytest.mark.parametrize(("lam", "beta"), [(1.0, 1.0), (3.0, 2.0), (9.0, 0.5)])
def test_a_gaussian_direction_tells_half_the_log_of_lambda_over_theta(
    lam: float, beta: float
) -> None:
    model, features = optimum(torch.tensor([lam]).double(), beta=beta, rows=1500)
    got = information(model, features, rng=1)
    assert abs(got.mutual - 0.5 * math.log(lam / (beta * SIGMA**2))) < 4 * got.error
    assert got.dimension_wise == pytest.approx(0, abs=0.05)


def test_few_rows_show_at_most_the_log_of_their_number() -> None:
    """The bias of a minibatch: the truth is 4.6 nats, and 20 rows say 3.0."""
    model, features = optimum(torch.tensor([2500.0]).double(), beta=1.0, rows=20)
    got = information(model, features, rng=1)
    assert got.mutual <= got.most + 1e-9
    assert got.most == pytest.approx(math.log(20))
    assert "take more" in got.verdict


def test_codes_that_never_overlap_tell_the_entropy_of_the_weights() -> None:
    x = normal(50, 3)
    weight = torch.arange(1.0, 51.0, dtype=torch.float64)
    model = linear(torch.eye(3).double(), torch.full((3,), -10.0).double(), torch.eye(3).double())
    got = information(model, Features(x, x, weight=weight), rng=1)
    share = weight / weight.sum()
    assert got.mutual == pytest.approx(-(share * share.log()).sum().item(), rel=1e-9)
    assert got.mutual == pytest.approx(got.most, rel=1e-9)


def world(columns: int, *, wider: float, rows: int = 500) -> tuple[Autoencoder, Features, Tensor]:
    """Probabilistic PCA with a posterior that is too wide, and the true evidence."""
    w = torch.linalg.qr(normal(columns, 2))[0] * torch.tensor([1.5, 0.7]).double()
    m = w.T @ w + SIGMA**2 * torch.eye(2)
    model = linear(w @ torch.linalg.inv(m), (wider * SIGMA / m.diagonal().sqrt()).log(), w)
    spread = w @ w.T + SIGMA**2 * torch.eye(columns)
    truth = MultivariateNormal(torch.zeros(columns).double(), spread)
    x = normal(rows, columns, seed=3) @ torch.linalg.cholesky(spread).T
    return model, Features(x, x), truth.log_prob(x)


@pytest.mark.parametrize("columns", [2, 10, 100])
def test_the_standard_error_of_the_evidence_covers(columns: int) -> None:
    model, features, truth = world(columns, wider=1.5)
    got = evidence(model, features, draws=256, rng=1)
    z = (got.nats - truth) / got.error
    assert z.square().mean().sqrt().item() == pytest.approx(1, abs=0.15)
    assert (z.abs() < 2).double().mean().item() == pytest.approx(0.954, abs=0.03)
    assert abs(got.mean - truth.mean().item()) < 4 * got.mean_error
    counts = (math.sqrt(2 * 1.5**2 - 1) / 1.5**2) ** 2  # of each draw, with two latents
    assert got.effective.mean().item() / 256 == pytest.approx(counts, rel=0.05)


@pytest.mark.parametrize("columns", [2, 10, 100])
def test_the_exact_posterior_needs_one_draw_and_has_no_error(columns: int) -> None:
    model, features, truth = world(columns, wider=1.0, rows=20)
    got = evidence(model, features, draws=16, rng=1)
    torch.testing.assert_close(got.nats, truth, rtol=1e-10, atol=1e-10)
    assert got.error.max() < 1e-6
    torch.testing.assert_close(got.effective, torch.full((20,), 16.0).double())


def test_a_proposal_that_misses_says_so() -> None:
    model, features, _ = world(10, wider=0.05, rows=50)
    assert "not to be believed" in evidence(model, features, draws=256, rng=1).verdict
    assert "believed" not in evidence(world(10, wider=1.2)[0], features, rng=1).verdict
