"""A change of unit changes neither codes nor scores, after a whole fit from the same seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.rng import seeded
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

CONTINUOUS = ["mass", "shape", "jet.pt"]
PERIODIC = ["angle", "jet.phi"]
FACTORS = [1e6, 1e-6]


def scaled(field: Field, factor: float) -> Field:
    period = None if field.period is None else field.period * factor
    return replace(field, period=period, unit="another")


def in_another_unit(table: Table, name: str, factor: float) -> Table:
    """The table with one column, and its period, times a factor."""
    outer, _, inner = name.partition(".")
    fields = []
    for field in table.schema:
        one = field
        if field.name == outer and inner:
            parts = (scaled(p, factor) if p.name == inner else p for p in field.inner)
            one = replace(field, inner=tuple(parts))
        elif field.name == outer:
            one = scaled(field, factor)
        fields.append(one)
    columns = {**table.columns, name: table[name] * factor}
    return Table(Schema(tuple(fields)), columns)


def judged(table: Table, kind: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Codes, scores and reconstructions after a short fit."""
    with seeded(3):
        model = kinds.KINDS[kind](table.schema, latent=2, hidden=(12,))
    training = Training(epochs=4, batch=32, learning_rate=3e-3)
    fitted = fit(model, table, training=training, rng=4).model
    batch = to_batch(table)
    features = fitted.features(batch)
    codes = fitted.encode(features).mean.detach()
    return codes, score(fitted, features, draws=8).total, fitted.reconstruct(batch)


def relative(one: torch.Tensor, other: torch.Tensor) -> float:
    return ((one - other).norm() / one.norm()).item()


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("kind", ["plain", "variational"])
@pytest.mark.parametrize("name", [*CONTINUOUS, *PERIODIC])
def test_codes_and_scores_stay(
    mixed: Callable[..., Table], name: str, kind: str, factor: float
) -> None:
    table = mixed(160)
    (codes, scores, _), (codes_there, scores_there, _) = (
        judged(one, kind) for one in (table, in_another_unit(table, name, factor))
    )
    assert relative(codes, codes_there) < 1e-5
    assert (scores - scores_there).abs().max() < 1e-5 * scores.abs().max()
    assert relative(scores, scores_there) < 1e-5


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", ["mass", "shape", "angle"])
def test_reconstructions_follow_the_unit(
    mixed: Callable[..., Table], name: str, factor: float
) -> None:
    table = mixed(160, sets=False)
    (_, _, here), (_, _, there) = (
        judged(one, "plain") for one in (table, in_another_unit(table, name, factor))
    )
    for field in here:
        unit = factor if field == name else 1.0
        torch.testing.assert_close(there[field] / unit, here[field], rtol=1e-4, atol=1e-4)


def test_columns_in_single_precision_too(mixed: Callable[..., Table]) -> None:
    """By a power of two: other factors round the column itself."""
    table = mixed(160, sets=False)
    single = Table(table.schema, {**table.columns, "mass": table["mass"].astype(np.float32)})
    there = in_another_unit(single, "mass", np.float32(2.0**20))
    assert there["mass"].dtype == np.float32
    (codes, scores, _), (codes_there, scores_there, _) = (
        judged(one, "variational") for one in (single, there)
    )
    assert relative(codes, codes_there) < 1e-5
    assert relative(scores, scores_there) < 1e-5


@pytest.mark.parametrize("shift", [1, -3, 1000])
def test_whole_turns_of_an_angle_change_nothing(mixed: Callable[..., Table], shift: int) -> None:
    table = mixed(160, sets=False)
    turned = Table(table.schema, {**table.columns, "angle": table["angle"] + 360.0 * shift})
    (codes, scores, _), (codes_there, scores_there, _) = (
        judged(one, "plain") for one in (table, turned)
    )
    assert relative(codes, codes_there) < 1e-5
    assert relative(scores, scores_there) < 1e-5
