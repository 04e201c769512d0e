from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from sciae.autoencoders.heads import Poisson
from sciae.autoencoders.heads.poisson import MOST

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("scale", [0.1, 10.0, 1e5])
def test_it_is_scipys_poisson(columns: int, dtype: torch.dtype, scale: float) -> None:
    rng = np.random.default_rng(1)
    rate = rng.gamma(2, scale, (50, columns))
    x = torch.tensor(rng.poisson(rate), dtype=dtype)
    log_rate = torch.tensor(np.log(rate), dtype=dtype)
    nats = Poisson(columns).nll(log_rate, x).double().numpy()
    expected = -stats.poisson.logpmf(x.double().numpy(), np.exp(log_rate.double().numpy()))
    np.testing.assert_allclose(nats, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_gradients_are_finite_at_extremes() -> None:
    log_rate = torch.tensor([[-1e4, -100.0, 100.0, 1e4]], requires_grad=True)
    nats = Poisson(4).nll(log_rate, torch.tensor([[0.0, 3.0, 3.0, 1e9]]))
    nats.sum().backward()
    assert nats.isfinite().all()
    assert log_rate.grad is not None
    assert log_rate.grad.isfinite().all()
    assert nats[0, 2].item() == pytest.approx(np.exp(MOST), rel=1e-5)


def test_draws_have_the_rate() -> None:
    head, log_rate = Poisson(1), torch.full((20_000, 1), 1.5)
    draws = head.sample(log_rate, torch.Generator().manual_seed(1))
    assert torch.equal(draws, draws.round())
    assert draws.mean().item() == pytest.approx(head.mean(log_rate)[0].item(), rel=0.02)
    assert draws.var().item() == pytest.approx(np.exp(1.5), rel=0.05)
