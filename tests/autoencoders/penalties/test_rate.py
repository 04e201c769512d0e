from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from sciae.autoencoders.features import Features
from sciae.autoencoders.latents import Code
from sciae.autoencoders.penalties import KL, kl_to_standard_normal
from sciae.errors import SpecError

FREE = 0.4


def posterior(weight: Tensor | None = None) -> Any:
    """Latents whose mean rates lie below, above and below the free nats."""
    rng = torch.Generator().manual_seed(1)
    hidden = torch.randn(2, 20, 3, generator=rng, dtype=torch.float64)
    scale = torch.tensor([0.2, 2.0, 0.3]).double()
    mean, log_sigma = (hidden * scale).requires_grad_()
    features = Features(mean, mean, weight=weight)
    return SimpleNamespace(code=Code(mean, mean, log_sigma), features=features)


def test_the_mean_is_the_sum_of_the_larger_of_rate_and_free_nats() -> None:
    one = posterior()
    rates = kl_to_standard_normal(one.code).mean(0)
    assert [rate.item() > FREE for rate in rates] == [False, True, False]
    got = KL(free_bits=FREE)(one)
    assert got.shape == (20,)
    torch.testing.assert_close(got.mean(), rates.clamp(min=FREE).sum())


def test_below_there_is_no_gradient_and_above_it_is_exact() -> None:
    one = posterior()
    inputs = (one.code.mean, one.code.log_sigma)
    free = torch.autograd.grad(KL(free_bits=FREE)(one).mean(), inputs)
    full = torch.autograd.grad(KL()(one).mean(), inputs)
    for got, want in zip(free, full, strict=True):
        assert (got[:, [0, 2]] == 0).all()
        torch.testing.assert_close(got[:, 1], want[:, 1], rtol=1e-12, atol=0)
        assert (want != 0).all()


def test_the_mean_that_decides_knows_the_weights() -> None:
    """The rows in which the first latent is busy, alone, are above."""
    one = posterior()
    busy = kl_to_standard_normal(one.code)[:, 0].argmax()
    weight = torch.full((20,), 1e-9).double()
    weight[busy] = 1.0
    heavy = posterior(weight)
    most = kl_to_standard_normal(heavy.code)[busy, 0].item()
    share = KL(free_bits=0.9 * most)(heavy)[busy].item()
    rates = kl_to_standard_normal(heavy.code)[busy]
    assert share == pytest.approx(rates.clamp(min=0.9 * most).sum().item())


def test_free_nats_are_not_negative() -> None:
    with pytest.raises(SpecError, match=r"KL: free_bits -0.1; expected >= 0"):
        KL(free_bits=-0.1)
