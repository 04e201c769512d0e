"""A feature loss with a linear phi is a metric: its optimum is principal components there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor

from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Point
from sciae.autoencoders.penalties import FeatureLoss, LinearFeatures
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.penalties import Penalty

CASES = [(2, 1, 1), (10, 3, 4), (16, 4, 6)]  # columns, latents, features


def minimised(table: Table, latent: int, penalties: Sequence[Penalty], sigma: float) -> Autoencoder:
    """A linear autoencoder at the optimum that L-BFGS finds."""
    model = composed(table.schema, Point(latent), penalties=penalties, hidden=(), sigma=sigma)
    model.double().fit_normaliser([table])
    features = model.features(to_batch(table))
    optimiser = torch.optim.LBFGS(
        model.parameters(),
        max_iter=700,
        history_size=50,
        tolerance_grad=1e-6,
        tolerance_change=1e-12,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = model.loss(features, torch.Generator()).total.mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return model


def table_of(x: NDArray[np.float64], *, scale: str) -> Table:
    """One field of two lines, to have a shape that phi must flatten."""
    field = Field(name="x", kind="continuous", shape=(2, x.shape[1] // 2), scale=scale)
    return Table(Schema((field,)), {"x": x.reshape(len(x), 2, -1)})


@pytest.mark.parametrize(("columns", "latent", "features"), CASES)
@pytest.mark.parametrize(("weight", "scale"), [(0.5, "column"), (30.0, "none")])
def test_the_optimum_is_principal_components_in_its_metric(
    columns: int, latent: int, features: int, weight: float, scale: str
) -> None:
    """With a large weight, of phi alone. The matrix is in raw units whatever the scale."""
    rng = np.random.default_rng(columns)
    x = rng.normal(size=(80, columns)) @ rng.normal(size=(columns, columns)) / columns**0.5
    matrix, widths = rng.normal(size=(features, columns)), rng.uniform(0.5, 2, features)
    sigma = 0.8
    penalty = FeatureLoss(LinearFeatures(matrix.tolist()), weight, sigma=widths.tolist())
    table = table_of(x, scale=scale)
    model = minimised(table, latent, [penalty], sigma)
    with torch.no_grad():
        loss = model.loss(model.features(to_batch(table)), torch.Generator()).total.mean().item()

    unit = x.std(0) if scale == "column" else np.ones(columns)
    raw = matrix / widths[:, None]
    metric = np.diag(1 / (sigma * unit) ** 2) + weight * raw.T @ raw
    root = np.linalg.cholesky(metric)
    values = np.linalg.eigvalsh(root.T @ np.cov(x.T, bias=True) @ root)
    constant = columns * math.log(sigma * math.sqrt(2 * math.pi))
    got = loss - constant
    assert got == pytest.approx(0.5 * values[: columns - latent].sum(), rel=1e-6)


FAINT, LOUD = 5, 10  # columns


def faint_signal(scale: str) -> tuple[Table, NDArray[np.float64]]:
    """A signal of variance .01 that five columns share, beside ten of noise of variance 1."""
    rng = np.random.default_rng(3)
    signal = rng.normal(size=300)
    shared = 0.1 * (signal[:, None] + 0.2 * rng.normal(size=(300, FAINT)))
    x = np.concatenate([shared, rng.normal(size=(300, LOUD))], 1)
    field = Field(name="x", kind="continuous", shape=(FAINT + LOUD,), scale=scale)
    return Table(Schema((field,)), {"x": x}), signal


def explained(scale: str, penalties: Sequence[Penalty] = ()) -> float:
    """R^2 of the signal from one latent."""
    table, signal = faint_signal(scale)
    model = minimised(table, 1, penalties, 1.0)
    with torch.no_grad():
        code = model.encode(model.features(to_batch(table))).mean.squeeze(1).numpy()
    return float(np.corrcoef(code, signal)[0, 1] ** 2)


def test_a_plain_squared_error_drops_the_faint_signal() -> None:
    assert explained("none") < 0.05


def test_columns_of_one_scale_keep_it() -> None:
    assert explained("column") > 0.9


def test_a_feature_that_looks_where_it_is_keeps_it_at_any_scale() -> None:
    """The mean of the five columns, to a tenth of its width."""
    mean = [[1 / FAINT] * FAINT + [0.0] * LOUD]
    penalty = FeatureLoss(LinearFeatures(mean), sigma=0.01)
    assert explained("none", [penalty]) > 0.9
