"""Spacing: frames of every round as far apart in time as the first ones, so that a lag is one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError
from sciae.simulation.quantities import picoseconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sciae.domains.trajectories import Trajectories

__all__ = ["between_frames", "halved", "spaced"]

TIMESTEP, STRIDE, PACE = 0.002, 100, 500  # ps and steps, as of `sciae.simulation.simulate`
EVEN = 1e-3  # of a step


def spaced(settings: Mapping[str, Any], domain: Trajectories, source: Path) -> dict[str, Any]:
    """The settings of a simulation with frames as far apart as those of a trajectory.

    Rows of COLVAR come at least as often as asked for, so that each frame is one of them.

    Raises
    ------
    SpecError
        If the trajectory does not say its time, or frames would not fall on steps.
    """
    table = domain.read(source)
    if "time" not in table.carried or len(table) < 2:  # noqa: PLR2004 - one step
        raise SpecError(
            "the time between frames is not known", where=source,
            fix="Say it: Trajectories(timestep=...), in ps.",
        )  # fmt: skip
    apart = float(np.median(np.diff(table["time"])))
    given = {name: value for name, value in settings.items() if value is not None}
    steps = apart / picoseconds(given.get("timestep", TIMESTEP), where="timestep")
    frames = round(steps)
    if frames < 1 or abs(steps - frames) > EVEN:
        raise SpecError(
            f"frames {apart:g} ps apart are {steps:g} steps", where=source,
            expected="a whole number of steps", fix="Choose another timestep.",
        )  # fmt: skip
    stride = math.gcd(frames, int(given.get("stride", STRIDE)))
    return {**given, "frames": frames, "stride": stride}


def between_frames(settings: Mapping[str, Any]) -> float:
    """Time from frame to frame of a simulation, in ps.

    Examples
    --------
    >>> between_frames({"frames": 200})
    0.4
    """
    step = picoseconds(settings.get("timestep", TIMESTEP), where="timestep")
    return step * int(settings["frames"])


def halved(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same simulation in steps of half the length: rows, frames and deposits at equal times.

    Examples
    --------
    >>> halved({"timestep": "2 fs", "stride": 100, "frames": 200})
    {'timestep': 0.001, 'stride': 200, 'frames': 400, 'pace': 1000}
    """
    steps = {"stride": STRIDE, "frames": STRIDE, "pace": PACE}
    return {
        **settings,
        "timestep": picoseconds(settings.get("timestep", TIMESTEP), where="timestep") / 2,
        **{name: 2 * int(settings.get(name, default)) for name, default in steps.items()},
    }
