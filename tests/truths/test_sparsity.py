"""Sparsity: the divergence and its gradient in closed form, the threshold that L1 makes."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, kl_divergence

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.latents import Code, Point
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.penalties import L1, KLSparsity
from sciae.schema import Field, Schema

DIMS = [1, 2, 10, 100]


def rows_of(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def of(z: Tensor, weight: Tensor | None = None) -> Any:
    """A pass of which only code and weights matter."""
    return SimpleNamespace(code=Code(z, z), features=Features(z, z, weight=weight))


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("rho", [0.01, 0.05, 0.5])
def test_the_divergence_is_that_of_coins_summed_over_units(dim: int, rho: float) -> None:
    z = rows_of(40, dim)
    want = kl_divergence(Bernoulli(torch.tensor(rho).double()), Bernoulli(z.sigmoid().mean(0)))
    got = KLSparsity(rho)(of(z))
    torch.testing.assert_close(got, want.sum().expand(40), rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("rho", "mean", "nats"),
    [
        (0.05, 0.05, 0.0),
        (0.5, 0.25, 0.5 * math.log(4 / 3)),
        (0.05, 0.5, 0.05 * math.log(0.1) + 0.95 * math.log(1.9)),
    ],
)
def test_values_known_by_heart(rho: float, mean: float, nats: float) -> None:
    got = KLSparsity(rho).divergence(torch.full((3,), mean, dtype=torch.float64))
    assert got.item() == pytest.approx(3 * nats, abs=1e-12)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_the_gradient_of_the_weighted_mean_is_that_of_the_divergence(
    dim: int, decay: float
) -> None:
    z, weight = rows_of(40, dim).requires_grad_(), rows_of(40).abs()
    share, rho = weight / weight.sum(), 0.05
    penalty = KLSparsity(rho, decay=decay, dim=dim).double()
    torch.dot(penalty(of(z, weight)), share).backward()  # type: ignore[no-untyped-call]
    on = z.detach().sigmoid()
    mean = share @ on
    at = decay * rho + (1 - decay) * mean
    slope = (1 - rho) / (1 - at) - rho / at
    want = share[:, None] * slope * on * (1 - on)
    torch.testing.assert_close(z.grad, want, rtol=1e-6, atol=1e-12)


def test_a_decay_averages_over_steps_and_only_in_training() -> None:
    penalty, mean = KLSparsity(0.1, decay=0.75, dim=2).double(), torch.tensor([0.1, 0.1]).double()
    for step in range(3):
        z = rows_of(20, 2) + step
        mean = 0.75 * mean + 0.25 * z.sigmoid().mean(0)
        got = penalty(of(z))
        torch.testing.assert_close(got[0], penalty.divergence(mean), rtol=1e-6, atol=1e-9)
    penalty.eval()
    torch.testing.assert_close(penalty(of(z)), KLSparsity(0.1).double()(of(z)))
    torch.testing.assert_close(penalty.mean, mean, rtol=1e-6, atol=1e-9)


class Columns(nn.Module):
    """A linear decoder."""

    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(w)

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(z @ self.w.T)


class FreeCode(nn.Module):
    """An encoder that may give each row any code."""

    def __init__(self, z: Tensor) -> None:
        super().__init__()
        self.z = nn.Parameter(z)

    def forward(self, features: Features) -> Tensor:
        return self.z.expand(len(features), -1)


def loss_of(z: Tensor, w: Tensor, x: Tensor, penalty: L1, *, sigma: float) -> float:
    schema = Schema((Field(name="x", kind="continuous", shape=(len(w),)),))
    model = Autoencoder(
        schema,
        encoder=FreeCode(z),
        latent=Point(w.shape[1]),
        decoder=Columns(w),
        heads=Joint(schema, sigma=sigma),
        penalties=[penalty],
    )
    return model.loss(Features(x, x), torch.Generator()).total.mean().item()


@pytest.mark.parametrize(("columns", "dim"), [(2, 1), (10, 4), (100, 20)])
@pytest.mark.parametrize("scaled", [False, True])
def test_the_best_code_is_the_projection_less_a_threshold(
    columns: int, dim: int, *, scaled: bool
) -> None:
    """Any step away costs; the loss is convex in the code, so this is the least of all."""
    w = torch.linalg.qr(rows_of(columns, dim))[0]
    x, sigma, weight = rows_of(1, columns), 0.7, 0.6
    projection = x @ w
    best = projection.sign() * (projection.abs() - weight * sigma**2).clamp(min=0)
    penalty = L1(weight, scaled=scaled)
    least = loss_of(best, w, x, penalty, sigma=sigma)
    for step in 1e-3 * rows_of(20, dim):
        assert loss_of(best + step, w, x, penalty, sigma=sigma) > least


@pytest.mark.parametrize(("columns", "dim"), [(2, 1), (10, 4), (100, 20)])
def test_small_codes_and_a_large_decoder_cheat_the_plain_sum_alone(columns: int, dim: int) -> None:
    w, z, x = rows_of(columns, dim), rows_of(1, dim), rows_of(1, columns)
    losses = [
        [loss_of(z / c, c * w, x, L1(1.0, scaled=scaled), sigma=1.0) for c in (1.0, 100.0)]
        for scaled in (False, True)
    ]
    assert losses[0][1] == pytest.approx(losses[0][0] - 0.99 * z.abs().sum().item())
    assert losses[1][1] == pytest.approx(losses[1][0], rel=1e-12)
    cost = losses[1][0] - loss_of(z, w, x, L1(0.0), sigma=1.0)
    assert cost == pytest.approx((z.abs() * w.norm(dim=0)).sum().item(), rel=1e-12)
