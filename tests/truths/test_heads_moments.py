"""Means and draws have the moments of their law; heavy tails and modes are told as such."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from sciae.autoencoders.heads import (
    Laplace,
    Mixture,
    NegativeBinomial,
    Normal,
    StudentT,
    ZeroInflatedNegativeBinomial,
)
from sciae.autoencoders.nets import Dense

DRAWS = 200_000
ONE = math.log(math.e - 1)  # softplus(ONE) = 1
WIDE = math.log(math.expm1(0.5)) - ONE  # of a width of 0.5


def gated(p: float, mean: float, theta: float) -> tuple[float, float]:
    """Mean and variance of counts that are 0 instead with probability p."""
    variance = mean + mean**2 / theta
    return (1 - p) * mean, (1 - p) * (variance + p * mean**2)


MOMENTS = {  # head, parameters, mean and variance of each column; theta is 10 at the start
    "Laplace": (Laplace(2, floor=0.5), [1.0, -2.0], [1, -2], [4.5, 4.5]),
    "StudentT": (StudentT(2, floor=0.0), [1.0, -2.0], [1, -2], [5 / 3, 5 / 3]),
    "StudentT of given shape": (StudentT(1, df=12.0, floor=1.0), [3.0], [3], [4.8]),
    "Mixture": (
        Mixture(1, components=2, floor=0.0),
        [0.0, math.log(3), 0.0, 2.0, 0.0, WIDE],
        [0.25 * -1 + 0.75 * 3],
        [0.25 * 1 + 0.75 * 0.25 + 0.25 * 0.75 * 16],
    ),
    "NegativeBinomial": (
        NegativeBinomial(2), [math.log(0.5), math.log(20)], [0.5, 20], [0.525, 60],
    ),
    "ZeroInflatedNegativeBinomial": (
        ZeroInflatedNegativeBinomial(2),
        [math.log(5), math.log(5), -math.log(3), 0.0],
        [gated(0.25, 5, 10)[0], gated(0.5, 5, 10)[0]],
        [gated(0.25, 5, 10)[1], gated(0.5, 5, 10)[1]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MOMENTS)
def test_means_and_draws_have_the_moments_of_the_law(name: str) -> None:
    head, p, mean, variance = MOMENTS[name]
    head = head.double()
    rows = torch.tensor([p], dtype=torch.float64)
    wanted = torch.tensor(mean, dtype=torch.float64)
    torch.testing.assert_close(head.mean(rows)[0], wanted, rtol=1e-6, atol=1e-6)
    with torch.no_grad():
        x = head.sample(rows.expand(DRAWS, -1), torch.Generator().manual_seed(1))
    error = (torch.tensor(variance) / DRAWS).sqrt()
    assert ((x.mean(0) - wanted).abs() < 5 * error).all()
    assert x.var(0).tolist() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("name", MOMENTS)
def test_the_mean_nats_of_draws_are_least_at_their_own_parameters(name: str) -> None:
    head, p, _, _ = MOMENTS[name]
    head = head.double()
    given = torch.tensor([p], dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        x = head.sample(given.expand(DRAWS, -1), torch.Generator().manual_seed(2))
    nats = head.nll(given.expand(DRAWS, -1), x)
    slope = torch.autograd.grad(nats.mean(0).sum(), given)[0]
    assert slope.abs().max() < 10 / math.sqrt(DRAWS) * nats.detach().std()


def trained(head: Any, net: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Fit net and head to y given x; the mean nats at the end."""
    everything = [*net.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(everything, lr=0.05)
    for _ in range(200):
        optimiser.zero_grad()
        loss = head.nll(net(x), y).sum(1).mean()
        loss.backward()
        optimiser.step()
    return loss.item()


@pytest.mark.parametrize("columns", [1, 5])
@pytest.mark.parametrize("robust", [Laplace, StudentT])
def test_gross_outliers_hardly_move_a_heavy_tailed_head(robust: Any, columns: int) -> None:
    rng = torch.Generator().manual_seed(columns)
    x = torch.randn(500, 3, generator=rng)
    clean = x @ torch.randn(3, columns, generator=rng) + 1
    y = clean + 0.1 * torch.randn(clean.shape, generator=rng)
    y[:25] += 20.0  # one in twenty
    errors = {}
    for kind in (Normal, robust):
        net = torch.nn.Linear(3, columns)
        trained(kind(columns), net, x, y)
        errors[kind] = (net(x) - clean).square().mean().sqrt().item()
    assert errors[robust] < 0.5 * errors[Normal]


@pytest.mark.parametrize("columns", [1, 4])
def test_two_modes_cost_less_told_as_two(columns: int) -> None:
    rng = torch.Generator().manual_seed(columns)
    x = torch.rand(500, 1, generator=rng)
    side = 2 * torch.randint(0, 2, (500, columns), generator=rng) - 1
    y = side * (0.5 + x) + 0.1 * torch.randn(500, columns, generator=rng)
    nats = {}
    for head in (Normal(columns), Mixture(columns, components=2)):
        net = Dense((1, 16, columns * head.per_column))
        nats[type(head)] = trained(head, net, x, y) / columns
    assert nats[Mixture] < nats[Normal] - 0.5
