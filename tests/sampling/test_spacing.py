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
    [
        ({}, 250, 50),
        ({"stride": 25, "timestep": None}, 250, 25),
        ({"stride": 40}, 250, 10),
        ({"timestep": "1 fs"}, 500, 100),
    ],
)
def test_frames_are_as_far_apart_as_those_of_the_source(
    domain: Trajectories, sources: list[Path], settings: dict[str, Any], frames: int, stride: int
) -> None:
    found = spaced(settings, domain, sources[0])
    assert (found["frames"], found["stride"]) == (frames, stride)


def test_frames_that_would_not_fall_on_steps_are_refused(
    domain: Trajectories, sources: list[Path]
) -> None:
    with pytest.raises(SpecError, match="a whole number of steps"):
        spaced({"timestep": 0.003}, domain, sources[0])


def test_a_trajectory_that_does_not_say_its_time_is_refused(
    alanine: Path, domain: Trajectories
) -> None:
    with pytest.raises(SpecError, match="time between frames is not known"):
        spaced({}, domain, alanine / "ala2.pdb")
