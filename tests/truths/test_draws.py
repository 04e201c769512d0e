"""The mean and the draws of every head have the moments of its law."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy import special

from sciae.autoencoders.heads import (
    Bernoulli,
    Categorical,
    Multinomial,
    Normal,
    Poisson,
    VonMises,
)

if TYPE_CHECKING:
    from torch import Tensor

DRAWS = 100_000


def draws(head: Any, p: list[float]) -> tuple[Tensor, Tensor]:
    """Many draws of one parameter vector, and the head's mean."""
    rows = torch.tensor([p], dtype=torch.float64)
    sample = head.sample(rows.expand(DRAWS, -1), torch.Generator().manual_seed(3))
    return sample, head.mean(rows)[0]


MOMENTS = {  # head, parameters, mean and variance of each column
    "Normal fixed": (Normal(2, sigma=0.3), [1.0, -2.0], [1, -2], [0.09, 0.09]),
    "Normal learnt": (Normal(2, floor=0.0), [1.0, -2.0], [1, -2], [1, 1]),
    "Normal shared": (Normal(2, sigma="shared", floor=0.5), [1.0, -2.0], [1, -2], [2.25, 2.25]),
    "Normal predicted": (
        Normal(1, sigma="predicted", floor=0.0),
        [3.0, math.log(math.expm1(2.0)) - math.log(math.e - 1)],
        [3],
        [4],
    ),
    "Bernoulli": (Bernoulli(2), [0.0, math.log(3)], [0.5, 0.75], [0.25, 0.1875]),
    "Multinomial": (Multinomial(2), [0.0, math.log(3)], [0.25, 0.75], [0.1875, 0.1875]),
    "Poisson": (Poisson(2), [math.log(0.5), math.log(40)], [0.5, 40], [0.5, 40]),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_mean_and_draws_have_the_moments_of_the_law(name: str) -> None:
    head, p, mean, variance = MOMENTS[name]
    sample, guess = draws(head.double(), p)
    np.testing.assert_allclose(guess.detach().numpy(), mean, rtol=1e-6)
    error = np.sqrt(np.array(variance) / DRAWS)
    got = sample.detach().numpy()
    assert (np.abs(got.mean(0) - mean) < 5 * error).all()
    np.testing.assert_allclose(got.var(0), variance, rtol=0.05)


def test_classes_are_drawn_as_often_as_they_are_likely() -> None:
    p = [0.0, math.log(2), math.log(5), *[math.log(6), 0.0, 0.0]]
    sample, guess = draws(Categorical(2, classes=3), p)
    for column, want in enumerate([[1 / 8, 2 / 8, 5 / 8], [6 / 8, 1 / 8, 1 / 8]]):
        share = torch.bincount(sample[:, column].long(), minlength=3) / DRAWS
        np.testing.assert_allclose(share.numpy(), want, atol=0.01)
    assert guess.tolist() == [2, 0]


@pytest.mark.parametrize("kappa", [0.0, 0.5, 5.0, 1e4])
def test_angles_are_drawn_around_the_mean_direction(kappa: float) -> None:
    mean = -3.0
    sample, guess = draws(VonMises(1), [kappa * math.cos(mean), kappa * math.sin(mean)])
    assert sample.abs().max() <= math.pi
    length = special.i1e(kappa) / special.i0e(kappa)
    along, across = (f(sample - mean).mean().item() for f in (torch.cos, torch.sin))
    assert along == pytest.approx(length, abs=0.012)
    assert across == pytest.approx(0, abs=0.012)
    if kappa:
        assert guess.item() == pytest.approx(mean)
