from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from sciae.autoencoders.heads import Bernoulli

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_it_is_scipys_bernoulli(columns: int, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    logit = torch.tensor(rng.normal(scale=3, size=(50, columns)), dtype=dtype)
    x = torch.tensor(rng.integers(0, 2, (50, columns)), dtype=dtype)
    nats = Bernoulli(columns).nll(logit, x).double().numpy()
    p = 1 / (1 + np.exp(-logit.double().numpy()))
    np.testing.assert_allclose(nats, -stats.bernoulli.logpmf(x.numpy(), p), rtol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("logit", [-20.0, 20.0])
@pytest.mark.parametrize("x", [0.0, 1.0])
def test_it_is_exact_where_a_probability_saturates(
    dtype: torch.dtype, logit: float, x: float
) -> None:
    nats = Bernoulli(1).nll(torch.tensor([[logit]], dtype=dtype), torch.tensor([[x]], dtype=dtype))
    expected = np.log1p(np.exp(-abs(logit)))  # right
    expected += abs(logit) if (logit > 0) != (x > 0) else 0  # wrong
    assert nats.item() == pytest.approx(expected, rel=1e-5, abs=0)


def test_gradients_are_finite_at_extremes() -> None:
    for x in (0.0, 1.0):
        logit = torch.tensor([[-1e4, 1e4]], requires_grad=True)
        nats = Bernoulli(2).nll(logit, torch.full((1, 2), x))
        nats.sum().backward()
        assert nats.isfinite().all()
        assert logit.grad is not None
        assert logit.grad.tolist() == [[-x, 1 - x]]  # sigmoid(l) - x


def test_draws_have_the_mean() -> None:
    head, logit = Bernoulli(1), torch.full((20_000, 1), 1.0)
    draws = head.sample(logit, torch.Generator().manual_seed(1))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert draws.mean().item() == pytest.approx(head.mean(logit)[0].item(), abs=0.01)
