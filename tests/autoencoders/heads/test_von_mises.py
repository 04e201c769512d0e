from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from sciae.autoencoders.heads import VonMises

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}
KAPPA = [0.0, 1e-3, 1.0, 50.0, 100.0, 1e3, 1e4]


def vector(kappa: float, mean: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    pair = [[kappa * math.cos(mean), kappa * math.sin(mean)]]
    return torch.tensor(pair, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kappa", KAPPA)
def test_it_is_scipys_von_mises(columns: int, dtype: torch.dtype, kappa: float) -> None:
    rng = np.random.default_rng(1)
    mean = rng.uniform(-np.pi, np.pi, (30, columns))
    spread = 1 / math.sqrt(max(kappa, 0.1))
    x = torch.tensor(mean + spread * rng.normal(size=mean.shape), dtype=dtype)
    parameters = torch.tensor(kappa * np.concatenate([np.cos(mean), np.sin(mean)], 1), dtype=dtype)
    nats = VonMises(columns).nll(parameters, x).double().numpy()
    a, b = np.split(parameters.double().numpy(), 2, axis=1)
    size, direction = np.hypot(a, b), np.arctan2(b, a)
    away = 2 * size * np.sin((x.double().numpy() - direction) / 2) ** 2
    closed = away + np.log(2 * np.pi * special.i0e(size))
    np.testing.assert_allclose(nats, closed, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    if 0 < kappa <= 100:  # beyond, scipy goes over to a normal
        given = -stats.vonmises.logpdf(x.double().numpy(), size, loc=direction)
        np.testing.assert_allclose(nats, given, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("kappa", KAPPA)
def test_it_is_normalised(kappa: float) -> None:
    mean, head = 0.7, VonMises(1)
    parameters = vector(kappa, mean)

    def density(angle: float) -> float:
        return math.exp(-head.nll(parameters, torch.tensor([[angle]], dtype=torch.float64)).item())

    width = 12 / math.sqrt(max(kappa, 1))
    near = max(-math.pi, -width), min(math.pi, width)
    total, _ = integrate.quad(lambda t: density(mean + t), *near, epsabs=1e-12, limit=200)
    assert total == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("kappa", [1.0, 1e4])
def test_there_is_no_seam(kappa: float) -> None:
    head, parameters = VonMises(1), vector(kappa, math.pi)
    left, right, turned = (
        head.nll(parameters, torch.tensor([[x]], dtype=torch.float64)).item()
        for x in (math.pi - 0.01, -math.pi + 0.01, 3 * math.pi - 0.01)
    )
    assert left == pytest.approx(right, rel=1e-9)
    assert left == pytest.approx(turned, rel=1e-9)


@pytest.mark.parametrize("kappa", [0.0, 1e-6, 1.0, 1e4])
def test_gradients_are_finite_in_float32(kappa: float) -> None:
    parameters = vector(kappa, 0.3, torch.float32).requires_grad_()
    nats = VonMises(1).nll(parameters, torch.tensor([[2.0]]))
    nats.sum().backward()
    assert nats.isfinite().all()
    assert parameters.grad is not None
    assert parameters.grad.isfinite().all()
    if kappa == 0:  # the slope at the uniform density: -(cos x, sin x)
        assert parameters.grad[0].tolist() == pytest.approx([-math.cos(2), -math.sin(2)], rel=1e-5)


@pytest.mark.parametrize("kappa", [0.0, 0.5, 30.0, 1e6])
def test_draws_have_the_direction_and_the_spread(kappa: float) -> None:
    head, parameters = VonMises(1), vector(kappa, 3.0, torch.float32).expand(20_000, 2)
    draws = head.sample(parameters, torch.Generator().manual_seed(1))
    assert draws.abs().max() <= math.pi
    along = torch.cos(draws - 3.0).mean().item()
    assert along == pytest.approx(special.i1e(kappa) / special.i0e(kappa), abs=0.015)
    if kappa:
        assert head.mean(parameters)[0].item() == pytest.approx(3.0)
        away = np.remainder(draws[:, 0].double().numpy() - 3.0 + np.pi, 2 * np.pi) - np.pi
        assert stats.kstest(away, stats.vonmises(kappa).cdf).pvalue > 1e-3
