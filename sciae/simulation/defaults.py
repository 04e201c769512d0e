"""Defaults: what a run takes where nothing is said, and from the run that it goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.rng import generator
from sciae.run.plain import loads
from sciae.simulation.plan import NAME, SHARED, Plan
from sciae.simulation.platform import Speed, calibrate, platform_of
from sciae.simulation.system import MolecularSystem

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.rng import Seed
    from sciae.simulation.simulated import Simulated

__all__ = ["former_plan", "history_of", "platform_and_speeds", "seed_of", "timestep_of"]

DEPOSITS = 200  # between pictures of the bias


def former_plan(root: Path) -> Plan | None:
    """The plan of the run that is there, if there is one."""
    path = root / NAME
    if not path.exists():
        return None
    return Plan.from_json(loads(path.read_text(encoding="utf-8")).get("plan"), where=path)


def platform_and_speeds(
    system: Simulated, asked: str, former: Plan | None, threads: int
) -> tuple[str, tuple[Speed, ...]]:
    """The platform of the run that is resumed, the one asked for, or the fastest."""
    if not isinstance(system, MolecularSystem):
        return "", ()
    if asked != "auto":
        return platform_of(asked).getName(), ()
    if former is not None:  # on another, the trajectory would be another
        return former.platform, ()
    speeds = calibrate(system, threads=threads)
    return speeds[0].platform, speeds


def timestep_of(system: Simulated) -> float:
    """Ps: two femtoseconds for molecules, more for a particle."""
    return 0.002 if isinstance(system, MolecularSystem) else 0.01


def history_of(history: int | None, method: str, pace: int) -> int:
    """Steps between pictures of a bias that grows."""
    if history is not None:
        return history
    return DEPOSITS * pace if method in SHARED else 0


def seed_of(rng: Seed, former: Plan | None) -> int:
    """The one given, that of the run that is resumed, or a fresh one."""
    if isinstance(rng, int):
        return rng
    return former.seed if former is not None else int(generator(rng).integers(2**31))
