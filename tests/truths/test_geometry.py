"""Surfaces whose metric, shortest ways and area are known in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciae.diagnostics.geometry import energy, geodesic, length, metric, volume_element


def sphere(z: Tensor) -> Tensor:
    """Colatitude and longitude -> the unit sphere."""
    theta, phi = z.unbind(-1)
    return torch.stack((theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos()), -1)


def cylinder(z: Tensor) -> Tensor:
    """Angle and height -> the cylinder of radius one."""
    return torch.stack((z[..., 0].cos(), z[..., 0].sin(), z[..., 1]), -1)


def points(*z: tuple[float, ...]) -> Tensor:
    return torch.tensor(z, dtype=torch.float64)


A, B = points((math.pi / 3, 0.0), (math.pi / 3, math.pi / 2))  # on one parallel of latitude


def test_the_metric_of_the_sphere() -> None:
    z = points((0.3, 1.0), (1.2, -2.0), (2.5, 0.1))
    exact = torch.diag_embed(torch.stack((torch.ones(3).double(), z[:, 0].sin().square()), 1))
    torch.testing.assert_close(metric(sphere, z), exact, rtol=0, atol=1e-14)


@pytest.mark.parametrize("latent", [1, 3, 8])
def test_the_metric_of_a_linear_map_is_the_same_everywhere(latent: int) -> None:
    rng = torch.Generator().manual_seed(latent)
    w = torch.randn(11, latent, generator=rng, dtype=torch.float64)
    z = torch.randn(5, latent, generator=rng, dtype=torch.float64)
    torch.testing.assert_close(metric(lambda z: z @ w.T, z), (w.T @ w).expand(5, -1, -1))


def test_the_area_of_the_sphere_is_four_pi() -> None:
    """Midpoints in cos(theta), where the integrand is constant, and so exact."""
    step = 2 / 200
    cosine = torch.arange(200, dtype=torch.float64) * step - 1 + step / 2
    theta = cosine.acos()
    element = volume_element(sphere, torch.stack((theta, torch.zeros_like(theta)), 1))
    area = (2 * math.pi * step * element / theta.sin()).sum().item()
    assert area == pytest.approx(4 * math.pi, rel=1e-12)


def test_the_area_of_the_sphere_in_its_own_chart() -> None:
    count = 400
    theta = (torch.arange(count, dtype=torch.float64) + 0.5) * math.pi / count
    element = volume_element(sphere, torch.stack((theta, theta), 1))
    assert element.sum().item() * 2 * math.pi**2 / count == pytest.approx(4 * math.pi, rel=1e-5)


def test_the_straight_line_in_the_chart_follows_the_parallel() -> None:
    straight = torch.lerp(A, B, torch.linspace(0, 1, 400).double()[:, None])
    got = length(sphere, straight).item()
    assert got == pytest.approx(math.sin(math.pi / 3) * math.pi / 2, abs=1e-5)
    assert got == pytest.approx(1.36035, abs=1e-5)


def test_the_geodesic_is_the_great_circle() -> None:
    curve = geodesic(sphere, A, B, points=200)
    exact = math.acos(sphere(A) @ sphere(B))
    assert exact == pytest.approx(1.31812, abs=1e-5)
    assert length(sphere, curve).item() == pytest.approx(exact, abs=1e-5)
    normal = torch.linalg.cross(sphere(A), sphere(B))
    assert (sphere(curve) @ normal).abs().max() < 1e-5  # it stays in the plane of the circle


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_between_any_two_points_away_from_the_poles(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    a, b = torch.rand(2, 2, generator=rng, dtype=torch.float64) + 0.8
    curve = geodesic(sphere, a, b, points=64)
    exact = math.acos(sphere(a) @ sphere(b))
    assert length(sphere, curve).item() == pytest.approx(exact, rel=1e-5)


def test_the_least_energy_is_half_the_squared_length_at_constant_speed() -> None:
    curve = geodesic(sphere, A, B, points=50)
    assert energy(sphere, curve).item() == pytest.approx(
        0.5 * length(sphere, curve).item() ** 2, rel=1e-6
    )
    uneven = torch.lerp(A, B, torch.linspace(0, 1, 50).double()[:, None] ** 2)
    assert energy(sphere, uneven) > 0.55 * length(sphere, uneven) ** 2


@pytest.mark.parametrize(("angle", "height"), [(1.0, 2.0), (2.0, 1.0)])
def test_a_cylinder_is_flat(angle: float, height: float) -> None:
    """A helix: sqrt(5) long, and a straight line in the chart."""
    a, b = points((0.0, 0.0), (angle, height))
    curve = geodesic(cylinder, a, b, points=200)
    assert length(cylinder, curve).item() == pytest.approx(math.sqrt(5), abs=1e-5)
    straight = torch.lerp(a, b, torch.linspace(0, 1, 200).double()[:, None])
    torch.testing.assert_close(curve, straight, rtol=0, atol=1e-4)
