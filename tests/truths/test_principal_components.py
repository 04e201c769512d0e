"""A linear autoencoder at its optimum is principal component analysis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

CASES = [(2, 1), (10, 3), (100, 5)]  # features, latent


def correlated(features: int, latent: int, *, scale: str) -> Table:
    """Rows whose principal axes have just these widths, away from the origin."""
    rng, rows = np.random.default_rng(features), 3 * features + 20
    axes = np.linalg.qr(rng.normal(size=(features, features)))[0]
    widths = np.append(np.linspace(3, 2, latent), np.linspace(1, 0.5, features - latent))
    x = rng.normal(size=(rows, features))
    white = np.linalg.qr(x - x.mean(0))[0] * math.sqrt(rows)
    x = white * widths @ axes.T + 0.3 * rng.normal(size=features)
    schema = Schema((Field(name="x", kind="continuous", shape=(features,), scale=scale),))
    return Table(schema, {"x": x})


def minimised(model: Autoencoder, features: Features) -> float:
    """The mean loss of a row at the optimum that L-BFGS finds."""
    rng = torch.Generator()
    optimiser = torch.optim.LBFGS(
        model.parameters(),
        max_iter=3000,
        max_eval=6000,
        history_size=50,
        tolerance_grad=1e-11,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = model.loss(features, rng).total.mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    return model.loss(features, rng).total.mean().item()


@pytest.mark.parametrize(("features", "latent"), CASES)
@pytest.mark.parametrize("scale", ["none", "column"])
def test_error_is_the_sum_of_discarded_eigenvalues_and_output_the_projection(
    features: int, latent: int, scale: str
) -> None:
    table, sigma = correlated(features, latent, scale=scale), 0.8
    model = kinds.linear(table.schema, latent=latent, sigma=sigma).double()
    model.fit_normaliser([table])

    loss = minimised(model, model.features(to_batch(table)))

    square = 2 * sigma**2 * (loss - features * math.log(sigma * math.sqrt(2 * math.pi)))
    centred = table["x"] - table["x"].mean(0)
    unit = centred.std(0) if scale == "column" else np.ones(features)
    values, axes = np.linalg.eigh(np.cov(centred.T / unit[:, None], bias=True))
    assert square == pytest.approx(values[: features - latent].sum(), rel=1e-8)
    kept = centred / unit @ axes[:, -latent:] @ axes[:, -latent:].T * unit
    got = model.reconstruct(to_batch(table))["x"].numpy()
    np.testing.assert_allclose(got, table["x"].mean(0) + kept, atol=1e-3)


def test_no_latent_too_few_reaches_it() -> None:
    """The sum is a bound: whatever the weights, the error of fewer axes is not smaller."""
    table = correlated(10, 3, scale="none")
    values = np.linalg.eigvalsh(np.cov(table["x"].T, bias=True))
    model = kinds.linear(table.schema, latent=2, sigma=1.0).double()
    loss = minimised(model, model.features(to_batch(table)))
    square = 2 * (loss - 10 * math.log(math.sqrt(2 * math.pi)))
    assert square == pytest.approx(values[:8].sum(), rel=1e-8)
    assert square > values[:7].sum() + 1


@pytest.mark.parametrize(("features", "latent"), [(2, 1), (10, 2), (30, 4)])
def test_tied_weights_reach_it_too_and_span_the_principal_subspace(
    features: int, latent: int
) -> None:
    table = correlated(features, latent, scale="none")
    model = kinds.tied(table.schema, latent=latent, hidden=(), sigma=1.0).double()
    loss = minimised(model, model.features(to_batch(table)))
    square = 2 * (loss - features * math.log(math.sqrt(2 * math.pi)))
    values, axes = np.linalg.eigh(np.cov(table["x"].T, bias=True))
    assert square == pytest.approx(values[: features - latent].sum(), rel=1e-8)
    weight = model.encoder.net.get_parameter("weight_0").detach().numpy()  # (latent, feature)
    found = np.linalg.qr(weight.T)[0]
    cosines = np.linalg.svd(found.T @ axes[:, -latent:])[1]
    assert np.arccos(cosines.clip(max=1)).max() < 1e-4
