"""Platform: which of OpenMM's is the fastest for a system, found by trying.

No rule of thumb holds: for 22 atoms in vacuum "Reference" is eleven times as fast as "CPU",
with implicit solvent a sixth as fast.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from sciae.errors import SpecError
from sciae.simulation.system import load_openmm

if TYPE_CHECKING:
    import openmm

    from sciae.simulation.system import MolecularSystem

__all__ = ["Speed", "calibrate", "platform_of", "properties_of"]

MANY = 2000  # atoms, from which on one step of "Reference" may take longer than all others do
ENOUGH = 0.15  # seconds that a timing lasts
AT_FIRST = 4  # steps


class Speed(NamedTuple):
    """Steps per second of a platform."""

    platform: str
    steps_per_second: float


def calibrate(
    system: MolecularSystem, *, timestep: float = 0.002, budget: float = 1.0, threads: int = 1
) -> tuple[Speed, ...]:
    """Try every platform there is, for about `budget` seconds in all; the fastest first.

    The wall clock decides, since a GPU takes no CPU time. A platform that cannot run the
    system is left out.

    Raises
    ------
    SpecError
        If none can.
    """
    mm = load_openmm()
    names = [mm.Platform.getPlatform(i).getName() for i in range(mm.Platform.getNumPlatforms())]
    asked = [name for name in names if name != "Reference" or system.atoms < MANY]
    each = min(ENOUGH, budget / max(1, len(asked)) / 2)
    found, failed = [], []
    for name in asked:
        try:
            found.append(Speed(name, _speed(system, name, timestep, each, threads)))
        except mm.OpenMMException as error:
            failed.append(f"{name}: {error}")
    if not found:
        raise SpecError("no platform can run the system", where="; ".join(failed))
    return tuple(sorted(found, key=lambda speed: -speed.steps_per_second))


def platform_of(name: str) -> openmm.Platform:
    """A platform by its name.

    Raises
    ------
    SpecError
        If there is none of that name here.
    """
    mm = load_openmm()
    names = [mm.Platform.getPlatform(i).getName() for i in range(mm.Platform.getNumPlatforms())]
    if name not in names:
        raise SpecError(
            f"no platform {name!r}", where="platform", expected=f"auto, {', '.join(names)}"
        )
    return mm.Platform.getPlatformByName(name)


def properties_of(name: str, *, threads: int = 1) -> dict[str, str]:
    """Settings under which a platform gives the same trajectory each time."""
    if name == "CPU":
        return {"Threads": str(threads), "DeterministicForces": "true"}
    return {"DeterministicForces": "true"} if name in ("CUDA", "HIP") else {}


def _speed(
    system: MolecularSystem, name: str, timestep: float, seconds: float, threads: int
) -> float:
    """Steps per second, doubled until they last long enough."""
    mm = load_openmm()
    integrator = mm.LangevinMiddleIntegrator(300, 1, timestep)
    properties = properties_of(name, threads=threads)
    context = mm.Context(system.system, integrator, platform_of(name), properties)
    context.setPositions(system.positions)
    integrator.step(1)  # allocates
    steps = AT_FIRST
    while True:
        begin = time.perf_counter()
        integrator.step(steps)
        context.getState(getPositions=True)  # a GPU has only queued the steps so far
        took = time.perf_counter() - begin
        if took >= seconds:
            return steps / took
        steps *= 2
