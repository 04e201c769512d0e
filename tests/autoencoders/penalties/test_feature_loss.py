from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sciae.autoencoders import kinds
from sciae.autoencoders.files import load, save
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import Point
from sciae.autoencoders.parts import PARTS, register
from sciae.autoencoders.penalties import FeatureLoss, LinearFeatures
from sciae.batch import Batch, to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder

ENERGY = Field(name="energy", kind="continuous", unit="GeV")
MOMENTUM = Field(name="momentum", kind="continuous", shape=(3,), unit="GeV")
SCHEMA = Schema((ENERGY, MOMENTUM))


class Mass(nn.Module):
    """The invariant mass, in GeV."""

    def forward(self, columns: Mapping[str, Tensor]) -> Tensor:
        square = columns["energy"].square() - columns["momentum"].square().sum(1)
        return square.clamp(min=1e-12).sqrt()[:, None]


class Network(nn.Module):
    """Features of a net that was trained elsewhere."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.width = width
        self.first = nn.Linear(1, width)
        self.last = nn.Sequential(nn.Tanh(), nn.Linear(width, 2))

    def forward(self, columns: Mapping[str, Tensor]) -> Tensor:
        out: Tensor = self.last(self.first(columns["energy"][:, None] / 100))
        return out


def particles(*, gaps: bool = False) -> Table:
    rng = np.random.default_rng(1)
    momentum = rng.normal(size=(200, 3)) * 50
    energy = np.sqrt((momentum**2).sum(1) + rng.normal(80, 15, 200) ** 2)
    if gaps:
        energy[::3], momentum[1::3, 0] = np.nan, np.nan
    return Table(SCHEMA, {"energy": energy, "momentum": momentum})


def model_with(table: Table, phi: nn.Module, *, sigma: float = 1.0) -> Autoencoder:
    penalty = FeatureLoss(phi, sigma=sigma)
    model = kinds.composed(table.schema, Point(3), penalties=[penalty], hidden=(16,))
    model.fit_normaliser([table])
    return model


def cost(model: Autoencoder, table: Table) -> Tensor:
    return model.loss(model.features(to_batch(table)), torch.Generator()).terms["features"]


def test_it_is_half_the_squared_difference_of_what_a_user_would_compute() -> None:
    table = particles()
    model = model_with(table, Mass(), sigma=0.5)
    guess = model.reconstruct(to_batch(table))
    phi, batch = Mass(), to_batch(table)
    distance = (phi(batch.columns) - phi(guess)).squeeze(1) / 0.5
    want = 0.5 * distance.square()
    torch.testing.assert_close(cost(model, table).double(), want, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("phi", [Mass(), LinearFeatures([[1.0, 2.0, 3.0, 4.0]])])
def test_what_is_not_observed_costs_nothing_and_pulls_nowhere(phi: nn.Module) -> None:
    table = particles(gaps=True)
    model = model_with(table, phi)
    features = model.features(to_batch(table))
    unseen = replace(features, observed=torch.zeros_like(features.targets, dtype=torch.bool))
    assert (model.loss(unseen, torch.Generator()).terms["features"] == 0).all()

    weights = model.decoder.net.get_parameter("weight_1"), model.decoder.net.get_parameter("bias_1")
    for row, column in ((0, 0), (1, 1)):
        got = model.loss(features.take(torch.tensor([row])), torch.Generator()).terms["features"]
        assert got.isfinite().all()
        assert got.item() > 0
        slope = torch.autograd.grad(got.sum(), weights[1])[0]
        assert slope[column] == 0
        assert (slope != 0).sum() == 3


def test_columns_come_in_the_order_of_the_schema_whatever_the_layout() -> None:
    schema = Schema((Field(name="hits", kind="count"), Field(name="x", kind="continuous")))
    table = Table(schema, {"hits": np.array([3, 7]), "x": np.array([10.0, 30.0])})
    model = model_with(table, LinearFeatures([[1.0, 0.0]]))
    rate = model.reconstruct(to_batch(table))["hits"]
    want = 0.5 * (torch.tensor([3, 7]) - rate).square()
    torch.testing.assert_close(cost(model, table).double(), want, rtol=1e-4, atol=1e-4)


def test_a_net_inside_is_never_trained_and_comes_back_from_the_file(tmp_path: Path) -> None:
    register(Network)
    try:
        table = particles()
        phi = Network()
        before = {name: x.clone() for name, x in phi.state_dict().items()}
        model = model_with(table, phi, sigma=0.1)
        assert not list(model.penalties.parameters())
        settings = Training(epochs=3, weight_decay=0.1)
        fitted = fit(model, table, training=settings, rng=1).model
        again = load(save(fitted, tmp_path))
        for one in (fitted, again):
            kept = one.penalties[0].get_submodule("phi").state_dict()
            assert all(torch.equal(kept[name], x) for name, x in before.items())
        assert not list(again.penalties.parameters())
        torch.testing.assert_close(cost(again, table), cost(fitted, table), rtol=0, atol=0)
    finally:
        del PARTS["Network"]


def test_training_with_it_finds_a_better_mass() -> None:
    """With one latent too few for all four columns, which of them matter is for phi to say."""
    table, errors = particles(), []
    for penalties in ([], [FeatureLoss(Mass(), sigma=0.5)]):
        torch.manual_seed(1)
        model = kinds.composed(SCHEMA, Point(3), penalties=penalties, hidden=(32,))
        training = Training(epochs=60, patience=60, batch=64, learning_rate=1e-2)
        fitted = fit(model, table, training=training, rng=1).model
        batch: Batch = to_batch(table)
        difference = Mass()(batch.columns) - Mass()(fitted.reconstruct(batch))
        errors.append(difference.square().mean().sqrt().item())
    assert errors[1] < 0.5 * errors[0]


def test_a_matrix_or_width_that_does_not_fit_is_refused() -> None:
    table = particles()
    with pytest.raises(SpecError, match="LinearFeatures: 2 numbers per line of the matrix"):
        cost(model_with(table, LinearFeatures([[1.0, 2.0]])), table)
    for sigma in (0.0, [1.0, -1.0]):
        with pytest.raises(SpecError, match="FeatureLoss: sigma"):
            FeatureLoss(Mass(), sigma=sigma)
