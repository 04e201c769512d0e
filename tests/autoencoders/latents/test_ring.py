from __future__ import annotations

import math

import pytest
import torch

from sciae.autoencoders.latents import Ring
from sciae.errors import SpecError


@pytest.mark.parametrize("circles", [1, 2, 7])
def test_each_pair_is_scaled_to_length_one(circles: int) -> None:
    hidden = torch.randn(50, 2 * circles, dtype=torch.float64)
    z = Ring(circles)(hidden, None).z
    for c in range(circles):
        pair = hidden[:, 2 * c : 2 * c + 2]
        wanted = pair / pair.norm(dim=1, keepdim=True)
        torch.testing.assert_close(z[:, 2 * c : 2 * c + 2], wanted, rtol=1e-14, atol=0)


def test_coordinates_are_the_angles() -> None:
    angles = torch.tensor([[-3.0, 0.5], [0.0, 3.1], [1.0, -1.0]], dtype=torch.float64)
    hidden = 5 * torch.stack([angles.cos(), angles.sin()], -1).flatten(1)
    ring = Ring(2)
    torch.testing.assert_close(ring.coordinates(ring(hidden, None).mean), angles)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [0.0, 1e-30, 1e-7, 1e-5, 1.0, 1e10])
def test_values_and_gradients_are_finite_at_any_radius(size: float, dtype: torch.dtype) -> None:
    hidden = torch.tensor([[0.6 * size, -0.8 * size]], dtype=dtype, requires_grad=True)
    code = Ring(1)(hidden, None)
    assert code.z.detach().norm().item() == pytest.approx(1)
    angle = Ring(1).coordinates(code.mean)
    for out in (code.z[0, 0], code.z[0, 1], angle[0, 0]):
        (slope,) = torch.autograd.grad(out, hidden, retain_graph=True)
        assert bool(slope.isfinite().all())


def test_the_gradient_is_along_the_circle() -> None:
    hidden = torch.randn(10, 2, dtype=torch.float64, requires_grad=True)
    angle = Ring(1).coordinates(Ring(1)(hidden, None).mean)
    (slope,) = torch.autograd.grad(angle.sum(), hidden)
    x, y = hidden.detach().unbind(1)
    by_hand = torch.stack([-y, x], 1) / (x**2 + y**2)[:, None]
    torch.testing.assert_close(slope, by_hand)


def test_every_angle_of_the_prior_is_as_likely() -> None:
    ring = Ring(2)
    z = ring.prior(50_000, torch.Generator().manual_seed(1), torch.float32)
    torch.testing.assert_close(ring(z, None).z, z)
    shares = torch.histc(ring.coordinates(z)[:, 1], 8, -math.pi, math.pi) / len(z)
    assert shares.tolist() == pytest.approx([1 / 8] * 8, abs=0.01)


def test_it_has_at_least_one_circle() -> None:
    with pytest.raises(SpecError, match="Ring: circles 0; expected 1 or more"):
        Ring(0)
