"""The Jacobian of a sigmoid layer in closed form, and of Hutchinson's estimate every outcome."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from sciae.autoencoders.features import Features
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Point
from sciae.autoencoders.penalties import Contraction
from sciae.autoencoders.penalties.contraction import squared_slopes
from sciae.schema import Field, Schema

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
def test_in_the_units_of_the_output_a_small_code_is_no_way_out(columns: int, dim: int) -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    model = composed(schema, Point(dim), hidden=(), penalties=[Contraction(scaled=True)]).double()
    x = torch.zeros(3, columns, dtype=torch.float64)
    features, rng = Features(x, x), torch.Generator()
    before = model.loss(features, rng).terms["contraction"]
    w, v = (dict(net.named_parameters())["net.weight_0"] for net in (model.encoder, model.decoder))
    w_rows, v_columns = w.norm(dim=1), v.norm(dim=1)
    want = (w_rows * v_columns).square().sum()
    torch.testing.assert_close(before, want.expand(3), rtol=1e-10, atol=0)
    with torch.no_grad():
        w /= 100
        v *= 100
    after = model.loss(features, rng).terms["contraction"]
    torch.testing.assert_close(after, before, rtol=1e-10, atol=0)
