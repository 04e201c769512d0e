from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders.fit import fit
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.model import Pass
from sciae.autoencoders.nets import Dense
from sciae.autoencoders.rows import examples, features_of
from sciae.autoencoders.training import Training
from sciae.batch import to_batch
from sciae.tasks.cv.autocorrelation import Autocorrelation
from sciae.tasks.cv.lag import Pairs
from sciae.tasks.cv.objectives import deep_tda, deep_tica, vamp2_loss
from sciae.tasks.cv.predictive import StatePredictive
from sciae.tasks.cv.spectrum import tica, vamp, vamp2

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sciae.table import Table


@pytest.fixture
def drawn():
    rng = np.random.default_rng(1)
    now = rng.normal(size=(200, 3))
    return now, now * (0.9, 0.5, 0.2) + rng.normal(size=(200, 3)) * 0.3, rng.integers(0, 4, 200)


def tensors(*arrays: np.ndarray):
    return [torch.from_numpy(np.ascontiguousarray(x)) for x in arrays]


def test_losses_are_the_linear_spectra(drawn: tuple[np.ndarray, ...]):
    now, later, copies = drawn
    both = np.concatenate([now, later])
    pairs = Pairs(np.arange(200), np.arange(200, 400), copies.astype(float))
    loss = deep_tica(*tensors(now, later, copies)).item()
    assert loss == pytest.approx(-np.square(tica(both, pairs).values).sum(), abs=1e-4)
    score = vamp2(vamp(both, pairs), both, pairs, components=3)
    assert vamp2_loss(*tensors(now, later, copies)).item() == pytest.approx(1 - score, abs=1e-4)


@pytest.mark.parametrize("loss", [deep_tica, vamp2_loss])
def test_a_whole_weight_is_as_many_copies(
    drawn: tuple[np.ndarray, ...], loss: Callable[..., Tensor]
):
    now, later, copies = drawn
    weighted = loss(*tensors(now, later, copies))
    repeated = loss(
        *tensors(*(np.repeat(x, copies, 0) for x in (now, later)), np.ones(copies.sum()))
    )
    assert weighted.item() == pytest.approx(repeated.item(), rel=1e-12)


def test_a_whole_weight_is_as_many_copies_for_deep_tda(drawn: tuple[np.ndarray, ...]):
    now, _, copies = drawn
    label = (now[:, 0] > 0).astype(np.int64)
    centres, widths = torch.tensor([[-1.0] * 3, [1.0] * 3]), torch.full((2, 3), 0.2)
    weighted = deep_tda(*tensors(now, copies, label), centres, widths)
    parts = (np.repeat(x, copies, 0) for x in (now, np.ones(200), label))
    repeated = deep_tda(*tensors(*parts), centres, widths)
    assert weighted.item() == pytest.approx(repeated.item(), rel=1e-12)


@pytest.mark.parametrize("dim", [1, 3])
def test_deep_tda_is_the_squared_distance_from_its_targets(dim: int):
    outputs = torch.tensor([[-1.0], [1.0], [4.0], [8.0]]).repeat(1, dim)  # means 0, 6; widths 1, 2
    label, weight = torch.tensor([0, 0, 1, 1]), torch.ones(4)
    centres, widths = torch.tensor([[0.5], [6.0]]), torch.tensor([[1.0], [1.9]])
    loss = deep_tda(outputs, weight, label, centres.repeat(1, dim), widths.repeat(1, dim))
    assert loss.item() == pytest.approx(dim * (0.25 + 100 * 0.01), rel=1e-4)


def lagged_model(table: Table, lag: int = 1):
    torch.manual_seed(1)
    penalties = (Autocorrelation(2.0),)
    model = composed(
        table.schema, Gaussian(2), penalties=penalties, lag=lag, hidden=(4,), sigma="shared"
    )
    model.fit_normaliser([table])
    return model


@pytest.mark.parametrize("period", [None, 2 * np.pi])
def test_the_autocorrelation_penalty_is_the_weighted_correlation_of_the_codes(
    table_of: Callable[..., Table], period: float | None
):
    rng = np.random.default_rng(2)
    x, weight = rng.uniform(-3, 3, (300, 2)), rng.uniform(0.5, 2, 300)
    table = table_of(x, period=period, weight=weight)
    model = lagged_model(table)
    now, later = examples(model, table)
    features = features_of(model, table, now, later)
    code = model.encode(features)
    one = Pass(model, features, features, code, model.decoder(code.z), torch.Generator())
    each = model.penalties[0](one).detach().double().numpy()
    w = weight[now] / weight[now].sum()
    z = model.encode(model.features(to_batch(table))).mean.detach().double().numpy()
    truth = 0.0
    for d in range(2):
        covariance = np.cov(z[now, d], z[later, d], aweights=w, bias=True)
        truth -= covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert float(w @ each) == pytest.approx(truth, abs=1e-4)


def test_the_autocorrelation_penalty_trains(
    table_of: Callable[..., Table], process: Callable[..., np.ndarray]
):
    table = table_of(process([0.95, 0.1], 1000), groups=10)
    training = Training(epochs=3, batch=500)
    fitted = fit(lagged_model(table), table, training=training, rng=1)
    terms = [epoch.train["autocorrelation"] for epoch in fitted.history]
    assert terms[-1] < terms[0] < 0


@pytest.mark.parametrize("dim", [1, 2, 10])
def test_the_rate_of_a_bottleneck_with_one_state_is_a_divergence_of_two_normals(dim: int):
    torch.manual_seed(3)
    model = StatePredictive(Dense((dim, dim)), Dense((dim, 2)), inputs=dim)
    model.log_sigma.data.fill_(-0.5)
    place = torch.randn(1, dim)
    model.represent(place, torch.ones(1))
    x, rng = torch.zeros(20_000, dim), torch.Generator().manual_seed(1)
    label = torch.zeros(20_000, dtype=torch.long)
    rate = model(x, label, rng, beta=1.0) - model(
        x, label, torch.Generator().manual_seed(1), beta=0.0
    )
    apart = model.encoder(torch.zeros(1, dim)) - model.encoder(place)
    truth = 0.5 * (apart / model.log_sigma.exp()).square().sum().item()
    error = rate.std().item() / len(x) ** 0.5
    assert abs(rate.mean().item() - truth) < 5 * error
