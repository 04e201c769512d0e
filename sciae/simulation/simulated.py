"""Simulated: what can be simulated, a molecular system or a particle in a potential."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError
from sciae.simulation.engines.potential import Potential
from sciae.simulation.quantities import GAS_CONSTANT
from sciae.simulation.space import Coordinates
from sciae.simulation.system import MolecularSystem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sciae.collective import CollectiveVariable
    from sciae.simulation.bias import Bias
    from sciae.simulation.engines.protocol import Engine
    from sciae.simulation.plan import Plan
    from sciae.simulation.space import Space

    Array = NDArray[np.float64]

__all__ = ["Simulated", "engine_of", "identity_of", "space_of", "starts_of"]

Simulated = MolecularSystem | Potential


def space_of(system: Simulated, cv: CollectiveVariable | None) -> Space | None:
    """The coordinates that a bias would act on; None if there are none.

    A particle's variable is its position, unless another is given.
    """
    if isinstance(system, MolecularSystem) or cv is not None:
        return cv
    return Coordinates.of(system)


def engine_of(
    system: Simulated,
    plan: Plan,
    cv: CollectiveVariable | None,
    bias: Bias | None,
    *,
    rng: np.random.Generator,
    start: Array | None,
    minimise: bool,
) -> Engine:
    """What moves it, as the plan says."""
    if isinstance(system, MolecularSystem):
        from sciae.simulation.engines.openmm import OpenMMEngine

        return OpenMMEngine(
            system, cv, bias, temperature=plan.temperature, timestep=plan.timestep,
            friction=plan.friction, platform=plan.platform, threads=plan.threads, rng=rng,
            start=start, minimise=minimise,
        )  # fmt: skip
    from sciae.simulation.engines.particle import Particle

    return Particle(
        system, kt=GAS_CONSTANT * plan.temperature, bias=bias, timestep=plan.timestep,
        friction=plan.friction, start=_well(system) if start is None else start, rng=rng,
        variable=cv,
    )  # fmt: skip


def identity_of(system: Simulated) -> dict[str, Any]:
    """What must be the same when a run is resumed, as plain JSON."""
    if isinstance(system, MolecularSystem):
        return {"sha256": system.sha256, "atoms": system.atoms}
    table = np.asarray(system.parameters, np.float64).tobytes()
    return {"potential": system.name, "sha256": hashlib.sha256(table).hexdigest()}


def starts_of(system: Simulated, start: ArrayLike | None, *, walkers: int) -> tuple[Array, ...]:
    """First positions of each walker: one for all, or one each.

    Raises
    ------
    DataError
        If they are of another shape, or not finite.
    """
    if start is None:
        return ()
    x = np.array(start, np.float64)
    one = 2 if isinstance(system, MolecularSystem) else 1  # axes
    each = [x] * walkers if x.ndim == one else list(x)
    if len(each) != walkers:
        raise SpecError(f"{len(each)} positions", where="start", expected=f"1 or {walkers}")
    if isinstance(system, MolecularSystem):
        return tuple(system.placed(row, where="start") for row in each)
    return tuple(each)


def _well(potential: Potential) -> Array:
    """The deepest well, or the middle."""
    if len(potential.wells):
        return np.array(potential.wells[0], np.float64)
    return np.asarray((np.array(potential.low) + np.array(potential.high)) / 2, np.float64)
