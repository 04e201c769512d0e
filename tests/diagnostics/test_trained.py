"""What trains models to know: sweeps and rate-distortion curves."""

from __future__ import annotations

import numpy as np
import pytest

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training
from sciae.batch import to_batch
from sciae.diagnostics import (
    Sweep,
    directions,
    operating_point,
    pca_floor,
    rate,
    rate_distortion,
    sweep,
)
from sciae.errors import DataError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(5,)),))
FAST = Training(epochs=80, batch=100, learning_rate=0.03, schedule="cosine")


def rank_two(rows: int = 300) -> Table:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, 5)) + 0.2 * rng.normal(size=(rows, 5))
    return Table(SCHEMA, {"x": x})


def test_a_sweep_stops_where_the_loss_does() -> None:
    got = sweep(
        lambda size: kinds.variational(SCHEMA, latent=size, hidden=()),
        rank_two(),
        (1, 2, 4),
        seeds=(0, 1, 2),
        training=FAST,
    )
    assert got.chosen == 2
    assert got.mean[0] > got.mean[1] + 1
    assert got.verdict.startswith("2 latents")
    assert len(str(got).splitlines()) == 5


def test_the_same_seeds_give_the_same_sweep() -> None:
    def once() -> Sweep:
        model = lambda size: kinds.plain(SCHEMA, latent=size, hidden=())  # noqa: E731
        return sweep(model, rank_two(50), (1, 2), seeds=(3, 4), training=Training(epochs=2))

    np.testing.assert_array_equal(once().losses, once().losses)


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [
        ([[3.0, 3.2], [2.0, 2.16], [2.0, 2.1]], 2),  # 2.08 is within 2.05 + 0.05
        ([[3.0, 3.2], [2.3, 2.3], [2.0, 2.1]], 4),
        ([[2.0, 2.0], [2.1, 2.2], [2.2, 2.3]], 1),
    ],
)
def test_the_smallest_size_within_one_standard_error_is_chosen(
    losses: list[list[float]], chosen: int
) -> None:
    got = Sweep((1, 2, 4), np.array(losses))
    assert got.chosen == chosen
    assert ("may fall further" in got.verdict) == (chosen == 4)


def test_one_seed_has_no_spread() -> None:
    with pytest.raises(SpecError, match="expected some, and two"):
        sweep(lambda size: kinds.plain(SCHEMA, latent=size), rank_two(), (1,), seeds=(0,))


def test_a_dearer_nat_is_bought_less_often() -> None:
    got = rate_distortion(
        lambda beta: kinds.variational(SCHEMA, latent=2, beta=beta, hidden=(), sigma=0.5),
        rank_two(),
        (0.5, 5.0),
        training=FAST,
        rng=1,
    )
    cheap, dear = got.points
    assert cheap.rate > dear.rate
    assert cheap.distortion < dear.distortion
    assert len(str(got).splitlines()) == 3


def test_a_bound_needs_continuous_fields() -> None:
    schema = Schema((Field(name="n", kind="count"), Field(name="x", kind="continuous")))
    table = Table(schema, {"n": np.arange(30), "x": np.arange(30.0) % 7})
    model = kinds.variational(schema, latent=1)
    model.fit_normaliser([table])
    got = operating_point(model, model.features(to_batch(table)), draws=2, rng=1)
    assert np.isnan([got.bound, got.square]).all()
    assert got.rate > 0


def test_water_filling_needs_a_price_and_widths() -> None:
    table = rank_two()
    for model in (
        kinds.plain(SCHEMA, latent=1),
        kinds.variational(SCHEMA, latent=1, sigma="predicted"),
    ):
        model.fit_normaliser([table])
        with pytest.raises(SpecError, match="water-filling has no rule"):
            directions(model, model.features(to_batch(table)))


def test_water_filling_does_not_depend_on_the_unit() -> None:
    table = rank_two()
    scaled = Table(SCHEMA, {"x": table["x"] * 1e3})
    found = []
    for one in (table, scaled):
        model = kinds.variational(SCHEMA, latent=3, hidden=(), beta=2.0)
        model.fit_normaliser([one])
        found.append(directions(model, model.features(to_batch(one))))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    assert found[0][1] == found[1][1] == 2.0


def test_a_poisson_latent_has_a_rate_and_a_point_none() -> None:
    table = rank_two()
    model = kinds.poisson(SCHEMA, latent=3)
    model.fit_normaliser([table])
    got = rate(model, model.features(to_batch(table)))
    assert len(got.nats) == 3
    assert got.expected is None
    with pytest.raises(SpecError, match="a KL needs a posterior"):
        rate(kinds.plain(SCHEMA), model.features(to_batch(table)))


def test_the_floor_is_of_complete_rows_and_by_field() -> None:
    schema = Schema(
        (
            Field(name="a", kind="continuous", shape=(2,)),
            Field(name="flag", kind="binary"),
            Field(name="b", kind="continuous"),
        )
    )
    rng = np.random.default_rng(1)
    columns = {"a": rng.normal(size=(60, 2)), "flag": np.arange(60) % 2, "b": rng.normal(size=60)}
    table = Table(schema, columns)
    holes = {**columns, "b": np.where(np.arange(60) < 20, np.nan, columns["b"])}
    model = kinds.plain(schema, latent=1)
    model.fit_normaliser([table])
    got = pca_floor(model, model.features(to_batch(Table(schema, holes))))
    kept = pca_floor(model, model.features(to_batch(table.take(np.arange(20, 60)))))
    assert got == kept
    assert list(got.model) == ["a", "b"]
    assert got.explained < 0.05 < got.explained_linear  # untrained
    assert "1 principal components explain 39.6 %" in got.verdict
    assert "PCA" in str(got)
    none = Table(schema, {**columns, "b": np.full(60, np.nan)})
    with pytest.raises(DataError, match="0 complete rows"):
        pca_floor(model, model.features(to_batch(none)))
