"""A run that stopped and went on is the run that never stopped, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import Gaussian, Point
from sciae.autoencoders.penalties import KLSparsity, RateTarget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

TRAINING = Training(epochs=5, batch=24, learning_rate=1e-2, checkpoint_every=1, patience=9)
REMEMBERING: dict[str, Callable[..., Autoencoder]] = {
    "running mean": lambda schema: kinds.composed(
        schema, Point(2), penalties=[KLSparsity(decay=0.9, dim=2)], hidden=(8,)
    ),
    "multiplier": lambda schema: kinds.composed(
        schema, Gaussian(2), penalties=[RateTarget(0.5, rate=0.2)], hidden=(8,)
    ),
}


def assert_resumed(start: Autoencoder, other: Autoencoder, table: Table, path: Path) -> None:
    """After two epochs of five, from a checkpoint and other initial weights."""
    whole = fit(start, table, training=TRAINING, rng=1)
    begun = replace(TRAINING, epochs=2)
    fit(start, table, training=begun, rng=1, checkpoint=path)
    again = fit(other, table, training=TRAINING, rng=1, checkpoint=path, resume=True)
    ours, theirs = whole.model.state_dict(), again.model.state_dict()
    assert all(torch.equal(x, theirs[name]) for name, x in ours.items())
    assert again.history == whole.history
    assert (again.best, len(again.history)) == (whole.best, 5)
    before = start.state_dict()
    assert not all(torch.equal(x, before[name]) for name, x in ours.items())


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_kind(
    mixed: Callable[..., Table], small: Callable[..., Any], kind: str, tmp_path: Path
) -> None:
    start, table = small(kind, mixed(80))
    other, _ = small(kind, mixed(80))
    assert_resumed(start, other, table, tmp_path / "checkpoint")


@pytest.mark.parametrize("penalty", REMEMBERING)
def test_penalties_that_remember(mixed: Callable[..., Table], penalty: str, tmp_path: Path) -> None:
    table = mixed(80, sets=False)
    start, other = (REMEMBERING[penalty](table.schema) for _ in range(2))
    assert_resumed(start, other, table, tmp_path / "checkpoint")
