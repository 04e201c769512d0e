"""The default variational autoencoder keeps what is there to keep, in any unit.

Fifty standardised columns, of whose variance four factors carry 89 %. A loss that averages the
squared error over columns and sums the rate over latents drowns all four.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import torch
from scipy.stats import random_correlation

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.penalties import kl_to_standard_normal
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

FACTORS = np.array([16.0, 12.6, 9.0, 7.1])
COLUMNS, ROWS, HELD_OUT, EPOCHS = 50, 2000, 3000, 80


class Outcome(NamedTuple):
    rates: torch.Tensor  # (latent,), nats
    error: float  # squared, of held-out rows, from a draw of the code


@cache
def trained(unit: float, seed: int = 1) -> Outcome:
    rng = np.random.default_rng(seed)
    rest = (COLUMNS - FACTORS.sum()) / (COLUMNS - len(FACTORS))
    variances = np.append(FACTORS, np.full(COLUMNS - len(FACTORS), rest))
    spread = random_correlation.rvs(variances, random_state=rng)
    x = unit * rng.normal(size=(ROWS + HELD_OUT, COLUMNS)) @ np.linalg.cholesky(spread).T
    schema = Schema((Field(name="x", kind="continuous", shape=(COLUMNS,)),))
    torch.manual_seed(seed)
    model = kinds.variational(schema, latent=4)
    training = Training(epochs=EPOCHS)
    model = fit(model, Table(schema, {"x": x[:ROWS]}), training=training, rng=seed).model
    features = model.features(to_batch(Table(schema, {"x": x[ROWS:]})))
    with torch.no_grad():
        code = model.encode(features, torch.Generator().manual_seed(1))
        guess = model.heads.mean(model.decoder(code.z).flat)
        error = (guess - features.targets).square().sum(1).mean().item()
    return Outcome(kl_to_standard_normal(code).mean(0), error)


def least_error(rate: float) -> float:
    """Of any code of four numbers at this rate: reverse water filling."""
    level = math.exp(np.log(FACTORS).mean() - rate / 2)
    assert level < FACTORS.min()  # the water covers none of the four
    return COLUMNS - FACTORS.sum() + 4 * level


def test_all_four_factors_live() -> None:
    assert (trained(1.0).rates > 0.01).all()


def test_the_error_is_within_a_tenth_of_the_bound_at_its_rate() -> None:
    got = trained(1.0)
    assert got.error < 1.1 * least_error(got.rates.sum().item())


def test_another_unit_changes_nothing() -> None:
    one, other = trained(1.0), trained(10.0)
    torch.testing.assert_close(other.rates, one.rates, rtol=1e-3, atol=1e-3)
    assert other.error == pytest.approx(one.error, rel=1e-3)
