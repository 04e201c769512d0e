"""The Jacobian of a sigmoid layer in closed form, and of Hutchinson's estimate every outcome."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sciae.autoencoders import kinds
from sciae.autoencoders.features import Features
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Point
from sciae.autoencoders.penalties import Contraction
from sciae.autoencoders.penalties.contraction import squared_slopes
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder

CASES = [(2, 1), (10, 3), (100, 5)]  # columns, latents


class Sigmoid(nn.Module):
    """sigmoid(W x + b)."""

    def __init__(self, columns: int, dim: int) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(dim)
        self.w = nn.Parameter(torch.randn(dim, columns, generator=rng, dtype=torch.float64))
        self.b = nn.Parameter(torch.randn(dim, generator=rng, dtype=torch.float64))

    def forward(self, features: Features) -> Tensor:
        return torch.sigmoid(features.inputs @ self.w.T + self.b)

    def jacobian(self, x: Tensor) -> Tensor:
        """Shape (row, latent, column)."""
        h = torch.sigmoid(x @ self.w.T + self.b)
        return (h * (1 - h))[..., None] * self.w


def world(columns: int, dim: int, penalty: Contraction) -> tuple[Autoencoder, Sigmoid, Features]:
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    encoder = Sigmoid(columns, dim)
    penalties = (penalty,)
    model = composed(schema, Point(dim), encoder=encoder, hidden=(), penalties=penalties).double()
    rng = torch.Generator().manual_seed(columns)
    x = torch.randn(20, columns, generator=rng, dtype=torch.float64) / columns**0.5
    return model, encoder, Features(x, x)


@pytest.mark.parametrize(("columns", "dim"), CASES)
def test_a_sigmoid_layer_in_closed_form(columns: int, dim: int) -> None:
    model, encoder, features = world(columns, dim, Contraction())
    want = encoder.jacobian(features.inputs).square().sum((1, 2))
    got = model.loss(features, torch.Generator()).terms["contraction"]
    torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        same = model.loss(features, torch.Generator()).terms["contraction"]
    torch.testing.assert_close(same, want, rtol=1e-12, atol=1e-12)
    assert not same.requires_grad
    weights = (encoder.w, encoder.b)
    for one, other in zip(
        *(torch.autograd.grad(x.sum(), weights) for x in (got, want)), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("columns", "dim"), [*CASES, (3, 4)])
def test_the_mean_and_variance_of_the_estimate_over_all_signs(columns: int, dim: int) -> None:
    model, encoder, features = world(columns, dim, Contraction(probes=1))
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=dim)), dtype=torch.float64)
    each = torch.stack(
        [squared_slopes(model, features, v.expand(1, len(features), -1)) for v in signs]
    )
    jacobian = encoder.jacobian(features.inputs)
    gram = jacobian @ jacobian.mT
    off = gram - torch.diag_embed(gram.diagonal(dim1=1, dim2=2))
    mean, variance = jacobian.square().sum((1, 2)), 2 * off.square().sum((1, 2))
    torch.testing.assert_close(each.mean(0), mean, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(each.var(0, correction=0), variance, rtol=1e-10, atol=1e-12)

    drawn = model.loss(features, torch.Generator().manual_seed(1)).terms["contraction"]
    assert torch.isclose(each, drawn).any(0).all()  # one of the outcomes just listed
    assert dim == 1 or not torch.allclose(drawn, mean)


def test_probes_average() -> None:
    model, encoder, features = world(10, 3, Contraction(probes=4000))
    mean = encoder.jacobian(features.inputs).square().sum((1, 2))
    got = model.loss(features, torch.Generator().manual_seed(1)).terms["contraction"]
    torch.testing.assert_close(got, mean, rtol=0.1, atol=0)


@pytest.mark.parametrize(("columns", "dim"), CASES)
def test_of_the_output_a_small_code_is_no_way_out(columns: int, dim: int) -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    penalty = Contraction(of="output")
    model = composed(schema, Point(dim), hidden=(), penalties=[penalty]).double()
    x = torch.zeros(3, columns, dtype=torch.float64)
    features, rng = Features(x, x), torch.Generator()
    before = model.loss(features, rng).terms["contraction"]
    into, out = model.encoder.net, model.decoder.net
    unit = torch.eye(columns).double()
    jacobian = out(into(unit)) - out(into(0 * unit))
    torch.testing.assert_close(before, jacobian.square().sum().expand(3), rtol=1e-10, atol=0)
    with torch.no_grad():
        into.get_parameter("weight_0").div_(100)
        out.get_parameter("weight_0").mul_(100)
    after = model.loss(features, rng).terms["contraction"]
    torch.testing.assert_close(after, before, rtol=1e-10, atol=0)


@pytest.mark.parametrize("hidden", [(), (6,), (8, 6)])
def test_of_the_output_it_is_the_jacobian_of_the_whole(hidden: tuple[int, ...]) -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(5,)),))
    penalty = Contraction(of="output")
    model = composed(schema, Point(3), hidden=hidden, penalties=[penalty]).double()
    x = torch.randn(4, 5, dtype=torch.float64)

    def told(row: torch.Tensor) -> torch.Tensor:
        seen = Features(row[None], row[None])
        out: torch.Tensor = model.decoder(model.encode(seen).mean).flat[0]
        return out

    want = [torch.autograd.functional.jacobian(told, row).square().sum() for row in x]
    got = model.loss(Features(x, x), torch.Generator()).terms["contraction"]
    torch.testing.assert_close(got, torch.stack(want), rtol=1e-10, atol=0)


@pytest.mark.parametrize(("columns", "latent"), [(2, 1), (10, 3), (20, 5)])
def test_the_contractive_kind_does_what_noise_of_that_width_does(columns: int, latent: int) -> None:
    r"""Linear, the penalty is the noise: sum lambda - sum over top k lambda^2 / (lambda + s^2)."""
    rng, s, sigma = np.random.default_rng(columns), 0.7, 0.5
    x = rng.normal(size=(200, columns)) * np.linspace(2, 0.5, columns)
    x -= x.mean(0)
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,), scale="none"),))
    settings: dict[str, Any] = {"latent": latent, "hidden": (), "sigma": sigma, "probes": 0}
    model = kinds.contractive(schema, weight=s**2 / (2 * sigma**2), **settings).double()
    features = model.features(to_batch(Table(schema, {"x": x})))
    optimiser = torch.optim.LBFGS(
        model.parameters(),
        max_iter=2000,
        history_size=50,
        tolerance_grad=1e-11,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = model.loss(features, torch.Generator()).total.mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    constant = columns * np.log(sigma * np.sqrt(2 * np.pi))
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    kept = values[-latent:]
    want = values.sum() - (kept**2 / (kept + s**2)).sum()
    assert 2 * sigma**2 * (closure().item() - constant) == pytest.approx(want, rel=1e-8)
