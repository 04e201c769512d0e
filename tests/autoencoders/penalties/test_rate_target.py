from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.files import load, save
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.penalties import RateTarget
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(6,)),))


def rows() -> Table:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 6)) + 0.2 * rng.normal(size=(600, 6))
    return Table(SCHEMA, {"x": x})


def beta_of(model: Autoencoder) -> float:
    penalty = model.penalties[0]
    assert isinstance(penalty, RateTarget)
    return penalty.weight_at(math.inf)


def test_training_ends_at_the_target_and_the_file_remembers_beta(tmp_path: Path) -> None:
    table, settings = rows(), {"latent": 2, "hidden": (16,), "sigma": 0.3}
    training = Training(epochs=60, patience=60, batch=64, learning_rate=1e-2, schedule="cosine")
    reached = []
    for nats in (1.5, 3.0):
        fitted = fit(kinds.beta(SCHEMA, nats=nats, **settings), table, training=training, rng=1)
        assert fitted.history[-1].train["kl"] == pytest.approx(nats, abs=0.1)
        reached.append(beta_of(fitted.model))
        assert beta_of(load(save(fitted.model, tmp_path))) == reached[-1]
    assert reached[0] > 1.3 * reached[1]  # nats that are dearer are fewer


def test_beta_moves_in_training_alone() -> None:
    model = kinds.beta(SCHEMA, nats=1.0, latent=2)
    table = rows()
    model.fit_normaliser([table])
    features, rng = model.features(to_batch(table)), torch.Generator().manual_seed(1)
    model.eval().loss(features, rng)
    assert beta_of(model) == pytest.approx(4.0)
    excess = model.train().loss(features, rng).terms["kl"].mean().item() - 1.0
    assert abs(excess) < 1
    assert beta_of(model) == pytest.approx(4 * math.exp(0.01 * excess), rel=1e-5)


def test_a_target_out_of_reach_does_not_overflow() -> None:
    model = kinds.composed(
        SCHEMA, kinds.variational(SCHEMA).latent, penalties=[RateTarget(1e-9, rate=10.0)]
    )
    features = model.features(to_batch(rows()))
    for _ in range(20):
        loss = model.loss(features, torch.Generator())
    assert loss.total.isfinite().all()
    assert beta_of(model) <= math.exp(10.0) * 1.001


@pytest.mark.parametrize("nats", [0.0, -1.0, math.nan, math.inf])
def test_a_target_is_positive(nats: float) -> None:
    with pytest.raises(SpecError, match="RateTarget: nats"):
        RateTarget(nats)
    with pytest.raises(SpecError, match=r"rate 0\.0"):
        RateTarget(1.0, rate=0.0)
