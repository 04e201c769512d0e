"""A sparse code finds the dictionary that its rows are made of, and none of it lies dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import TopK
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.autoencoders.model import Autoencoder

ATOMS, ACTIVE = 32, 3
TRAINING = Training(epochs=20, batch=128, learning_rate=3e-3, schedule="cosine", patience=20)


def made(dims: int, seed: int) -> tuple[NDArray[np.float64], Table]:
    """Unit atoms in random directions, and rows that are positive sums of a few of them."""
    rng = np.random.default_rng(seed)
    atoms = rng.normal(size=(ATOMS, dims))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    amounts = np.zeros((8000, ATOMS))
    for row in amounts:
        row[rng.permutation(ATOMS)[:ACTIVE]] = rng.uniform(0.5, 1.5, ACTIVE)
    schema = Schema((Field(name="x", kind="continuous", shape=(dims,), scale="field"),))
    return atoms, Table(schema, {"x": amounts @ atoms})


def trained(dims: int, seed: int, revive: float) -> tuple[float, float]:
    """The mean over atoms of the largest cosine, and the share of dead latents."""
    atoms, table = made(dims, seed)
    torch.manual_seed(seed)
    latent = TopK(2 * ATOMS, ACTIVE, revive=revive)
    model = kinds.composed(table.schema, latent, hidden=(), sigma="shared")
    model = fit(model, table, training=TRAINING, rng=seed).model
    used = model.encode(model.features(to_batch(table))).z > 0
    cosine = directions(model) @ atoms.T
    return float(cosine.max(0).mean()), float((~used.any(0)).double().mean())


def directions(model: Autoencoder) -> NDArray[np.float64]:
    """What each latent adds to a row, at length one."""
    eye, nothing = torch.eye(model.latent.dim), torch.zeros(1, model.latent.dim)
    with torch.no_grad():
        out = (model.decoder(eye).flat - model.decoder(nothing).flat).double().numpy()
    unit: NDArray[np.float64] = out / np.linalg.norm(out, axis=1, keepdims=True)
    return unit


@pytest.mark.parametrize(("dims", "seed"), [(16, 1), (16, 2), (16, 3), (24, 1), (24, 2), (24, 3)])
def test_atoms_are_found_and_no_latent_is_dead(dims: int, seed: int) -> None:
    cosine, dead = trained(dims, seed, 1.0)
    assert cosine >= 0.95
    assert dead <= 0.01


def test_without_revival_many_are_dead() -> None:
    assert trained(24, 1, 0.0)[1] > 0.1
