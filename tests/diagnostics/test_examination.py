from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import FiniteScalar, TopK, VectorQuantised
from sciae.autoencoders.training import Epoch, Fitted
from sciae.diagnostics import examine
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(6,)),))


def rank_two(rows: int = 400) -> Table:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, 6)) + 0.1 * rng.normal(size=(rows, 6))
    return Table(SCHEMA, {"x": x})


def untrained(model: Autoencoder, table: Table, *, more: float = 0.0) -> Fitted:
    """As if fitted, with validation rows that cost `more` nats."""
    model.fit_normaliser([table])
    epoch = Epoch({"reconstruction": 1.0}, {"loss": 1.0 + more, "reconstruction": 1.0 + more})
    return Fitted(model, (epoch,), 0, stopped_early=False, training=Training())


def test_a_sound_model_has_no_warnings_and_all_its_numbers() -> None:
    table = rank_two()
    model = kinds.variational(SCHEMA, latent=2, hidden=())
    training = Training(epochs=150, batch=100, learning_rate=0.02, schedule="cosine")
    got = examine(fit(model, table, training=training, rng=1), table, rng=1)
    assert got.warnings == ()
    assert got.verdict == "nothing found wrong"
    assert got.rate is not None
    assert got.floor is not None
    assert got.evidence is not None
    assert got.rate.live == got.rate.expected == 2
    assert got.floor.explained == pytest.approx(got.floor.explained_linear, abs=0.01)
    assert got.evidence.mean == pytest.approx(-got.losses["loss"], abs=1.0)
    assert "latents live" in str(got)
    assert "principal components" in str(got)


def test_collapse_is_told_of_all_or_of_some() -> None:
    table = rank_two()
    fast = Training(epochs=60, batch=100, learning_rate=0.03)
    dear = kinds.variational(SCHEMA, latent=3, beta=300.0, hidden=(), sigma=1.0)
    got = examine(fit(dear, table, training=fast, rng=1), table)
    assert got.warnings[0].startswith("posterior collapse")
    model = kinds.variational(SCHEMA, latent=2, hidden=(), sigma=1.0)
    with torch.no_grad():
        for name, x in model.encoder.named_parameters():
            x[..., [1, 3]] = 0 if x.dim() == 1 or x.shape[0] == 6 else x[..., [1, 3]]
            if x.shape[0] == 4:
                x[[1, 3]] = 0
            assert name
    got = examine(untrained(model, table), table)
    assert got.warnings[0].startswith("1 latents carry less than 0.01 nats")
    assert "WARNING" in str(got)


def test_a_width_at_its_floor_is_told_by_field() -> None:
    schema = Schema(tuple(Field(name=name, kind="continuous") for name in "ab"))
    rng = np.random.default_rng(1)
    table = Table(schema, {name: rng.normal(size=50) for name in "ab"})
    model = kinds.plain(schema, latent=1, hidden=())
    assert examine(untrained(model, table), table).at_floor == {}
    with torch.no_grad():
        model.heads.heads[0].get_parameter("raw_sigma")[1] = -20.0
    got = examine(untrained(model, table), table)
    assert got.at_floor == pytest.approx({"b": 1.0})
    assert "sigma at its floor in b:" in got.verdict
    fixed = kinds.plain(schema, latent=1, hidden=(), sigma=1e-4)
    assert examine(untrained(fixed, table), table).at_floor == {}


def test_the_gap_is_a_ratio_of_squares_whatever_the_sign_of_the_nats() -> None:
    """Learnt widths: d columns whose squared errors are g times larger cost d (g - 1) / 2 more."""
    table, model = rank_two(), kinds.plain(SCHEMA, latent=1)
    for zero in (0.0, -50.0):
        got = examine(untrained(model, table, more=6 * (1.6 - 1) / 2), table)
        assert got.gap == pytest.approx(1.6)
        assert "overtrained" in got.verdict
        fitted = untrained(model, table, more=6 * (1.4 - 1) / 2)
        epoch = fitted.history[0]
        moved = Epoch(
            *({n: x + zero for n, x in e.items()} for e in (epoch.train, epoch.validation))
        )
        got = examine(replace(fitted, history=(moved,)), table)
        assert got.gap == pytest.approx(1.4)
        assert "overtrained" not in got.verdict


def test_too_few_rows_for_a_large_net_are_told() -> None:
    rng = np.random.default_rng(1)
    table = Table(SCHEMA, {"x": rng.normal(size=(60, 6))})
    model = kinds.plain(SCHEMA, latent=5, hidden=(64, 64))
    training = Training(epochs=150, batch=20, learning_rate=3e-3, monitor="reconstruction")
    fitted = fit(model, table, training=replace(training, patience=150, validation=0.3), rng=1)
    last = replace(fitted, best=len(fitted.history) - 1)
    assert "overtrained" in examine(last, table).verdict


def test_dead_codes_are_counted_in_every_kind_of_discrete_latent() -> None:
    table = rank_two()

    def dead(latent: Any) -> float:
        return examine(untrained(kinds.composed(SCHEMA, latent, hidden=(8,)), table), table).dead

    codebook = VectorQuantised(2, 10)
    codebook.codebook[:, 2:] = 1e6
    assert dead(codebook) >= 0.8
    assert dead(FiniteScalar((2, 2))) < dead(FiniteScalar((200, 200)))
    sparse = kinds.composed(SCHEMA, TopK(20, 1), hidden=())
    with torch.no_grad():
        for x in sparse.encoder.parameters():
            x[(..., slice(15, 20)) if x.shape[-1] == 20 else slice(15, 20)] = -1e-6
        for x in sparse.encoder.parameters():
            if x.dim() == 1:
                x[15:] = -1e6
    got = examine(untrained(sparse, table), table)
    assert got.dead >= 0.25
    assert "dead codes" in got.verdict


@pytest.mark.parametrize("kind", list(kinds.KINDS))
def test_every_kind_can_be_examined(
    kind: str,
    mixed: Callable[..., Table],
    small: Callable[[str, Table], tuple[Autoencoder, Table]],
) -> None:
    model, table = small(kind, mixed(40))
    got = examine(untrained(model, table), table, draws=4, rng=1)
    assert str(got)
    assert got.rows <= 40
    assert 0 <= got.dead <= 1


def test_no_row_is_needed_in_which_all_is_observed() -> None:
    x = np.eye(6)[np.arange(50) % 6]
    table = Table(SCHEMA, {"x": np.where(x > 0, np.nan, x + 0.1)})
    got = examine(untrained(kinds.variational(SCHEMA, latent=2), table), table, draws=4)
    assert got.floor is None
    assert got.rate is not None
    assert got.rate.expected is None
