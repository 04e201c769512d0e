from __future__ import annotations

import pytest
import torch

from sciae.autoencoders.latents import Gaussian, Point
from sciae.autoencoders.latents.gaussian import LEAST, MOST


def test_a_point_is_what_it_is_given() -> None:
    hidden = torch.randn(3, 2)
    code = Point(2)(hidden, torch.Generator())
    assert code.z is hidden
    assert code.mean is hidden
    assert code.log_sigma is None


def test_a_gaussian_without_a_generator_is_its_mean() -> None:
    hidden = torch.randn(3, 4)
    code = Gaussian(2)(hidden, None)
    assert torch.equal(code.z, hidden[:, :2])
    assert torch.equal(code.mean, hidden[:, :2])
    assert torch.equal(code.log_sigma, hidden[:, 2:])


def test_a_gaussian_draws_with_its_width() -> None:
    hidden = torch.tensor([[1.0, -2.0, 0.0, -1.0]]).expand(50_000, 4)
    code = Gaussian(2)(hidden, torch.Generator().manual_seed(1))
    assert code.z.mean(0).tolist() == pytest.approx([1, -2], abs=0.02)
    assert code.z.std(0).log().tolist() == pytest.approx([0, -1], abs=0.02)


def test_an_extreme_width_stays_finite() -> None:
    code = Gaussian(2)(torch.tensor([[0.0, 0.0, -1e9, 1e9]]), torch.Generator())
    assert code.log_sigma.tolist() == [[LEAST, MOST]]
    assert code.z.isfinite().all()


@pytest.mark.parametrize(("latent", "width"), [(Point(3), 3), (Gaussian(3), 6)])
def test_it_says_how_wide_the_encoder_must_be(latent: Point | Gaussian, width: int) -> None:
    assert (latent.dim, latent.width) == (3, width)
