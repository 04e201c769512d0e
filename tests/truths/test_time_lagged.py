"""A linear time-lagged autoencoder is reduced-rank regression of the later on the earlier."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table


@pytest.mark.parametrize(("columns", "latent"), [(3, 1), (10, 2), (30, 4)])
def test_its_error_is_what_no_slow_direction_explains(columns: int, latent: int) -> None:
    r"""tr C_tt - sum of the k largest eigenvalues of C_t0 C_00^-1 C_0t (Izenman 1975)."""
    rng = np.random.default_rng(columns)
    slow = np.linalg.qr(rng.normal(size=(columns, columns)))[0] * np.linspace(0.95, 0.1, columns)
    x = np.zeros((400, columns))
    for frame in range(1, len(x)):
        x[frame] = slow @ x[frame - 1] + rng.normal(size=columns)
    now, later = x[:-1], x[1:]
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,), scale="none"),))
    model = kinds.linear(schema, latent=latent, sigma=1.0).double()
    features, told = (model.features(to_batch(Table(schema, {"x": rows}))) for rows in (now, later))
    pairs = features.towards(told)
    optimiser = torch.optim.LBFGS(
        model.parameters(),
        max_iter=2000,
        history_size=50,
        tolerance_grad=1e-11,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = model.loss(pairs, torch.Generator()).total.mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    error = 2 * (closure().item() - columns * math.log(math.sqrt(2 * math.pi)))

    now, later = now - now.mean(0), later - later.mean(0)
    cross = later.T @ now / len(now)
    explained = cross @ np.linalg.solve(now.T @ now / len(now), cross.T)
    best = np.trace(later.T @ later) / len(now) - np.linalg.eigvalsh(explained)[-latent:].sum()
    assert error == pytest.approx(best, rel=1e-8)
