from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.diagnostics.geometry import decode, geodesic, interpolate, length, mean_map, metric
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

LENGTHS = Schema((Field(name="x", kind="continuous", shape=(3,), unit="nm"),))


def model_of(schema: Schema = LENGTHS, *, scale: float = 3.0) -> Autoencoder:
    rng = np.random.default_rng(1)
    table = Table(schema, {"x": 5 + scale * rng.normal(size=(50, 3))})
    model = kinds.plain(schema, latent=2, hidden=(16,)).double()
    model.fit_normaliser([table])
    return model


def test_the_map_of_a_model_is_in_deviations_or_in_raw_units() -> None:
    model, z = model_of(), torch.randn(4, 2).double()
    scale = model.normaliser.scale
    got, raw = mean_map(model)(z), mean_map(model, raw=True)(z)
    torch.testing.assert_close(raw, got * scale)
    torch.testing.assert_close(raw + model.normaliser.location, decode(model, z)["x"])
    g, g_raw = metric(mean_map(model), z), metric(mean_map(model, raw=True), z)
    j = torch.autograd.functional.jacobian(lambda one: mean_map(model)(one[None])[0], z[0])
    torch.testing.assert_close(g[0], j.T @ j)
    torch.testing.assert_close(g_raw[0], j.T @ (scale.square()[:, None] * j))


def test_an_angle_has_no_seam_and_a_class_no_distance() -> None:
    schema = Schema(
        (
            Field(name="phi", kind="periodic", period=360.0),
            Field(name="kind", kind="categorical", classes=("a", "b")),
        )
    )
    model = kinds.plain(schema, latent=1)
    f = mean_map(model)
    out = f(torch.linspace(-5, 5, 7)[:, None])
    assert out.shape == (7, 2)
    torch.testing.assert_close(out.norm(dim=1), torch.ones(7))
    only = kinds.plain(Schema(schema.fields[1:]), latent=1)
    with pytest.raises(SpecError, match="no continuous or periodic field"):
        mean_map(only)


def test_a_geodesic_is_no_longer_than_the_straight_line_and_has_its_ends() -> None:
    model = model_of()
    with torch.no_grad():
        for x in model.decoder.parameters():
            x.mul_(3)  # more curved than at the start of training
    a, b = torch.tensor([[-2.0, 1.0], [2.0, 1.5]]).double()
    bent, straight = (
        interpolate(model, a, b, along=way, points=40) for way in ("geodesic", "straight")
    )
    assert bent.length < 0.999 * straight.length
    for path in (bent, straight):
        torch.testing.assert_close(path.z[[0, -1]], torch.stack((a, b)))
        torch.testing.assert_close(path.fields["x"][-1], decode(model, b[None])["x"][0])
        assert path.length == pytest.approx(length(mean_map(model), path.z).item())


def test_the_model_is_left_as_it_was() -> None:
    model = model_of().train()
    path = interpolate(model, torch.zeros(2).double(), torch.ones(2).double(), points=5)
    assert model.training
    assert not path.z.requires_grad
    assert all(x.grad is None for x in model.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_both_precisions(dtype: torch.dtype) -> None:
    def ring(z: torch.Tensor) -> torch.Tensor:
        return torch.stack((z[:, 0].cos(), z[:, 0].sin()), 1)

    curve = geodesic(ring, torch.tensor([0.0], dtype=dtype), torch.tensor([2.0], dtype=dtype))
    assert curve.dtype == dtype
    assert length(ring, curve).item() == pytest.approx(2, abs=1e-3)
    even = torch.linspace(0, 2, 64, dtype=dtype)[:, None]
    torch.testing.assert_close(curve, even, rtol=0, atol=1e-3)


def test_nonsense_is_refused() -> None:
    model, a = model_of(), torch.zeros(2).double()
    with pytest.raises(SpecError, match="along 'curved'; expected 'geodesic' or 'straight'"):
        interpolate(model, a, a + 1, along="curved")
    with pytest.raises(SpecError, match="geodesic: points 2; expected 3 or more"):
        geodesic(mean_map(model), a, a + 1, points=2)


@pytest.mark.parametrize("kind", ["variational", "vq", "top-k", "ring", "poisson"])
def test_every_latent_has_a_geometry(
    kind: str,
    mixed: Callable[..., Table],
    small: Callable[[str, Table], tuple[Autoencoder, Table]],
) -> None:
    model, _ = small(kind, mixed(30))
    a, b = torch.randn(2, model.latent.dim)
    assert math.isfinite(interpolate(model, a, b, points=6).length)
    assert metric(mean_map(model), a[None]).isfinite().all()
