"""Run: a biased simulation from one call, in a directory that can be resumed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciae.errors import SpecError
from sciae.run import Run, write_json
from sciae.simulation.biased_run import BiasedRun
from sciae.simulation.defaults import (
    former_plan,
    history_of,
    platform_and_speeds,
    seed_of,
    timestep_of,
)
from sciae.simulation.directory import clear, identity, write_parts, written
from sciae.simulation.log import say
from sciae.simulation.methods import umbrella_settings
from sciae.simulation.plan import NAME, Plan
from sciae.simulation.quantities import kelvin, picoseconds, steps_of
from sciae.simulation.simulated import space_of, starts_of
from sciae.simulation.system import MolecularSystem
from sciae.simulation.walk import Parts, walk
from sciae.simulation.walkers import walk_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from sciae.collective import CollectiveVariable
    from sciae.rng import Seed
    from sciae.simulation.bias import Static
    from sciae.simulation.platform import Speed
    from sciae.simulation.simulated import Simulated
    from sciae.simulation.space import Space

__all__ = ["simulate"]

COMMAND = "sciae simulate"


def simulate(
    cv: CollectiveVariable | None,
    *,
    system: Simulated,
    time: str | float,
    out: str | Path,
    method: str = "opes",
    temperature: str | float = 300.0,
    pace: int = 500,
    stride: int = 100,
    frames: int | None = None,
    walkers: int = 1,
    barrier: float = 40.0,
    sigma: Sequence[float] | None = None,
    gamma: float | None = None,
    height: float = 1.2,
    explore: bool = False,
    static: Static | None = None,
    centers: Sequence[Sequence[float]] | None = None,
    kappa: Sequence[float] | None = None,
    margin: float = 0.25,
    walls: bool = True,
    bins: int | None = None,
    start: ArrayLike | None = None,
    minimise: bool = True,
    equilibration: str | float = 0.0,
    timestep: str | float | None = None,
    friction: float = 1.0,
    platform: str = "auto",
    threads: int = 1,
    exchange: int = 1,
    history: int | None = None,
    processes: int | None = None,
    checkpoint: float = 30.0,
    patience: float = 600.0,
    rng: Seed = None,
    resume: bool = False,
    overwrite: bool = False,
) -> BiasedRun:
    """Simulate under a bias on a collective variable.

    Writes COLVAR, the trajectory (DCD), HILLS or KERNELS, pictures of the bias as it grows,
    the variable, the system and a log. A run that was killed at any moment goes on with
    ``resume=True``, from its last checkpoint, to the very files of one that never stopped; a
    finished run goes on with a longer `time`.

    Parameters
    ----------
    cv : CollectiveVariable or None
        None: of a particle, its position; of molecules, nothing is watched (method "none").
    system : MolecularSystem or Potential
    time : str or float
        Of each walker, such as "10 ns", or in ps.
    out : path
        A new directory.
    method : {"opes", "metadynamics", "static", "umbrella", "none"}
        "metadynamics" is well-tempered; "umbrella" has a window per walker; "none" is
        unbiased.
    temperature : str or float
        Such as "300 K", or in K.
    pace, stride : int
        Steps between deposits, and between rows of COLVAR.
    frames : int, optional
        Steps between frames of the trajectory, a multiple of `stride`; 0: no trajectory. By
        default as many as rows.
    walkers : int
        With "opes" and "metadynamics" they build one bias together, each in a process.
    barrier : float
        Of OPES: the highest barrier to cross, kJ/mol.
    sigma : sequence of float, optional
        Width of kernels or hills; by default measured (OPES), or a twentieth of the range.
    gamma : float, optional
        Bias factor; by default barrier / kT (OPES), or 10.
    height : float
        Of the first hill of metadynamics, kJ/mol.
    explore : bool
        Of OPES: more exploration and slower convergence.
    static : Static, optional
        The bias of the method "static"; for metadynamics, the one to start from.
    centers, kappa : optional
        Of the umbrella windows: one center per walker, shape (walker, dim), and a stiffness
        per coordinate, kJ/mol. By default the windows divide the first coordinate's range.
    margin, walls, bins :
        Soft walls stand `margin` of the range beyond it, and the grid ends as far on again;
        `bins` are its intervals per dimension.
    start : array, optional
        First positions in nm, (atom, 3) for all walkers or (walker, atom, 3).
    minimise : bool
        Go to the next minimum of the energy first.
    equilibration : str or float
        Time before zero, without rows or deposits, but with the bias.
    timestep, friction : optional
        By default 2 fs for molecules and 0.01 ps for a particle; in 1/ps.
    platform, threads :
        Of OpenMM. "auto": the fastest of those there are, by trying each for a moment.
    exchange : int
        Deposits after which the walkers tell each other.
    history : int, optional
        Steps between pictures of the bias; by default 200 times `pace`; 0: none.
    processes : int, optional
        Walkers at a time where they are independent; by default one per CPU.
    checkpoint, patience : float
        Seconds between checkpoints; seconds to wait for another walker.
    rng : int, or other Seed
    resume, overwrite : bool
        Continue what is in `out`, or start again there.

    Returns
    -------
    BiasedRun

    Raises
    ------
    SpecError
        If a setting is wrong.
    DataError
        If the variable is one of other atoms.
    RunError
        If `out` holds something else, or a run with other settings.
    SimulationError
        If the simulation is no longer finite, or a walker stopped. What was written stays.
    """
    former = former_plan(Path(out)) if resume else None
    space = space_of(system, cv)
    _require(method, cv, space, static, system)
    settings: dict[str, Any] = {
        "barrier": barrier, "sigma": None if sigma is None else list(map(float, sigma)),
        "gamma": gamma, "height": height, "explore": explore, "margin": margin, "walls": walls,
        "bins": bins,
    }  # fmt: skip
    if method == "umbrella":
        assert space is not None
        settings |= umbrella_settings(
            space, walkers=walkers, centers=centers, kappa=kappa, temperature=kelvin(temperature)
        )
    fastest, speeds = platform_and_speeds(system, platform, former, threads)
    step = picoseconds(timestep_of(system) if timestep is None else timestep, where="timestep")
    plan = Plan(
        method=method, temperature=kelvin(temperature), timestep=step, friction=friction,
        steps=steps_of(time, step),
        equilibration=steps_of(equilibration, step, where="equilibration"),
        stride=stride, frames=stride if frames is None else frames, pace=pace,
        history=history_of(history, method, pace), walkers=walkers, exchange=exchange,
        seed=seed_of(rng, former), platform=fastest, threads=threads, minimise=minimise,
        names=space.names if space else (), periods=space.periods if space else (),
        settings=settings,
    )  # fmt: skip
    parts = Parts(
        system=system, cv=cv, starts=starts_of(system, start, walkers=walkers), static=static
    )
    limits = {"checkpoint": checkpoint, "patience": patience}
    _carry_out(
        plan, parts, Path(out), former, speeds, resume=resume, overwrite=overwrite,
        processes=processes or os.cpu_count() or 1, limits=limits,
    )  # fmt: skip
    return BiasedRun.load(out)


def _carry_out(
    plan: Plan,
    parts: Parts,
    out: Path,
    former: Plan | None,
    speeds: tuple[Speed, ...],
    *,
    resume: bool,
    overwrite: bool,
    processes: int,
    limits: Mapping[str, Any],
) -> None:
    """Own the directory, and walk."""
    if former is not None and former.steps > plan.steps:
        raise SpecError(
            f"{plan.steps} steps", where="time", expected=f"the {former.steps} of the run, or more"
        )
    asked = identity(plan, parts)
    with Run.open(
        out, command=COMMAND, settings=asked, seed=plan.seed, resume=resume, overwrite=overwrite
    ) as run:
        if not run.resumed:
            clear(run.directory)
            write_parts(parts, run)
        calibration = {s.platform: s.steps_per_second for s in speeds}
        about = parts.system.about if isinstance(parts.system, MolecularSystem) else {}
        content = {"plan": plan.to_json(), "calibration": calibration, "system": dict(about)}
        write_json(run.path(NAME), content)
        log = run.path("run.log")
        say(log, _begin(plan, speeds))
        with run.timing("simulate"):
            if plan.walkers == 1:
                walk(plan, parts, run.directory, **limits)
            else:
                walk_all(plan, parts, run.directory, processes=processes, **limits)
        say(log, f"{plan.steps} steps done")
        for name in written(run.directory):
            run.add_output(name)


def _require(
    method: str,
    cv: CollectiveVariable | None,
    space: Space | None,
    static: Static | None,
    system: Simulated,
) -> None:
    """What a method cannot do without."""
    if space is None and method != "none":
        raise SpecError("no variable to bias", where="cv", expected="one, or method='none'")
    if method == "static" and static is None:
        raise SpecError("no bias", where="static", expected="a Static for method='static'")
    if static is not None and method not in ("static", "metadynamics"):
        raise SpecError(f"a static bias with method {method!r}", where="static", expected="None")
    if cv is None:
        return
    if isinstance(system, MolecularSystem):
        cv.require(system.atoms, system.names)
    elif cv.descriptors is not None or cv.width != system.dim:
        raise SpecError(
            f"a variable of {cv.width} numbers" + (" of atoms" if cv.descriptors else ""),
            where="cv", expected=f"one of the {system.dim} numbers of a particle's position",
        )  # fmt: skip


def _begin(plan: Plan, speeds: tuple[Speed, ...]) -> str:
    tried = ", ".join(f"{s.platform} {s.steps_per_second:.0f} steps/s" for s in speeds)
    where = f" on {plan.platform}" if plan.platform else ""
    return f"{plan.method}, {plan.walkers} x {plan.steps} steps of {plan.timestep:g} ps{where}" + (
        f" (tried {tried})" if tried else ""
    )
