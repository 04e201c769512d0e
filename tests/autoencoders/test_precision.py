from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.heads import Joint
from sciae.autoencoders.precision import computing_in
from sciae.batch import to_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


def loss_of(model: Any, table: Table) -> torch.Tensor:
    total: torch.Tensor = model.loss(model.features(to_batch(table)), torch.Generator()).total
    return total.detach()


@pytest.mark.parametrize("sets", [False, True])
def test_nets_compute_in_bfloat16_and_nothing_else_does(
    mixed: Callable[..., Table], monkeypatch: pytest.MonkeyPatch, *, sets: bool
) -> None:
    table = mixed(50, sets=sets)
    model = kinds.variational(table.schema, latent=2, hidden=(8,))
    model.fit_normaliser([table])
    dtypes: list[torch.dtype] = []
    nll = Joint.nll

    def spy(self: Joint, decoded: Any, features: Any) -> Any:
        assert not torch.is_autocast_enabled("cpu")
        dtypes.extend(x.dtype for x in (decoded.flat, *decoded.sets.values()))
        return nll(self, decoded, features)

    monkeypatch.setattr(Joint, "nll", spy)
    exact = loss_of(model, table)
    with computing_in("bfloat16", model):
        rough = loss_of(model, table)
    assert set(dtypes) == {torch.float32}
    assert not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, rtol=0.02, atol=0.05)
    assert torch.equal(loss_of(model, table), exact)
    with computing_in("float32", model):
        assert torch.equal(loss_of(model, table), exact)


def test_what_is_raised_inside_a_net_ends_it(mixed: Callable[..., Table]) -> None:
    table = mixed(5, sets=False)
    model = kinds.plain(table.schema, latent=2, hidden=(8,))
    with computing_in("bfloat16", model), pytest.raises(RuntimeError):
        model.decoder(torch.zeros(3, 77))
    assert not torch.is_autocast_enabled("cpu")
    assert not model.decoder._forward_hooks
    assert not model.decoder._forward_pre_hooks


@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_training_in_bfloat16_reaches_the_loss_of_float32(
    mixed: Callable[..., Table], kind: str
) -> None:
    table, held = mixed(800, sets=False), mixed(400, seed=2, sets=False)
    training = Training(epochs=15, batch=64, learning_rate=5e-3, patience=15)
    start = kinds.KINDS[kind](table.schema, latent=2, hidden=(32,))
    exact, rough = (
        fit(start, table, validation=held, training=replace(training, precision=one), rng=1)
        for one in ("float32", "bfloat16")
    )
    best = [one.history[one.best].validation["loss"] for one in (exact, rough)]
    assert np.isfinite(best[0])
    assert best[1] == pytest.approx(best[0], rel=0.01)
    assert best[1] != best[0]
    assert best[0] < exact.history[0].validation["loss"] - 1  # or it says little
    assert all(x.dtype != torch.bfloat16 for x in rough.model.state_dict().values())
