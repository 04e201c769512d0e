from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from sciae.autoencoders.kinds import KINDS
from sciae.autoencoders.latents import Gaussian, Point
from sciae.domains.jets import Jets
from sciae.tasks.anomaly import TRAINING, default_model

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder


def weights(model: Autoencoder) -> list[torch.Tensor]:
    return list(model.parameters())


@pytest.mark.parametrize("representation", ["observables", "images", "constituents"])
def test_there_is_a_default_for_each_representation(representation: str) -> None:
    schema = Jets(representation=representation).schema
    assert default_model(schema, rng=1).schema == schema
    assert default_model(schema, latent=3, rng=1).latent.dim == 3


def test_the_kind_can_be_chosen() -> None:
    schema = Jets().schema
    assert isinstance(default_model(schema, kind="variational", rng=1).latent, Gaussian)
    for kind in ("plain", "linear", "denoising"):
        assert isinstance(default_model(schema, kind=kind, rng=1).latent, Point)
    for kind in KINDS:
        default_model(schema, kind=kind, rng=1).check_parts()


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_alone() -> None:
    schema, state = Jets().schema, torch.random.get_rng_state()
    one, same, other = (weights(default_model(schema, rng=seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_training_is_bounded() -> None:
    assert TRAINING.epochs > 1
    assert TRAINING.clip is not None
