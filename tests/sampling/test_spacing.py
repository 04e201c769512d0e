from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sciae.errors import SpecError
from sciae.sampling.spacing import spaced

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.domains.trajectories import Trajectories


@pytest.mark.parametrize(
    ("settings", "frames", "stride"),
    [({}, 250, 250), ({"stride": 50}, 250, 50), ({"timestep": 0.001}, 500, 100)],
)
def test_frames_are_as_far_apart_as_those_of_the_source(
    domain: Trajectories, sources: list[Path], settings: dict[str, Any], frames: int, stride: int
) -> None:
    found = spaced(settings, domain, sources[0])
    assert (found["frames"], found["stride"]) == (frames, stride)


@pytest.mark.parametrize(
    ("settings", "words"), [({"stride": 40}, "a divisor of 250"), ({"timestep": 0.003}, "steps")]
)
def test_what_would_not_fall_on_steps_is_refused(
    domain: Trajectories, sources: list[Path], settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecError, match=words):
        spaced(settings, domain, sources[0])
