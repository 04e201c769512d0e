"""Kinds that are a penalty beside a bottleneck: which parts make them."""

from __future__ import annotations

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.features import Features
from sciae.autoencoders.penalties import (
    KL,
    L1,
    Contraction,
    KLSparsity,
    Penalty,
    RateTarget,
    TotalCorrelation,
)
from sciae.schema import Field, Schema

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(4,)),))


@pytest.mark.parametrize(
    ("kind", "settings", "penalties", "weights"),
    [
        ("sparse", {"weight": 0.3}, [L1], [0.3]),
        ("sparse", {"weight": 0.3, "penalty": "kl"}, [KLSparsity], [0.3]),
        ("contractive", {"weight": 0.2}, [Contraction], [0.2]),
        ("contractive", {"weight": 0.2, "probes": 2}, [Contraction], [0.2]),
        ("beta", {}, [KL], [4.0]),
        ("beta", {"beta": 2.0, "nats": 3.0}, [RateTarget], [2.0]),
        ("beta-tc", {"beta": 6.0, "rows": 100}, [KL, TotalCorrelation], [1.0, 5.0]),
    ],
)
def test_a_kind_is_its_penalties(
    kind: str, settings: dict[str, object], penalties: list[type[Penalty]], weights: list[float]
) -> None:
    model = kinds.KINDS[kind](SCHEMA, latent=3, hidden=(8,), **settings)
    assert [type(part) for part in model.penalties] == penalties
    got = [part.weight_at(0) for part in model.penalties]
    assert got == pytest.approx(weights, rel=1e-6)
    x = torch.randn(10, 4)
    assert model.loss(Features(x, x), torch.Generator()).total.isfinite().all()
