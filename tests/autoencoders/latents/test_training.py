"""What a latent keeps beside its weights is saved, resumed and left alone like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.files import load, save
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.loop import Loop
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(5,)),))
NEW: dict[str, dict[str, Any]] = {
    "vq": {"codes": 40, "groups": 2},
    "finite-scalar": {"levels": 4},
    "top-k": {"k": 2},
    "poisson": {},
    "ring": {},
}
TRAINING = Training(epochs=6, batch=20, learning_rate=1e-2, checkpoint_every=2)


def table() -> Table:
    return Table(SCHEMA, {"x": np.random.default_rng(1).normal(size=(200, 5))})


def model(kind: str, seed: int = 3) -> Autoencoder:
    torch.manual_seed(seed)
    made = kinds.KINDS[kind](SCHEMA, latent=8, hidden=(8,), **NEW[kind])
    if kind == "top-k":
        made.latent.patience = 100  # some die, and come back, in a short run
    return made


def same(one: Autoencoder, other: Autoencoder) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(n == m and torch.equal(x, y) for (n, x), (m, y) in pairs)


@pytest.mark.parametrize("kind", NEW)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_trained_model_is_read_back_bit_equal(
    kind: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    fitted = fit(model(kind).to(dtype), table(), training=TRAINING, rng=1).model
    again = load(save(fitted, tmp_path))
    assert same(again, fitted)
    one, other = (m.encode(m.features(to_batch(table()))) for m in (fitted, again))
    assert torch.equal(one.z, other.z)
    one_score, other_score = (score(m, m.features(to_batch(table()))) for m in (fitted, again))
    assert torch.equal(one_score.total, other_score.total)
    draws = [m.sample(5, torch.Generator().manual_seed(1)) for m in (fitted, again)
             if kind != "top-k"]  # fmt: skip
    assert all(torch.equal(draw["x"], draws[0]["x"]) for draw in draws)


@pytest.mark.parametrize("kind", NEW)
def test_a_resumed_run_is_bit_equal(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    whole = fit(model(kind), table(), training=TRAINING, rng=1)
    epoch = Loop._epoch

    def interrupted(self: Loop) -> None:
        if self.state.epoch == 3:
            raise KeyboardInterrupt
        epoch(self)

    monkeypatch.setattr(Loop, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(model(kind), table(), training=TRAINING, rng=1, checkpoint=path)
    monkeypatch.undo()
    again = fit(model(kind, 4), table(), training=TRAINING, rng=1, checkpoint=path, resume=True)
    assert same(again.model, whole.model)
    assert again.history == whole.history


@pytest.mark.parametrize("kind", NEW)
def test_a_code_depends_on_nothing_but_its_row(kind: str) -> None:
    fitted = fit(model(kind), table(), training=TRAINING, rng=1).model.double()
    features = fitted.features(to_batch(table()))
    whole = fitted.encode(features).z
    before = {name: x.clone() for name, x in fitted.state_dict().items()}
    for rows in (torch.arange(1), torch.tensor([5, 3]), torch.arange(200).flip(0)):
        torch.testing.assert_close(fitted.encode(features.take(rows)).z, whole[rows])
    assert all(torch.equal(x, before[name]) for name, x in fitted.state_dict().items())


@pytest.mark.parametrize("kind", NEW)
def test_only_a_smooth_code_is_a_collective_variable(kind: str) -> None:
    assert model(kind).latent.smooth == (kind in ("poisson", "ring"))
