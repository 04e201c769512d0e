"""A model that was written and read again is the same model, to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sciae.autoencoders.files import load, save
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path


def stepped(case: Any) -> Any:
    """The model after a step of training, in which codebooks, means and counts have moved."""
    model = case.model.train()
    model.loss(case.features(), torch.Generator().manual_seed(1), step=3)
    return model


def assert_equal(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert [*ours] == [*theirs]
    for name, x in ours.items():
        assert x.dtype == theirs[name].dtype
        assert torch.equal(x, theirs[name])


def test_scores_codes_and_outputs_are_bit_equal(case: Any, tmp_path: Path) -> None:
    model, batch = stepped(case).eval(), to_batch(case.table)
    again = load(save(model, tmp_path / "model"))
    assert again.schema == model.schema
    assert_equal(model.state_dict(), again.state_dict())
    features, same = model.features(batch), again.features(batch)
    assert torch.equal(features.inputs, same.inputs)
    for one, other in zip(model.encode(features)[:5], again.encode(same)[:5], strict=True):
        assert (one is None and other is None) or torch.equal(one, other)
    ours, theirs = score(model, features, draws=8), score(again, same, draws=8)
    for name in ("total", "flat", "code"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))
    assert_equal(dict(ours.sets), dict(theirs.sets))
    assert_equal(model.reconstruct(batch), again.reconstruct(batch))


def test_so_is_its_loss_in_training(case: Any, tmp_path: Path) -> None:
    """Corruption, penalties, and what they and the latent remember come back too."""
    model = stepped(case)
    again = load(save(model, tmp_path / "model")).train()
    features = case.features()
    one, other = (
        m.loss(features, torch.Generator().manual_seed(1), step=3) for m in (model, again)
    )
    assert torch.equal(one.total, other.total)
    assert_equal(dict(one.terms), dict(other.terms))
    assert_equal(model.state_dict(), again.state_dict())
    assert all(weight.requires_grad for weight in again.parameters())


def test_so_are_draws(case: Any, tmp_path: Path) -> None:
    model = stepped(case)
    again = load(save(model, tmp_path / "model"))
    try:
        one, other = (m.sample(9, torch.Generator().manual_seed(1)) for m in (model, again))
    except SpecError:  # a latent without a prior; the heads draw all the same
        z = model.encode(case.features()).mean.detach()
        one, other = (m.draw(z, torch.Generator().manual_seed(1)) for m in (model, again))
    assert_equal(one, other)
