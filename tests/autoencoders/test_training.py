from __future__ import annotations

from typing import Any

import pytest

from sciae.autoencoders.training import Training
from sciae.errors import SpecError


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "epochs 0; expected 1 or more"),
        ({"batch": 0}, "batch 0"),
        ({"patience": 0}, "patience 0"),
        ({"checkpoint_every": -1}, "checkpoint_every -1"),
        ({"learning_rate": 0.0}, "learning_rate 0.0; expected a positive number"),
        ({"learning_rate": float("nan")}, "learning_rate nan"),
        ({"weight_decay": -1.0}, "weight_decay -1.0"),
        ({"clip": 0.0}, "clip 0.0; expected a positive number, or None"),
        ({"schedule": "linear"}, "schedule 'linear'; expected 'constant' or 'cosine'"),
        ({"precision": "half"}, "precision 'half'; expected 'float32' or 'bfloat16'"),
        ({"validation": 1.0}, "validation 1.0; expected a share between 0 and 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=f"Training: {said}"):
        Training(**settings)


def test_the_rate_follows_its_schedule() -> None:
    rates = [Training(epochs=4, learning_rate=2.0, schedule="cosine").rate_at(e) for e in range(5)]
    assert rates == pytest.approx([2, 1 + 0.5**0.5, 1, 1 - 0.5**0.5, 0])
    assert Training(learning_rate=2.0).rate_at(100) == 2
