from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from sciae.autoencoders.heads import Normal
from sciae.errors import SpecError

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}
RNG = np.random.default_rng(1)
ROWS = 200


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, 0)


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("sigma", [0.03, 1.0, 20.0, "learnt", "shared", "predicted"])
def test_it_is_scipys_normal(columns: int, dtype: torch.dtype, sigma: float | str) -> None:
    head = Normal(columns, sigma=sigma, floor=0.01).to(dtype)
    mean = RNG.normal(size=(ROWS, columns))
    x = mean + RNG.normal(size=(ROWS, columns))
    parameters, width = mean, np.array(1.0)
    if sigma == "predicted":
        raw = RNG.normal(scale=3, size=(ROWS, columns))
        parameters = np.concatenate([mean, raw], 1)
        width = softplus(raw + math.log(math.e - 1)) + 0.01
    elif isinstance(sigma, str):
        raw = RNG.normal(scale=3, size=columns if sigma == "learnt" else 1)
        head.raw_sigma.data = torch.tensor(raw, dtype=dtype)
        width = softplus(raw) + 0.01
    else:
        width = np.array(sigma)
    # what the head is given, in its own precision
    given = [torch.tensor(y, dtype=dtype) for y in (parameters, x)]
    exact = given[0].double().numpy()[:, :columns], given[1].double().numpy()
    nats = head.nll(*given).detach().double().numpy()
    expected = -stats.norm.logpdf(exact[1], exact[0], width)
    assert nats.shape == (ROWS, columns)
    np.testing.assert_allclose(nats, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("sigma", [1.0, "learnt", "predicted"])
def test_gradients_are_finite_far_away(sigma: float | str) -> None:
    head = Normal(2, sigma=sigma)
    parameters = torch.full((3, 2 * head.per_column), 1e4, requires_grad=True)
    for sign in (1, -1):
        nats = head.nll(sign * parameters, torch.zeros(3, 2))
        nats.sum().backward()
        assert nats.isfinite().all()
        assert all(x.grad.isfinite().all() for x in (parameters, *head.parameters()))


def test_the_target_has_a_gradient_too() -> None:
    head, x = Normal(1, sigma=2.0), torch.tensor([[3.0]], requires_grad=True)
    head.nll(torch.tensor([[1.0]]), x).sum().backward()
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(0.5)  # (x - mu) / sigma^2


@pytest.mark.parametrize("sigma", ["learnt", "shared", "predicted"])
def test_the_floor_bounds_the_likelihood(sigma: str) -> None:
    head = Normal(1, sigma=sigma, floor=0.01)
    parameters = torch.tensor([[0.0, -100.0]][:1])[:, : head.per_column]
    if sigma != "predicted":
        head.raw_sigma.data.fill_(-100.0)
    at_floor = head.nll(parameters, torch.zeros(1, 1)).item()
    assert at_floor == pytest.approx(-stats.norm.logpdf(0, 0, 0.01), rel=1e-5)


def test_draws_have_the_mean_and_the_width() -> None:
    head = Normal(2, sigma=0.5)
    parameters = torch.tensor([[1.0, -2.0]]).expand(20_000, 2)
    draws = head.sample(parameters, torch.Generator().manual_seed(1))
    assert draws.mean(0).tolist() == pytest.approx([1, -2], abs=0.02)
    assert draws.std(0).tolist() == pytest.approx([0.5, 0.5], abs=0.02)
    assert torch.equal(head.mean(parameters), parameters)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf, "wide"])
def test_a_width_that_is_none_is_refused(sigma: float | str) -> None:
    with pytest.raises(SpecError, match=r"Normal: sigma .* 'learnt', 'shared' or 'predicted'"):
        Normal(1, sigma=sigma)
    with pytest.raises(SpecError, match="Normal: floor"):
        Normal(1, floor=-1.0)
