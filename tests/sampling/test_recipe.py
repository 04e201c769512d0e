from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sciae.errors import SpecError
from sciae.sampling import Recipe
from sciae.sampling.learner import new_share


def test_a_recipe_is_plain_json() -> None:
    recipe = Recipe(pairs=((0, 3),), hidden=(8,))
    assert Recipe(**json.loads(json.dumps(recipe.to_json()))) == recipe
    assert recipe.components == 4


@pytest.mark.parametrize(
    "wrong",
    [{"heaviest": 0.5}, {"new": 0.0}, {"dim": 0}, {"starts": 0}, {"pairs": ()},
     {"pairs": ((1, 1),)}, {"pairs": ((0, -1),)}, {"smooth": -1.0}],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="Recipe"):
        Recipe(**wrong)


@pytest.mark.parametrize("dim", [1, 3])
def test_a_basins_own_flanks_are_not_new_and_another_basin_is(dim: int) -> None:
    rng = np.random.default_rng(1)
    known = rng.normal(size=(5000, dim))
    flanks = 4 * rng.uniform(-1, 1, size=(1000, dim))
    other = rng.normal(size=(1000, dim)) + 20
    assert new_share(known, flanks, np.ones(1000)) == 0
    both = np.concatenate([flanks, other])
    weight = np.repeat([1.0, 0.25], 1000)
    assert new_share(known, both, weight) == pytest.approx(0.2)


def test_nothing_later_is_nothing_new() -> None:
    assert new_share(np.zeros((3, 1)), np.zeros((0, 1)), np.zeros(0)) == 0
