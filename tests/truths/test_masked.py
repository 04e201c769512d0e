"""What is hidden is told as well as a Gaussian allows: by the Schur complement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Fitted, Training, fit
from sciae.autoencoders.imputation import impute
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

COLUMNS, FACTORS, NOISE = 16, 2, 0.7
SCHEMA = Schema((Field(name="x", kind="continuous", shape=(COLUMNS,)),))
TRAINING = Training(
    epochs=40, batch=256, learning_rate=1e-2, schedule="cosine", clip=1.0, patience=40
)
Array = NDArray[np.float64]


class World(NamedTuple):
    """Rows of a Gaussian whose covariance is known."""

    covariance: Array

    def rows(self, number: int, seed: int) -> Array:
        rng = np.random.default_rng(seed)
        return rng.multivariate_normal(np.zeros(COLUMNS), self.covariance, number)

    def bound(self, shown: NDArray[np.bool_]) -> float:
        """The least mean squared error of what is not shown, tr(S - P Q^-1 P^T) in all."""
        least = []
        for seen in shown:
            hidden = ~seen
            p, q = self.covariance[np.ix_(hidden, seen)], self.covariance[np.ix_(seen, seen)]
            left = self.covariance[np.ix_(hidden, hidden)] - p @ np.linalg.solve(q, p.T)
            least.append(np.trace(left))
        return float(np.sum(least) / (~shown).sum())


@pytest.fixture(scope="module")
def world() -> World:
    """All columns of width one, so that normalised errors are raw errors."""
    loadings = np.random.default_rng(3).normal(size=(COLUMNS, FACTORS))
    covariance = loadings @ loadings.T + NOISE**2 * np.eye(COLUMNS)
    width = np.sqrt(np.diag(covariance))
    return World(covariance / width[:, None] / width)


@pytest.fixture(scope="module")
def masked(world: World) -> Fitted:
    torch.manual_seed(0)
    model = kinds.masked(SCHEMA, latent=FACTORS, ratio=0.75, hidden=(64, 64))
    return fit(model, Table(SCHEMA, {"x": world.rows(6000, 1)}), training=TRAINING, rng=1)


def test_three_quarters_hidden_are_told_within_a_tenth_of_the_bound(
    world: World, masked: Fitted
) -> None:
    model = masked.model
    assert model.corruption is not None
    features = model.features(to_batch(Table(SCHEMA, {"x": world.rows(4000, 2)})))
    with torch.no_grad():
        seen = model.corruption(features, torch.Generator().manual_seed(1))
        told = model.heads.mean(model.decoder(model.encode(seen).z).flat)
    assert seen.judged is not None
    error = (told - features.targets)[seen.judged].square().mean().item()
    bound = world.bound(~seen.judged[:500].numpy())
    assert seen.judged.sum(1).unique().tolist() == [12]
    assert bound < 0.8  # or there is nothing to tell
    assert error == pytest.approx(bound, rel=0.1)


@pytest.fixture(scope="module")
def gaps(world: World) -> tuple[Array, Array]:
    """Rows, and the same with a fifth of the values missing."""
    x = world.rows(6000, 4)
    return x, np.where(np.random.default_rng(5).random(x.shape) < 0.2, np.nan, x)


def test_gaps_are_filled_within_a_twentieth_of_the_bound(
    world: World, gaps: tuple[Array, Array]
) -> None:
    whole, holed = gaps
    torch.manual_seed(0)
    model = kinds.imputing(SCHEMA, latent=FACTORS, hidden=(64, 64))
    model = fit(model, Table(SCHEMA, {"x": holed[:5000]}), training=TRAINING, rng=1).model
    filled = impute(model, Table(SCHEMA, {"x": holed[5000:]}))["x"]
    gap = np.isnan(holed[5000:])
    np.testing.assert_array_equal(filled[~gap], whole[5000:][~gap])
    error = np.square(filled - whole[5000:])[gap].mean()
    assert error < 1.05 * world.bound(~gap)


def test_gaps_taken_for_zeros_are_not(world: World, gaps: tuple[Array, Array]) -> None:
    """Filling with zeros and learning those is what the mask is there to prevent."""
    whole, holed = gaps
    torch.manual_seed(0)
    zeros = np.nan_to_num(holed)
    model = kinds.plain(SCHEMA, latent=FACTORS, hidden=(64, 64))
    model = fit(model, Table(SCHEMA, {"x": zeros[:5000]}), training=TRAINING, rng=1).model
    told = model.reconstruct(to_batch(Table(SCHEMA, {"x": zeros[5000:]})))["x"].numpy()
    gap = np.isnan(holed[5000:])
    assert np.square(told - whole[5000:])[gap].mean() > 1.1 * world.bound(~gap)
