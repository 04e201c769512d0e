"""A model that was written and read again is the same model, to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sciae.autoencoders.files import load, save
from sciae.autoencoders.score import score
from sciae.batch import to_batch

if TYPE_CHECKING:
    from pathlib import Path


def test_scores_codes_and_outputs_are_bit_equal(case: Any, tmp_path: Path) -> None:
    model, batch = case.model.eval(), to_batch(case.table)
    again = load(save(model, tmp_path / "model"))
    assert again.schema == model.schema
    features, same = model.features(batch), again.features(batch)
    assert torch.equal(features.inputs, same.inputs)
    for one, other in zip(model.encode(features)[:3], again.encode(same)[:3], strict=True):
        assert (one is None and other is None) or torch.equal(one, other)
    ours, theirs = score(model, features, draws=8), score(again, same, draws=8)
    for name in ("total", "flat", "code"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))
    assert all(torch.equal(ours.sets[name], theirs.sets[name]) for name in ours.sets)
    rebuilt = again.reconstruct(batch)
    assert all(torch.equal(x, rebuilt[name]) for name, x in model.reconstruct(batch).items())


def test_so_is_its_loss_in_training(case: Any, tmp_path: Path) -> None:
    """Corruption and penalties come back too."""
    again = load(save(case.model, tmp_path / "model"))
    features = case.features()
    losses = [m.loss(features, torch.Generator().manual_seed(1)) for m in (case.model, again)]
    assert torch.equal(losses[0].total, losses[1].total)
    assert losses[0].terms.keys() == losses[1].terms.keys()
    assert all(weight.requires_grad for weight in again.parameters())
