from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.penalties import KLSparsity
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from torch import Tensor

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(8,)),))


def codes(penalty: str, weight: float) -> Tensor:
    """Of rows that are each a few of sixteen patterns, after training."""
    rng = np.random.default_rng(1)
    active = (rng.random((1000, 16)) < 0.1) * rng.exponential(2, (1000, 16))
    table = Table(SCHEMA, {"x": active @ rng.normal(size=(16, 8))})
    torch.manual_seed(1)
    model = kinds.sparse(SCHEMA, latent=16, penalty=penalty, weight=weight, hidden=(), sigma=1.0)
    training = Training(epochs=40, batch=128, learning_rate=3e-2)
    model = fit(model, table, training=training, rng=1).model
    with torch.no_grad():
        return model.encode(model.features(to_batch(table))).z


def test_l1_makes_codes_with_few_large_numbers() -> None:
    """Kurtosis: of a normal number 3, of one that is mostly zero more."""
    kurtosis = []
    for weight in (0.0, 2.0):
        z = codes("l1", weight)
        z = z - z.mean(0)
        kurtosis.append((z.pow(4).mean(0) / z.square().mean(0).square()).mean().item())
    assert kurtosis[1] > kurtosis[0] + 1


def test_units_are_on_as_often_as_told() -> None:
    on = codes("kl", 20.0).sigmoid().mean(0)
    torch.testing.assert_close(on, torch.full((16,), 0.05), rtol=0, atol=0.02)


def test_extreme_codes_make_neither_nan_nor_infinity() -> None:
    for mean in (0.0, 1.0):
        at = torch.full((3,), mean, requires_grad=True)
        nats = KLSparsity(0.05).divergence(at)
        nats.backward()  # type: ignore[no-untyped-call]
        assert nats.isfinite()
        assert at.grad is not None
        assert at.grad.isfinite().all()


@pytest.mark.parametrize(
    "settings", [{"rho": 0.0}, {"rho": 1.0}, {"decay": 1.0, "dim": 2}, {"decay": 0.9}]
)
def test_shares_that_are_none_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="KLSparsity: rho"):
        KLSparsity(**settings)


def test_another_penalty_is_refused() -> None:
    with pytest.raises(SpecError, match="sparse: penalty 'l2'; expected 'l1' or 'kl'"):
        kinds.sparse(SCHEMA, penalty="l2")
