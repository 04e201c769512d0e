"""Sets: padding is invisible, and the encoder knows no order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn.functional import pad

from sciae.autoencoders import kinds
from sciae.autoencoders.layout import Layout
from sciae.autoencoders.nets import SetEncoder
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

FLOATS, CLASSES = ["jet.pt", "jet.phi"], "jet.charge"
NETS = ["deep sets", "attention"]


def made(table: Table, net: str, kind: str = "plain") -> Autoencoder:
    model = kinds.KINDS[kind](table.schema, latent=3, hidden=(16, 8))
    if net == "attention":
        layout = Layout.of(table.schema)
        inputs = model.heads.of_set("jet").layout.inputs
        model.encoder = SetEncoder(
            "jet", inputs, model.latent.width, flat=layout.inputs, size=4, hidden=(16, 8),
            attention=2,
        )  # fmt: skip
    model.fit_normaliser([table])
    return model


def padded(table: Table, rubbish: float) -> Table:
    mask = table["jet.mask"]
    columns = {name: np.where(mask, table[name], rubbish) for name in FLOATS}
    charge = -1 if np.isnan(rubbish) else 10**6
    columns[CLASSES] = np.where(mask, table[CLASSES], charge)
    return Table(table.schema, {**table.columns, **columns})


def shuffled(table: Table, *, seed: int = 1) -> Table:
    """Elements in another order, which is another one in each row, padding among them."""
    order = np.random.default_rng(seed).random((len(table), 4)).argsort(1)
    names = ["jet.mask", *FLOATS, CLASSES]
    columns = {name: np.take_along_axis(table[name], order, 1) for name in names}
    return Table(table.schema, {**table.columns, **columns})


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("kind", ["variational", "masked", "composite"])
@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 1e300, 7.0])
def test_padding_changes_nothing(
    mixed: Callable[..., Table], gradients: Callable[..., Any], rubbish: float, kind: str, net: str
) -> None:
    table = padded(mixed(), 0.0)
    model, other = made(table, net, kind), padded(table, rubbish)
    one, two = (model.features(to_batch(t)) for t in (table, other))
    assert torch.equal(score(model, one).total, score(model, two).total)
    assert torch.equal(model.encode(one).mean, model.encode(two).mean)
    pairs = zip(gradients(model, one), gradients(model, two), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)
    again = made(other, net, kind).normaliser.inner[0]
    torch.testing.assert_close(again.location, model.normaliser.inner[0].location)
    torch.testing.assert_close(again.scale, model.normaliser.inner[0].scale)


@pytest.mark.parametrize("net", NETS)
def test_more_padding_changes_no_code(mixed: Callable[..., Table], net: str) -> None:
    table = mixed()
    model = made(table, net)
    features = model.features(to_batch(table))
    jet = features.sets["jet"]
    assert jet.mask is not None
    inputs, mask = pad(jet.inputs, (0, 0, 0, 5)), pad(jet.mask, (0, 5))
    wider = replace(features, sets={"jet": replace(jet, inputs=inputs, mask=mask)})
    one, other = (model.encode(x).mean for x in (features, wider))
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_the_encoder_is_blind_to_order(mixed: Callable[..., Table], net: str) -> None:
    table = mixed()
    model = made(table, net)
    one, other = (model.encode(model.features(to_batch(t))).mean for t in (table, shuffled(table)))
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("matching", ["hungarian", "chamfer"])
def test_so_is_a_score_of_matched_elements(mixed: Callable[..., Table], matching: str) -> None:
    table = mixed()
    model = kinds.composite(table.schema, latent=2, hidden=(8,), matching=matching)
    model.fit_normaliser([table])
    one, other = (score(model, model.features(to_batch(t))) for t in (table, shuffled(table)))
    torch.testing.assert_close(one.total, other.total, rtol=1e-5, atol=1e-5)
    in_order = kinds.variational(table.schema, latent=2, hidden=(8,))
    in_order.fit_normaliser([table])
    one, other = (score(in_order, in_order.features(to_batch(t))) for t in (table, shuffled(table)))
    assert (one.total - other.total).abs().max() > 0.1


@pytest.mark.parametrize("net", NETS)
def test_but_not_to_the_elements(mixed: Callable[..., Table], net: str) -> None:
    """Or the tests above say nothing."""
    table = mixed()
    model = made(table, net)
    for name, values in (("jet.pt", 2 * table["jet.pt"]), (CLASSES, (table[CLASSES] + 1) % 3)):
        changed = Table(table.schema, {**table.columns, name: values})
        one, other = (model.encode(model.features(to_batch(t))).mean for t in (table, changed))
        there = torch.from_numpy(table["jet.mask"].any(1))
        assert ((one - other).abs().amax(1) > 1e-6)[there].all()


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("count", [0, 1, 4])
def test_any_number_of_elements(
    mixed: Callable[..., Table], gradients: Callable[..., Any], net: str, count: int
) -> None:
    table = mixed()
    mask = np.broadcast_to(np.arange(4) < count, (len(table), 4))
    some = Table(table.schema, {**table.columns, "jet.mask": mask})
    model = made(table, net)
    features = model.features(to_batch(some))
    assert score(model, features).total.isfinite().all()
    assert all(bool(x.isfinite().all()) for x in gradients(model, features))
