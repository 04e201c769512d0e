"""A circle fits on a ring without a tear, and on a line with one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.model import Autoencoder
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(2,), scale="field"),))
TRAINING = Training(epochs=30, batch=100, learning_rate=1e-2, schedule="cosine", patience=30)
SEEDS = [1, 2, 3]


def circle(rows: int) -> np.ndarray:
    angle = np.arange(rows) * 2 * np.pi / rows
    return np.stack([np.cos(angle), np.sin(angle)], 1)


@cache
def trained(kind: str, seed: int) -> Autoencoder:
    torch.manual_seed(seed)
    model = kinds.KINDS[kind](SCHEMA, latent=1, hidden=(32, 32))
    return fit(model, Table(SCHEMA, {"x": circle(1000)}), training=TRAINING, rng=seed).model


def told(model: Autoencoder, x: np.ndarray) -> np.ndarray:
    return model.reconstruct(to_batch(Table(SCHEMA, {"x": x})))["x"].numpy()


def tear(points: np.ndarray) -> float:
    """The longest step around a closed path, in units of the median step."""
    step = np.linalg.norm(np.roll(points, -1, 0) - points, axis=1)
    return float(step.max() / np.median(step))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ring_is_not_torn(seed: int) -> None:
    model, x = trained("ring", seed), circle(400)
    out = told(model, x)
    assert tear(out) < 3
    assert ((out - x) ** 2).sum(1).max() < 0.01
    around = torch.from_numpy(x).float()  # every code there is, in order
    assert tear(model.decoder(around).flat.detach().numpy()) < 3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_is_torn_or_folds_the_circle_flat(seed: int) -> None:
    model, x = trained("plain", seed), circle(400)
    out = told(model, x)
    folded = ((out - x) ** 2).sum(1).mean() > 0.4  # of a diameter, 1/2 is left
    assert tear(out) > 3 or folded


@pytest.mark.parametrize("seed", SEEDS)
def test_its_angle_goes_around_once(seed: int) -> None:
    model = trained("ring", seed)
    features = model.features(to_batch(Table(SCHEMA, {"x": circle(400)})))
    angle = model.latent.coordinates(model.encode(features).mean).detach()[:, 0].numpy()
    turn = np.diff(np.unwrap(np.append(angle, angle[0])))
    assert abs(turn.sum()) == pytest.approx(2 * np.pi, rel=1e-5)
    assert (turn > 0).all() or (turn < 0).all()
