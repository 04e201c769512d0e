"""What is not observed never spreads: no NaN in a loss, a gradient, a score or an output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

FLAT = ["mass", "shape", "angle", "flag", "type", "hits", "shares"]
INNER = ["jet.pt", "jet.phi", "jet.charge"]
ROWS = 24


def hidden(table: Table, name: str, where: Any) -> dict[str, Any]:
    """The columns with some values of one of them not observed."""
    values = table[name].copy()
    values[where] = -1 if values.dtype.kind == "i" else np.nan
    return {**table.columns, name: values}


def model_of(table: Table, kind: str) -> Autoencoder:
    model = kinds.KINDS[kind](table.schema, latent=2, hidden=(8,))
    model.fit_normaliser([table])
    return model


def assert_finite(model: Autoencoder, table: Table, gradients: Callable[..., Any]) -> None:
    batch = to_batch(table)
    features = model.features(batch)
    loss = model.loss(features, torch.Generator().manual_seed(1))
    parts = score(model, features, draws=4)
    found = [*loss.terms.values(), *gradients(model, features), parts.total, parts.flat]
    found += [parts.code, *parts.sets.values(), *model.reconstruct(batch).values()]
    assert all(bool(x.isfinite().all()) for x in (loss.total, *found))


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("name", [*FLAT, *INNER])
def test_any_column(
    mixed: Callable[..., Table],
    small: Callable[..., Any],
    gradients: Callable[..., Any],
    kind: str,
    name: str,
) -> None:
    model, table = small(kind, mixed(ROWS))
    if name not in table.columns:
        return  # a kind without a net for sets
    some = Table(table.schema, hidden(table, name, slice(None, None, 3)))
    assert_finite(model, some, gradients)
    where: Any = slice(1, None)  # one number alone: one that does not vary
    if name in INNER:
        where = np.broadcast_to(np.arange(ROWS)[:, None] > 0, (ROWS, 4))
        mask = table["jet.mask"].copy()
        mask[0, 0] = True
        table = Table(table.schema, {**table.columns, "jet.mask": mask})
    most = Table(table.schema, hidden(table, name, where))
    assert_finite(small(kind, most)[0], most, gradients)


@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_a_row_of_which_nothing_is_known(
    mixed: Callable[..., Table], small: Callable[..., Any], gradients: Callable[..., Any], kind: str
) -> None:
    model, table = small(kind, mixed(ROWS))
    columns = dict(table.columns)
    for name in (*FLAT, *INNER):
        columns = hidden(Table(table.schema, columns), name, 0)
    columns["jet.mask"] = table["jet.mask"] & (np.arange(ROWS) > 0)[:, None]
    gaps = Table(table.schema, columns)
    assert_finite(model, gaps, gradients)
    parts = score(model, model.features(to_batch(gaps)))
    assert (parts.flat[0] == 0).all()


@settings(max_examples=25)
@given(data=st.data())
def test_any_gaps_at_once(
    mixed: Callable[..., Table], gradients: Callable[..., Any], data: st.DataObject
) -> None:
    table = mixed(8)
    columns = dict(table.columns)
    for name in (*FLAT, *INNER):
        seed = data.draw(st.integers(0, 2**16))
        share = data.draw(st.sampled_from([0.0, 0.3, 0.9]))
        where = np.random.default_rng(seed).random(table[name].shape) < share
        columns = hidden(Table(table.schema, columns), name, where)
    assert_finite(model_of(mixed(ROWS), "variational"), Table(table.schema, columns), gradients)


@pytest.mark.parametrize("name", [*FLAT, *INNER])
def test_the_encoder_sees_zeros_and_everything_else_as_before(
    mixed: Callable[..., Table], name: str
) -> None:
    table = mixed(ROWS)
    model = model_of(table, "plain")
    gaps = Table(table.schema, hidden(table, name, slice(None, None, 2)))
    whole, some = (model.features(to_batch(t)) for t in (table, gaps))
    place_of, inputs, seen = model.normaliser.layout.places, whole.inputs, some.inputs
    if name in INNER:
        place_of = model.normaliser.inner[0].layout.places
        inputs, seen = whole.sets["jet"].inputs, some.sets["jet"].inputs
    (place,) = (p for p in place_of if p.field.name == name.removeprefix("jet."))
    expected = inputs.clone()
    expected[::2, ..., place.inputs] = 0
    if name in INNER:  # padding is seen by nobody
        there = torch.from_numpy(table["jet.mask"])
        expected, seen = expected[there], seen[there]
    assert torch.equal(seen, expected)


@pytest.mark.parametrize("name", FLAT)
def test_it_costs_nothing_and_the_rest_costs_as_before_with_the_same_code(
    mixed: Callable[..., Table], name: str
) -> None:
    table = mixed(ROWS, sets=False)
    model = model_of(table, "plain")
    with torch.no_grad():  # the code knows nothing of the row
        model.encoder.net.weight_0.zero_()
    gaps = Table(table.schema, hidden(table, name, slice(None, None, 2)))
    whole, some = (score(model, model.features(to_batch(t))).by_field(model) for t in (table, gaps))
    assert (some[name][::2] == 0).all()
    torch.testing.assert_close(some[name][1::2], whole[name][1::2])
    for other in set(FLAT) - {name}:
        assert torch.equal(some[other], whole[other])


def test_a_fit_goes_on_over_gaps(mixed: Callable[..., Table]) -> None:
    table = mixed(120)
    columns = dict(table.columns)
    for number, name in enumerate((*FLAT, *INNER)):
        where = np.random.default_rng(number).random(table[name].shape) < 0.2
        columns = hidden(Table(table.schema, columns), name, where)
    gaps = Table(table.schema, columns)
    model = kinds.variational(table.schema, latent=2, hidden=(8,))
    fitted = fit(model, gaps, training=Training(epochs=3, batch=32), rng=1)
    losses = [epoch.train["loss"] for epoch in fitted.history]
    assert losses[-1] < losses[0]


def test_gaps_do_not_move_location_and_scale(mixed: Callable[..., Table]) -> None:
    table = mixed(ROWS, sets=False)
    twice = table.take(np.tile(np.arange(ROWS), 2))
    model = model_of(table, "plain")
    for name in ("mass", "shape", "hits"):
        gaps = Table(table.schema, hidden(twice, name, slice(ROWS, None)))
        other = model_of(gaps, "plain")
        torch.testing.assert_close(other.normaliser.location, model.normaliser.location)
        torch.testing.assert_close(other.normaliser.scale, model.normaliser.scale)
