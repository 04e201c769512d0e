"""Probes, disentanglement and traversals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.batch import to_batch
from sciae.diagnostics import disentanglement, probe, traverse
from sciae.errors import DataError
from sciae.schema import Field, Schema
from sciae.table import Table

RNG = np.random.default_rng(1)
FACTORS = RNG.uniform(-1, 1, size=(1500, 2))
TURN = np.array([[1, -1], [1, 1]]) / math.sqrt(2)


@pytest.mark.parametrize("codes", [FACTORS, FACTORS[:, ::-1], np.exp(3 * FACTORS), -FACTORS])
def test_factors_along_the_axes_are_disentangled(codes: np.ndarray) -> None:
    got = disentanglement(codes, FACTORS, rng=1)
    assert got.gap >= 0.9
    assert got.disentanglement >= 0.9
    assert got.completeness >= 0.9
    assert got.informativeness >= 0.9


def test_rotated_factors_are_not() -> None:
    got = disentanglement(FACTORS @ TURN, FACTORS, rng=1)
    assert got.gap < 0.2
    assert got.disentanglement < 0.2
    assert got.completeness < 0.2
    assert got.informativeness > 0.7


def test_a_factor_spread_over_two_latents_is_disentangled_but_not_complete() -> None:
    noise = RNG.normal(size=(1500, 2)) * 0.1
    codes = np.column_stack((FACTORS[:, :1] + noise, FACTORS[:, 1]))
    got = disentanglement(codes, FACTORS, rng=1)
    assert got.disentanglement > 0.9
    assert got.completeness < 0.85
    assert got.gap < 0.7


def test_a_probe_of_numbers_and_of_labels() -> None:
    y = FACTORS @ [2.0, -1.0] + 0.1 * RNG.normal(size=1500)
    got = probe(FACTORS, y, rng=1)
    assert got.metric == "R2"
    assert got.linear == pytest.approx(1 - 0.01 / y.var(), abs=0.01)
    inside = (FACTORS**2).sum(1) < 0.6  # a ring is not linear
    got = probe(FACTORS, inside, rng=1)
    assert got.metric == "accuracy"
    assert got.neighbours > 0.95 > got.linear + 0.2
    assert got.chance == pytest.approx(max(inside.mean(), 1 - inside.mean()))
    assert probe(FACTORS, np.where(inside, "in", "out"), rng=1) == got


def test_codes_that_know_nothing_are_at_chance() -> None:
    noise = RNG.normal(size=(1500, 3))
    assert abs(probe(noise, FACTORS[:, 0], rng=1).linear) < 0.02
    labels = np.arange(1500) % 3
    assert probe(noise, labels, rng=1).linear == pytest.approx(1 / 3, abs=0.05)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="1500 codes; expected 3, one per row"):
        probe(FACTORS, [1.0, 2.0, 3.0])
    with pytest.raises(DataError, match="one latent; expected two or more"):
        disentanglement(FACTORS[:, :1], FACTORS)


def test_a_traversal_of_a_linear_model_goes_along_its_axes_in_raw_units() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(4,), unit="nm"),))
    table = Table(schema, {"x": 7 + 3 * RNG.normal(size=(100, 4))})
    model = kinds.linear(schema, latent=2)
    model.fit_normaliser([table])
    features = model.features(to_batch(table))
    got = traverse(model, features, points=5, width=1.5)
    z = model.encode(features).mean.detach()
    torch.testing.assert_close(got.values[:, 2], z.mean(0))
    torch.testing.assert_close(got.values[:, 4] - got.values[:, 0], 3 * z.std(0, correction=0))
    x = got.fields["x"]
    assert x.shape == (2, 5, 4)
    torch.testing.assert_close(x[0, 2], x[1, 2])  # all at the mean
    step = x.diff(dim=1)
    torch.testing.assert_close(step, step[:, :1].expand_as(step), rtol=1e-4, atol=1e-5)
    codes = torch.stack((got.values[0, 4], z.mean(0)[1]))
    raw = model.decoder(codes[None]).flat.detach().double() * model.normaliser.scale
    torch.testing.assert_close(x[0, 4], (raw + model.normaliser.location)[0])


def test_traversals_of_mixed_fields_have_their_shapes() -> None:
    schema = Schema(
        (
            Field(name="phi", kind="periodic", period=360.0),
            Field(name="kind", kind="categorical", classes=("a", "b", "c")),
        )
    )
    model = kinds.variational(schema, latent=3)
    table = Table(schema, {"phi": RNG.uniform(0, 360, 20), "kind": np.arange(20) % 3})
    got = traverse(model, model.features(to_batch(table)), points=4)
    assert {name: tuple(x.shape) for name, x in got.fields.items()} == {
        "phi": (3, 4),
        "kind": (3, 4),
    }
