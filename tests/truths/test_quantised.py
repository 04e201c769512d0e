"""Quantised codes: Lloyd-Max distortion, and codebooks of which nothing lies idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy.special import ndtri

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import VectorQuantised
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(4,)),))
LINE = Schema((Field(name="x", kind="continuous", scale="none"),))


def normal_line(rows: int) -> Table:
    """The unit normal as equally likely quantiles."""
    return Table(LINE, {"x": ndtri((np.arange(rows) + 0.5) / rows)})


def distortion_of(codes: int, seed: int) -> float:
    """The squared error that a trained codebook leaves, all of whose codes are in use."""
    torch.manual_seed(seed)
    model = kinds.composed(LINE, VectorQuantised(1, codes, decay=0.95), hidden=(), sigma=1.0)
    # The commitment changes with the scale of the code, the reconstruction does not.
    training = Training(
        epochs=100, batch=400, learning_rate=2e-2, schedule="cosine", patience=100,
        monitor="reconstruction",
    )  # fmt: skip
    rows, table = normal_line(4000), normal_line(100_000)
    fitted = fit(model, rows, validation=rows, training=training, rng=seed).model
    told = fitted.reconstruct(to_batch(table))["x"].numpy()
    assert len(np.unique(told)) == codes
    return float(((told - table["x"]) ** 2).mean())


# Max, IRE Trans. Inf. Theory 6 (1960) 7, table I
@pytest.mark.parametrize(
    ("codes", "distortion", "seed"), [(2, 0.36338, 1), (4, 0.11748, 1), (8, 0.03455, 1),
                                      (8, 0.03455, 2), (8, 0.03455, 3)]
)  # fmt: skip
def test_a_trained_codebook_has_the_least_distortion(
    codes: int, distortion: float, seed: int
) -> None:
    assert distortion_of(codes, seed) == pytest.approx(distortion, rel=0.01)


def test_no_codebook_has_less() -> None:
    """The number of the table is a bound: no boundaries and values whatever fall below it."""
    rng, x = np.random.default_rng(1), normal_line(20_000)["x"]
    for _ in range(200):
        values = np.sort(rng.normal(size=4))
        nearest = values[np.abs(x[:, None] - values).argmin(1)]
        assert ((x - nearest) ** 2).mean() > 0.11748 * 0.995


def stale(codes: int, *, revive: float) -> Autoencoder:
    """A codebook in one corner, as after its encoder has moved away from it."""
    latent = VectorQuantised(4, codes, revive=revive)
    latent.codebook.mul_(0.1).add_(3)
    latent.started.fill_(True)
    return kinds.composed(SCHEMA, latent, hidden=(32,))


def usage(model: Autoencoder, *, seed: int, epochs: int = 40) -> float:
    """The share of codes that a fitted model uses."""
    table = Table(SCHEMA, {"x": np.random.default_rng(seed).normal(size=(4000, 4))})
    training = Training(epochs=epochs, batch=128, learning_rate=3e-3, monitor="reconstruction")
    fitted = fit(model, table, training=training, rng=seed).model
    symbols = fitted.encode(fitted.features(to_batch(table))).symbols
    assert symbols is not None
    return len(symbols.unique()) / fitted.latent.codes


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stale_codebook_is_revived(seed: int) -> None:
    assert usage(stale(64, revive=0.05), seed=seed) >= 0.95


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_revival_it_lies_idle(seed: int) -> None:
    assert usage(stale(64, revive=0.0), seed=seed, epochs=5) < 0.6


def test_a_fresh_codebook_is_in_use() -> None:
    assert usage(kinds.quantised(SCHEMA, latent=4, hidden=(32,)), seed=1) >= 0.95
