"""A loss is a sum over features, in nats, and never an average."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sciae.autoencoders import kinds
from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.latents import Point
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features

ROWS = 12
KINDS: dict[str, dict[str, Any]] = {
    "continuous": {},
    "periodic": {"period": 360.0},
    "binary": {},
    "count": {},
    "categorical": {"classes": ("C", "N", "O")},
}


class Constant(nn.Module):
    """The same parameters for every row, repeated to the width that is asked for."""

    def __init__(self, parameters: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.full((parameters,), 0.4))

    def forward(self, z: Tensor) -> Decoded:
        return Decoded(self.values.expand(len(z), -1))


class Nothing(nn.Module):
    def forward(self, features: Features) -> Tensor:
        return features.inputs.new_zeros(len(features), 1)


def values(kind: str) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(1)
    made = {
        "continuous": rng.normal(size=ROWS),
        "periodic": rng.uniform(0, 360, ROWS),
        "binary": rng.integers(0, 2, ROWS),
        "count": rng.poisson(2, ROWS),
        "categorical": rng.integers(0, 3, ROWS),
    }
    return made[kind]


def nats(kind: str, columns: int) -> tuple[Tensor, Tensor]:
    """Loss and score of rows that hold one column several times."""
    schema = Schema((Field(name="x", kind=kind, shape=(columns,), **KINDS[kind]),))  # type: ignore[arg-type]
    table = Table(schema, {"x": np.repeat(values(kind)[:, None], columns, axis=1)})
    heads = Joint(schema)
    model = Autoencoder(
        schema,
        encoder=Nothing(),
        latent=Point(1),
        decoder=Constant(heads.parameters_flat),
        heads=heads,
    ).double()
    model.fit_normaliser([table])
    features = model.features(to_batch(table))
    return model.loss(features, torch.Generator()).total.detach(), score(model, features).total


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", [2, 10, 100])
def test_more_copies_of_a_column_cost_as_many_times_more(kind: str, columns: int) -> None:
    for one, many in zip(nats(kind, 1), nats(kind, columns), strict=True):
        torch.testing.assert_close(many, columns * one, rtol=1e-12, atol=0)


def test_fields_add_up_as_columns_do() -> None:
    names = "abc"
    x = np.random.default_rng(1).normal(size=(ROWS, 3))
    apart = Schema(tuple(Field(name=n, kind="continuous") for n in names))
    models = [kinds.plain(apart, latent=1, sigma=0.5, hidden=()).double()]
    tables = [Table(apart, {n: x[:, i] for i, n in enumerate(names)})]
    joint = Schema((Field(name="x", kind="continuous", shape=(3,)),))
    models.append(kinds.plain(joint, latent=1, sigma=0.5, hidden=()).double())
    tables.append(Table(joint, {"x": x}))
    models[1].load_state_dict(models[0].state_dict())
    one, other = (
        m.loss(m.features(to_batch(t)), torch.Generator()).total
        for m, t in zip(models, tables, strict=True)
    )
    torch.testing.assert_close(one, other, rtol=1e-12, atol=0)


def test_the_loss_has_one_number_per_row_and_knows_no_weight() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(3,)),))
    x = np.random.default_rng(1).normal(size=(ROWS, 3))
    model = kinds.plain(schema, latent=1, hidden=())
    tables = [Table(schema, {"x": x}, weight=w) for w in (None, np.arange(ROWS) + 1.0)]
    one, other = (model.loss(model.features(to_batch(t)), torch.Generator()).total for t in tables)
    assert one.shape == (ROWS,)
    assert torch.equal(one, other)
