from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from sciae.autoencoders.latents import Code
from sciae.autoencoders.penalties import KL, kl_to_standard_normal
from sciae.errors import SpecError


@pytest.mark.parametrize("dim", [2, 10, 100])
def test_kl_is_torchs_between_normals(dim: int) -> None:
    mean, log_sigma = torch.randn(2, 50, dim, dtype=torch.float64) * 2
    code = Code(mean, mean, log_sigma)
    zero = torch.zeros_like(mean)
    expected = kl_divergence(Normal(mean, log_sigma.exp()), Normal(zero, zero + 1))
    torch.testing.assert_close(kl_to_standard_normal(code), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(KL(beta=3)(code), expected.sum(1), rtol=1e-12, atol=1e-12)


def test_beta_rises_over_the_warm_up() -> None:
    kl = KL(2.0, warm_up=10)
    assert [kl.weight_at(step) for step in (0, 5, 10, 99, math.inf)] == [0, 1, 2, 2, 2]
    assert KL(2.0).weight_at(0) == 2


@pytest.mark.parametrize("beta", [-1.0, math.nan, math.inf])
def test_a_beta_that_is_none_is_refused(beta: float) -> None:
    with pytest.raises(SpecError, match="KL: beta"):
        KL(beta)
    with pytest.raises(SpecError, match="warm_up -1; expected both >= 0"):
        KL(warm_up=-1)


def test_a_point_has_no_kl() -> None:
    point = torch.zeros(1, 2)
    with pytest.raises(SpecError, match="a KL needs a posterior; expected a Gaussian latent"):
        KL()(Code(point, point))
