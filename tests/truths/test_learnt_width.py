"""One learnt width for all columns of a linear autoencoder: its likelihood at the optimum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table


@pytest.mark.parametrize("columns", [2, 10, 30])
def test_it_is_the_mean_of_the_discarded_eigenvalues(columns: int) -> None:
    rng = np.random.default_rng(columns)
    x = rng.normal(size=(200, columns)) @ rng.normal(size=(columns, columns)) / columns**0.5
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,), scale="none"),))
    table = Table(schema, {"x": x - x.mean(0)})
    model = kinds.linear(schema, latent=1, sigma="shared").double()
    model.fit_normaliser([table])
    features, noise = model.features(to_batch(table)), torch.Generator()
    optimiser = torch.optim.LBFGS(
        model.parameters(),
        max_iter=2000,
        tolerance_grad=1e-12,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = model.loss(features, noise).total.mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    variance = np.linalg.eigvalsh(np.cov(x.T, bias=True))[:-1].sum() / columns
    expected = 0.5 * columns * (np.log(2 * np.pi * variance) + 1)
    assert closure().item() == pytest.approx(expected, rel=1e-8)
