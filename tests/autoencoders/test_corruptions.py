from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.corruptions import ElementMasking, GaussianNoise, Masking, SaltAndPepper
from sciae.autoencoders.features import Features, blank
from sciae.errors import SpecError
from sciae.schema import Field, Schema

MIXED = Schema(
    (
        Field(name="x", kind="continuous"),
        Field(name="phi", kind="periodic", period=6.0),
        Field(name="type", kind="categorical", classes=("a", "b", "c")),
    )
)


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
        assert hidden.judged is None


def test_a_masked_column_hides_all_of_its_inputs() -> None:
    clean = replace(
        blank(MIXED, (500,), dtype=torch.float64, device=torch.device("cpu")),
        inputs=torch.ones(500, 6),
    )
    seen = Masking(0.5, judge="hidden")(clean, torch.Generator().manual_seed(1))
    assert seen.visible is not None
    assert seen.judged is not None
    widths = [1, 2, 3]
    for column, inputs in enumerate(seen.inputs.split(widths, 1)):
        assert torch.equal(inputs.bool(), seen.visible[:, [column]].expand_as(inputs))
    assert torch.equal(seen.judged, ~seen.visible)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.75])
def test_element_masking_hides_a_fixed_share(ratio: float, features: Features) -> None:
    seen = ElementMasking(ratio)(features, torch.Generator().manual_seed(1))
    assert seen.judged is not None
    count = max(round(ratio * 5), 1)
    assert seen.judged.sum(1).unique().tolist() == [count]
    assert torch.equal(seen.inputs == 0, seen.judged)
    inner = seen.sets["jet"]
    assert inner.inputs.shape == (2000, 3 - max(round(ratio * 3), 1), 4)
    assert inner.visible is not None
    assert inner.visible.all()
    assert inner.targets is features.sets["jet"].targets


def test_elements_that_are_not_there_are_neither_hidden_nor_shown() -> None:
    mask = torch.tensor([[True, True, False], [True, False, False], [False] * 3])
    x = torch.arange(1.0, 10).reshape(3, 3, 1)
    clean = Features(torch.zeros(3, 0), torch.zeros(3, 0), sets={"s": Features(x, x, mask=mask)})
    inner = ElementMasking(0.5)(clean, torch.Generator().manual_seed(1)).sets["s"]
    assert inner.visible is not None
    assert inner.judged is not None
    assert inner.visible.sum(1).tolist() == [1, 1, 0]  # one is always left
    assert (inner.judged & mask).sum(1).tolist() == [1, 0, 0]
    assert (inner.judged | mask).all()
    for row in (0, 1):
        left = (mask & ~inner.judged)[row].nonzero().item()
        assert inner.inputs[row][inner.visible[row]].item() == x[row, left].item()


def test_a_policy_says_what_is_hidden(features: Features) -> None:
    class Last(torch.nn.Module):
        def forward(self, features: Features, _: torch.Generator) -> torch.Tensor:
            keys = torch.arange(features.targets.shape[1], dtype=torch.float64)
            return keys.expand(features.targets.shape[:2])

    seen = ElementMasking(0.4, policy=Last())(features, torch.Generator())
    assert seen.judged is not None
    assert seen.judged.any(0).tolist() == [False, False, False, True, True]


def test_the_loss_is_on_what_is_hidden() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(4,)),))
    model = kinds.masked(schema, latent=1, ratio=0.5, hidden=(4, 4), sigma=1.0)
    x = torch.randn(50, 4)
    clean = Features(x, x)
    assert model.corruption is not None
    seen = model.corruption(clean, torch.Generator().manual_seed(1))
    each = model.heads.nll(model.decoder(model.encode(seen).z), clean).flat
    loss = model.loss(clean, torch.Generator().manual_seed(1)).total
    torch.testing.assert_close(loss, (each * (seen.inputs == 0)).sum(1))


@pytest.mark.parametrize("ratio", [0.0, 1.0, float("nan")])
def test_a_share_that_leaves_or_hides_nothing_is_refused(ratio: float) -> None:
    with pytest.raises(SpecError, match="ElementMasking: ratio"):
        ElementMasking(ratio)


def test_salt_and_pepper_throws_its_share_to_the_ends(features: Features) -> None:
    seen = SaltAndPepper(0.25, extreme=2.0)(features, torch.Generator().manual_seed(1))
    for thrown, clean in ((seen, features), (seen.sets["jet"], features.sets["jet"])):
        for value, share in ((-2.0, 0.125), (1.0, 0.75), (2.0, 0.125)):
            assert (thrown.inputs == value).double().mean().item() == pytest.approx(share, abs=0.02)
        assert thrown.targets is clean.targets


def test_salt_and_pepper_keeps_the_inputs_of_a_column_together_and_gaps_empty() -> None:
    """Three columns, the last an angle of two inputs; the first is not observed."""
    inputs, targets = torch.zeros(500, 4), torch.zeros(500, 3)
    observed = torch.tensor([False, True, True]).expand(500, 3)
    column = torch.tensor([0, 1, 2, 2])
    clean = Features(inputs, targets, observed=observed, column=column)
    seen = SaltAndPepper(0.5)(clean, torch.Generator().manual_seed(1)).inputs
    assert (seen[:, 0] == 0).all()
    assert (seen[:, 2] == seen[:, 3]).all()
    assert set(seen[:, 1].tolist()) == set(seen[:, 2].tolist()) == {-3, 0, 3}
    assert not torch.equal(seen[:, 1], seen[:, 2])


LAGGED = (GaussianNoise(0.5), SaltAndPepper(0.5), Masking(0.5), ElementMasking(0.5))


@pytest.mark.parametrize("corruption", LAGGED, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("lag", [0, 1])
def test_gaps_stay_empty_and_are_those_of_the_row_that_is_seen(
    corruption: torch.nn.Module, lag: int
) -> None:
    """The second row is the first one's target, and has its gap elsewhere."""
    observed = torch.tensor([[False, True, True], [True, True, False]]).repeat(250, 1)
    column = torch.tensor([0, 1, 2, 2])  # the last is an angle of two inputs
    x, y = observed[:, column].double(), observed.double()
    both = Features(x, y, observed=observed, column=column)
    now = torch.arange(0, 500, 2)
    clean = both.take(now)
    if lag:
        clean = clean.towards(both.take(now + 1))
    seen = corruption(clean, torch.Generator().manual_seed(1))
    assert (seen.inputs[:, 0] == 0).all()
    assert not torch.equal(seen.inputs[:, 2], clean.inputs[:, 2])
    assert not seen.shown[:, 0].any()
    assert seen.shown[:, 2].any()
    assert seen.targets is clean.targets
    assert seen.observed is clean.observed


def test_salt_and_pepper_refuses_what_is_no_share_or_end() -> None:
    for settings in ({"ratio": 1.0}, {"ratio": 0.1, "extreme": -1.0}):
        with pytest.raises(SpecError, match="SaltAndPepper: ratio"):
            SaltAndPepper(**settings)


@pytest.mark.parametrize("amount", [-0.1, float("nan")])
def test_amounts_that_are_none_are_refused(amount: float) -> None:
    with pytest.raises(SpecError, match="GaussianNoise: sigma"):
        GaussianNoise(amount)
    with pytest.raises(SpecError, match="Masking: ratio"):
        Masking(amount)
    with pytest.raises(SpecError, match="0 <= ratio < 1"):
        Masking(1.0)
