"""Spacing: frames of every round as far apart in time as the first ones, so that a lag is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sciae.domains.trajectories import Trajectories

__all__ = ["spaced"]

TIMESTEP, STRIDE = 0.002, 100  # ps and steps, as of `sciae.simulation.simulate`
EVEN = 1e-3  # of a step


def spaced(settings: Mapping[str, Any], domain: Trajectories, source: Path) -> dict[str, Any]:
    """The settings of a simulation with frames as far apart as those of a trajectory.

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
    steps = apart / float(settings.get("timestep", TIMESTEP))
    frames = round(steps)
    if frames < 1 or abs(steps - frames) > EVEN:
        raise SpecError(
            f"frames {apart:g} ps apart are {steps:g} steps", where=source,
            expected="a whole number of steps", fix="Choose another timestep.",
        )  # fmt: skip
    stride = int(settings.get("stride", STRIDE if frames % STRIDE == 0 else frames))
    if frames % stride:
        raise SpecError(
            f"stride {stride}", where="rounds", expected=f"a divisor of {frames}, one frame's steps"
        )
    return {**settings, "frames": frames, "stride": stride}
