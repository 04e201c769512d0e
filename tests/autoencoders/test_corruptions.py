from __future__ import annotations

import pytest
import torch

from sciae.autoencoders.corruptions import GaussianNoise, Masking
from sciae.autoencoders.features import Features
from sciae.errors import SpecError


@pytest.fixture
def features() -> Features:
    x, elements = torch.ones(2000, 5), torch.ones(2000, 3, 4)
    inner = Features(elements, elements, mask=torch.ones(2000, 3, dtype=torch.bool))
    return Features(x, x, sets={"jet": inner})


def test_noise_has_its_width_and_leaves_the_target(features: Features) -> None:
    seen = GaussianNoise(0.3)(features, torch.Generator().manual_seed(1))
    for noisy, clean in ((seen, features), (seen.sets["jet"], features.sets["jet"])):
        assert (noisy.inputs - clean.inputs).std().item() == pytest.approx(0.3, rel=0.03)
        assert noisy.targets is clean.targets


def test_masking_hides_its_share_and_leaves_the_target(features: Features) -> None:
    seen = Masking(0.25)(features, torch.Generator().manual_seed(1))
    for hidden, clean in ((seen, features), (seen.sets["jet"], features.sets["jet"])):
        assert set(hidden.inputs.unique().tolist()) == {0, 1}
        assert hidden.inputs.mean().item() == pytest.approx(0.75, abs=0.02)
        assert hidden.targets is clean.targets


@pytest.mark.parametrize("amount", [-0.1, float("nan")])
def test_amounts_that_are_none_are_refused(amount: float) -> None:
    with pytest.raises(SpecError, match="GaussianNoise: sigma"):
        GaussianNoise(amount)
    with pytest.raises(SpecError, match="Masking: ratio"):
        Masking(amount)
    with pytest.raises(SpecError, match="0 <= ratio < 1"):
        Masking(1.0)
