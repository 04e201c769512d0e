from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.features import Features
from sciae.autoencoders.penalties import L1, Penalty
from sciae.errors import SpecError
from sciae.schema import Field, Schema


def test_the_weight_rises_linearly_to_its_end() -> None:
    penalty = Penalty(3.0, warm_up=6)
    assert [penalty.weight_at(step) for step in range(8)] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]
    assert penalty.weight_at(math.inf) == 3


def test_a_period_begins_the_rise_again_and_ends_with_the_last() -> None:
    penalty = Penalty(2.0, warm_up=2, period=4)
    assert [penalty.weight_at(step) for step in range(9)] == [0, 1, 2, 2, 0, 1, 2, 2, 0]
    assert penalty.weight_at(math.inf) == 2


def test_without_a_warm_up_it_is_always_there() -> None:
    assert {Penalty(2.0, period=5).weight_at(step) for step in (0, 4, 5, 7, math.inf)} == {2.0}


@pytest.mark.parametrize(
    "settings",
    [{"weight": -1.0}, {"weight": math.inf}, {"warm_up": -1}, {"warm_up": 3, "period": 2}],
)
def test_a_schedule_that_is_none_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="Penalty: weight"):
        Penalty(**settings)


def test_one_that_is_written_by_a_user_says_what_to_define() -> None:
    with pytest.raises(NotImplementedError):
        Penalty()(None)


def test_the_schedule_is_that_of_the_loss() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(3,)),))
    model = kinds.composed(
        schema, kinds.plain(schema, latent=2).latent, penalties=[L1(2.0, warm_up=4, period=8)]
    )
    features, rng = Features(torch.randn(5, 3), torch.randn(5, 3)), torch.Generator()
    for step, weight in ((0, 0.0), (1, 0.5), (4, 2.0), (9, 0.5), (math.inf, 2.0)):
        loss = model.loss(features, rng, step=step)
        whole = loss.terms["reconstruction"] + weight * loss.terms["l1"]
        torch.testing.assert_close(loss.total, whole)
