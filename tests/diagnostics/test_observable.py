from __future__ import annotations

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.batch import to_batch
from sciae.diagnostics.observable import bias
from sciae.errors import DataError
from sciae.schema import Field, Schema
from sciae.table import Table


def test_copies_are_weights() -> None:
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(20, 3, generator=rng, dtype=torch.float64)
    x_hat = 0.9 * x
    weight = torch.arange(1, 21)
    one = bias(lambda r: r.square().sum(), x_hat, x, weight=weight)
    copies = (y.repeat_interleave(weight, 0) for y in (x_hat, x))
    two = bias(lambda r: r.square().sum(), *copies)
    for name in ("shift", "curvature", "coupling", "direct", "spread"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-10)


def test_the_three_verdicts() -> None:
    x = torch.randn(2000, 2, generator=torch.Generator().manual_seed(1)).double()
    energy = lambda r: r @ r  # noqa: E731
    assert bias(energy, x + 1e-3, x).verdict.startswith("yes:")
    got = bias(energy, 0.7 * x, x)
    assert got.verdict.startswith("only with its mean corrected by 1.0")
    sharp = lambda r: (6 * r).sin().sum()  # noqa: E731 - no quadratic foretells it
    assert bias(sharp, x + 0.4, x, tolerance=0.01).verdict.startswith("no:")
    assert bias(energy, 0.7 * x, x, tolerance=10).verdict.startswith("yes:")


@pytest.mark.parametrize(
    ("x_hat", "weight", "message"),
    [
        (torch.zeros(5, 2), None, r"x_hat of shape \(5, 2\), x of \(5, 3\)"),
        (torch.zeros(5, 3), -torch.ones(5), "weights sum to -5"),
    ],
)
def test_what_does_not_fit_is_refused(
    x_hat: torch.Tensor, weight: torch.Tensor | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        bias(torch.sum, x_hat, torch.zeros(5, 3), weight=weight)
    with pytest.raises(DataError, match="two rows or more"):
        bias(torch.sum, torch.zeros(1, 3), torch.zeros(1, 3))


def test_reconstructions_of_a_model_lose_energy_and_keep_sums() -> None:
    """A shrinking reconstruction has too little energy; its mean is right."""
    schema = Schema((Field(name="v", kind="continuous", shape=(4,), unit="nm/ps"),))
    rng = np.random.default_rng(1)
    v = 3 * rng.normal(size=(500, 4))
    table = Table(schema, {"v": v})
    model = kinds.linear(schema, latent=2)
    training = Training(epochs=60, batch=100, learning_rate=0.03, schedule="cosine")
    model = fit(model, table, training=training, rng=1).model
    batch = to_batch(table)
    v_hat = model.reconstruct(batch)["v"]
    energy = bias(lambda r: 0.5 * r @ r, v_hat, batch.columns["v"])
    assert energy.direct < -5
    assert energy.predicted == pytest.approx(energy.direct, rel=1e-8)
    assert not energy.verdict.startswith("yes")
    assert bias(torch.sum, v_hat, batch.columns["v"]).verdict.startswith("yes")
