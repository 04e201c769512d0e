"""What holds for every penalty: shape, units of weights, files, precision, sets and gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sciae.autoencoders import kinds
from sciae.autoencoders.files import load, save
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.penalties import (
    KL,
    L1,
    Contraction,
    FeatureLoss,
    KLSparsity,
    LinearFeatures,
    RateTarget,
    TotalCorrelation,
)
from sciae.batch import to_batch
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.penalties import Penalty

COLUMNS = 12  # flat numbers of the table
FLAT = LinearFeatures([[0.01 * (i + j) for i in range(COLUMNS)] for j in range(2)])
PENALTIES: dict[str, Callable[[], Penalty]] = {
    "rate": KL,
    "free nats": lambda: KL(0.5, free_bits=1e-3),
    "rate target": lambda: RateTarget(2.0, rate=0.02, beta=0.5),
    "l1": lambda: L1(0.3, warm_up=3),
    "scaled l1": lambda: L1(0.3, scaled=True),
    "kl sparsity": lambda: KLSparsity(0.1, 0.7),
    "with a decay": lambda: KLSparsity(0.1, 0.7, decay=0.9, dim=3),
    "total correlation": lambda: TotalCorrelation(2.0, rows=500),
    "contraction": lambda: Contraction(0.1, of="output"),
    "probed": lambda: Contraction(0.1, probes=2),
    "features": lambda: FeatureLoss(FLAT, 0.2, sigma=[1.0, 2.0]),
}


def model_with(table: Table, penalty: Penalty) -> Autoencoder:
    rate = [] if penalty.name == "kl" else [KL()]
    model = kinds.composed(table.schema, Gaussian(3), penalties=[*rate, penalty], hidden=(8,))
    model.fit_normaliser([table])
    return model


def terms(model: Autoencoder, table: Table, name: str) -> Tensor:
    return model.loss(model.features(to_batch(table)), torch.Generator().manual_seed(1)).terms[name]


@pytest.mark.parametrize("kind", PENALTIES)
@pytest.mark.parametrize("sets", [False, True])
@pytest.mark.parametrize("double", [False, True])
def test_one_finite_number_per_row_with_a_gradient(
    mixed: Callable[..., Table], kind: str, *, sets: bool, double: bool
) -> None:
    table, penalty = mixed(sets=sets), PENALTIES[kind]()
    model = model_with(table, penalty)
    model = model.double() if double else model
    got = terms(model, table, penalty.name)
    assert got.shape == (len(table),)
    assert got.dtype == model.dtype
    assert got.isfinite().all()
    slopes = torch.autograd.grad(got.sum(), list(model.parameters()), materialize_grads=True)
    assert all(slope.isfinite().all() for slope in slopes)
    assert any((slope != 0).any() for slope in slopes)


@pytest.mark.parametrize("kind", PENALTIES)
@pytest.mark.parametrize("rows", [0, 1])
def test_a_step_may_have_one_row_or_none(mixed: Callable[..., Table], kind: str, rows: int) -> None:
    """None: when many processes share few rows."""
    table, penalty = mixed(), PENALTIES[kind]()
    model = model_with(table, penalty)
    features = model.features(to_batch(table)).take(torch.arange(rows))
    loss = model.loss(features, torch.Generator())
    assert loss.terms[penalty.name].shape == (rows,)
    slopes = torch.autograd.grad(loss.total.sum(), list(model.parameters()), materialize_grads=True)
    assert all(slope.isfinite().all() for slope in slopes)


@pytest.mark.parametrize("kind", PENALTIES)
def test_a_value_without_gradients_is_the_same(mixed: Callable[..., Table], kind: str) -> None:
    table, penalty = mixed(), PENALTIES[kind]()
    model = model_with(table, penalty).eval()
    with torch.no_grad():
        bare = terms(model, table, penalty.name)
    assert not bare.requires_grad
    torch.testing.assert_close(bare, terms(model, table, penalty.name))


@pytest.mark.parametrize("kind", PENALTIES)
def test_what_is_not_observed_makes_no_nan(mixed: Callable[..., Table], kind: str) -> None:
    table, penalty = mixed(sets=False), PENALTIES[kind]()
    columns = {name: np.array(x, dtype=float) for name, x in table.columns.items()}
    for number, name in enumerate(columns):
        if name != "type":
            columns[name][number :: len(columns)] = np.nan
    columns["type"] = table["type"]
    table = Table(table.schema, columns)
    model = model_with(table, penalty)
    got = terms(model, table, penalty.name)
    assert got.isfinite().all()
    slopes = torch.autograd.grad(got.sum(), list(model.parameters()), materialize_grads=True)
    assert all(slope.isfinite().all() for slope in slopes)


@pytest.mark.parametrize("kind", PENALTIES)
def test_a_model_with_it_is_trained_saved_and_read_back(
    mixed: Callable[..., Table], kind: str, tmp_path: Path
) -> None:
    table, penalty = mixed(), PENALTIES[kind]()
    fitted = fit(model_with(table, penalty), table, training=Training(epochs=2, batch=32), rng=1)
    again = load(save(fitted.model, tmp_path))
    whole = terms(fitted.model, table, penalty.name)
    torch.testing.assert_close(terms(again, table, penalty.name), whole, rtol=0, atol=0)
    assert again.penalties[-1].weight_at(1) == fitted.model.penalties[-1].weight_at(1)


STILL = [kind for kind in PENALTIES if kind not in ("total correlation", "probed")]


@pytest.mark.parametrize("kind", STILL)
def test_a_weight_of_two_is_the_row_twice(mixed: Callable[..., Table], kind: str) -> None:
    """Of those without random numbers, with the codes' means; others have tests of their own."""
    table = mixed(20, sets=False)
    copies = np.arange(20) % 3 + 1
    copied = table.take(np.repeat(np.arange(20), copies))
    weighted = Table(table.schema, table.columns, weight=copies)
    model = model_with(weighted, PENALTIES[kind]()).double().eval()
    model.latent = Still(3)
    objective = []
    for one, weight in ((weighted, torch.from_numpy(copies)), (copied, torch.ones(len(copied)))):
        got = terms(model, one, model.penalties[-1].name)
        objective.append((torch.dot(weight.double(), got) / weight.sum()).item())
    assert objective[0] == pytest.approx(objective[1], rel=1e-9)


class Still(Gaussian):
    """Without noise."""

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Any:
        return super().forward(hidden, None)
