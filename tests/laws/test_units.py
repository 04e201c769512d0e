"""A change of unit or of origin changes neither codes nor scores, nor a whole fit from a seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

CONTINUOUS = ["mass", "shape", "jet.pt"]
PERIODIC = ["angle", "jet.phi"]
FACTORS = [1e6, 1e-6]
SHORT = Training(epochs=3, batch=32, learning_rate=3e-3)
ROWS = 96


def scaled(field: Field, factor: float) -> Field:
    period = None if field.period is None else field.period * factor
    return replace(field, period=period, unit="another")


def in_another_unit(table: Table, names: list[str], factor: float, shift: float = 0.0) -> Table:
    """The table with these columns, and their periods, times a factor and from another zero."""
    fields = []
    for field in table.schema:
        inner = tuple(
            scaled(part, factor) if f"{field.name}.{part.name}" in names else part
            for part in field.inner
        )
        one = replace(field, inner=inner)
        fields.append(scaled(one, factor) if field.name in names else one)
    moved = {name: factor * (table[name] + shift) for name in names if name in table.columns}
    return Table(Schema(tuple(fields)), {**table.columns, **moved})


def judged(model: Autoencoder, table: Table) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and scores."""
    features = model.features(to_batch(table))
    codes = model.encode(features).mean.detach()
    return codes, score(model, features, draws=8).total


def like(given: Autoencoder, small: Callable[..., Any], kind: str, table: Table) -> Autoencoder:
    """A model of this table with the same initial weights."""
    other, _ = small(kind, table)
    weights = {n: x for n, x in given.state_dict().items() if not n.startswith("normaliser")}
    other.load_state_dict(weights, strict=False)
    return other


def fitted(model: Autoencoder, table: Table) -> Autoencoder:
    return fit(model, table, training=SHORT, rng=4).model


def assert_same(one: tuple[torch.Tensor, ...], other: tuple[torch.Tensor, ...]) -> None:
    for ours, theirs in zip(one, other, strict=True):
        assert (ours - theirs).norm() < 1e-5 * theirs.norm()
    scores, others = one[1], other[1]
    assert (scores - others).abs().max() < 1e-5 * others.abs().max()


@pytest.mark.parametrize(("factor", "shift"), [(1e6, 0.0), (1e-6, -300.0)])
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_codes_and_scores_stay_and_so_does_a_fit(
    mixed: Callable[..., Table], small: Callable[..., Any], kind: str, factor: float, shift: float
) -> None:
    """All continuous columns at once, from the same initial weights."""
    given, here = small(kind, mixed(ROWS))
    there = in_another_unit(here, CONTINUOUS, factor, shift)
    other = like(given, small, kind, there)
    assert_same(judged(other, there), judged(given, here))
    assert_same(judged(fitted(other, there), there), judged(fitted(given, here), here))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", [*CONTINUOUS, *PERIODIC])
def test_each_column_may_have_a_unit_of_its_own(
    mixed: Callable[..., Table], small: Callable[..., Any], name: str, factor: float
) -> None:
    given, here = small("variational", mixed(ROWS))
    there = in_another_unit(here, [name], factor)
    other = like(given, small, "variational", there)
    assert_same(judged(fitted(other, there), there), judged(fitted(given, here), here))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", ["mass", "shape", "angle"])
def test_reconstructions_follow_the_unit(
    mixed: Callable[..., Table], small: Callable[..., Any], name: str, factor: float
) -> None:
    given, table = small("plain", mixed(ROWS, sets=False))
    other = in_another_unit(table, [name], factor)
    here = fitted(given, table).reconstruct(to_batch(table))
    there = fitted(like(given, small, "plain", other), other).reconstruct(to_batch(other))
    for field in here:
        unit = factor if field == name else 1.0
        torch.testing.assert_close(there[field] / unit, here[field], rtol=1e-4, atol=1e-4)


def test_columns_in_single_precision_too(
    mixed: Callable[..., Table], small: Callable[..., Any]
) -> None:
    """By a power of two: other factors round the column itself."""
    table = mixed(ROWS, sets=False)
    single = Table(table.schema, {**table.columns, "mass": table["mass"].astype(np.float32)})
    there = in_another_unit(single, ["mass"], np.float32(2.0**20))
    assert there["mass"].dtype == np.float32
    given, _ = small("variational", single)
    other = like(given, small, "variational", there)
    assert_same(judged(fitted(other, there), there), judged(fitted(given, single), single))


@pytest.mark.parametrize("turns", [1, -3, 1000])
def test_whole_turns_of_an_angle_change_nothing(
    mixed: Callable[..., Table], small: Callable[..., Any], turns: int
) -> None:
    given, table = small("plain", mixed(ROWS, sets=False))
    turned = Table(table.schema, {**table.columns, "angle": table["angle"] + 360.0 * turns})
    assert_same(judged(fitted(given, turned), turned), judged(fitted(given, table), table))
