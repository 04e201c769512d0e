from __future__ import annotations

import json
from typing import Any

import pytest

from sciae.errors import SpecError
from sciae.sampling import Recipe


def test_a_recipe_is_plain_json() -> None:
    recipe = Recipe(pairs=((0, 3),), hidden=(8,))
    assert Recipe(**json.loads(json.dumps(recipe.to_json()))) == recipe
    assert recipe.components == 4
    assert Recipe().explore is not Recipe().explore


@pytest.mark.parametrize(
    "wrong",
    [{"temper": 1.5}, {"hill": 0.0}, {"dim": 0}, {"dim": 2}, {"tries": 0}, {"heat": 0.5},
     {"pairs": ()}, {"pairs": ((1, 1),)}, {"pairs": ((0, -1),)}, {"smooth": -1.0}],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="Recipe"):
        Recipe(**wrong)
