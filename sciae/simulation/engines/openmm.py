"""OpenMMEngine: molecular dynamics under a bias, with OpenMM."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sciae.errors import SimulationError
from sciae.simulation.force import BiasForce, positions_into
from sciae.simulation.platform import platform_of, properties_of
from sciae.simulation.system import load_openmm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable, CompiledVariable
    from sciae.simulation.bias import Bias
    from sciae.simulation.system import MolecularSystem

    Array = NDArray[np.float64]

__all__ = ["OpenMMEngine"]

TOLERANCE = 1e-6  # of constraints, relative
FARTHEST = 1e5  # nm: no molecule drifts so far
LIMIT = 2**31 - 1  # of OpenMM's seeds


class Snapshot(NamedTuple):
    """What is read of a context at once."""

    position: Array
    box: Array | None
    variable: Array


class OpenMMEngine:
    """Langevin dynamics (LangevinMiddle) of a molecular system under a bias.

    Parameters
    ----------
    system : MolecularSystem
    variable : CollectiveVariable or None
        None: there is nothing to watch or bias.
    bias : Bias or None
        None: the variable is watched only, and costs nothing per step.
    temperature : float
        In K.
    timestep, friction : float
        In ps and 1/ps.
    platform : str
        Of OpenMM's, by name.
    threads : int
        Of the platform "CPU".
    rng : numpy.random.Generator
        Where the seeds of velocities and noise come from.
    start : array, shape (atom, 3), optional
        In nm; by default where the system is.
    minimise : bool
        Go to the next minimum of the energy first.

    Notes
    -----
    On OpenMM's platform "Reference" all contexts of a process draw from one stream of random
    numbers: step two engines in turn, and neither gives the trajectory that it gives alone.

    Raises
    ------
    DataError
        If the variable is one of other atoms.
    """

    def __init__(
        self,
        system: MolecularSystem,
        variable: CollectiveVariable | None,
        bias: Bias | None,
        *,
        temperature: float,
        timestep: float,
        friction: float,
        platform: str,
        rng: np.random.Generator,
        threads: int = 1,
        start: Array | None = None,
        minimise: bool = True,
    ) -> None:
        mm = load_openmm()
        self.timestep, self._error = timestep, mm.OpenMMException
        self._seen: Snapshot | None = None
        self._periodic, self._atoms = system.periodic, system.atoms
        self._watch(system, variable)
        made, self.force = system.copy_of_system(), None
        if bias is not None:
            assert variable is not None
            self.force = BiasForce(variable.compiled(), bias, periodic=system.periodic)
            made.addForce(self.force.openmm())
        seeds = rng.integers(1, LIMIT, 3).tolist()
        for force in made.getForces():  # thermostats and barostats have their own noise
            if hasattr(force, "setRandomNumberSeed"):
                force.setRandomNumberSeed(seeds[2])
        self._integrator = mm.LangevinMiddleIntegrator(temperature, friction, timestep)
        self._integrator.setRandomNumberSeed(seeds[0])
        with self._faults():
            self._context = mm.Context(
                made, self._integrator, platform_of(platform),
                properties_of(platform, threads=threads),
            )  # fmt: skip
            self._place(system, start, temperature, seeds[1], minimise=minimise)

    def step(self, n: int) -> None:
        """Take `n` time steps."""
        self._seen = None
        with self._faults():
            self._integrator.step(n)

    @property
    def steps(self) -> int:
        """Steps taken."""
        return int(self._context.getStepCount())

    @property
    def time(self) -> float:
        """In ps."""
        return self.steps * self.timestep

    @property
    def position(self) -> Array:
        """Positions (atom, 3) in nm."""
        return self._snapshot().position

    @property
    def box(self) -> Array | None:
        """Box vectors as rows, (3, 3) in nm, of a periodic system."""
        return self._snapshot().box

    @property
    def variable(self) -> Array:
        """Collective variable at `position`, (dim,)."""
        return self._snapshot().variable

    def checkpoint(self) -> bytes:
        """Positions, velocities, box, time and the state of the random numbers."""
        content: bytes = self._context.createCheckpoint()
        return content

    def restore(self, content: bytes) -> None:
        """Go on from a checkpoint of the same system, platform and version of OpenMM."""
        self._seen = None
        with self._faults():
            self._context.loadCheckpoint(content)

    def energy(self) -> float:
        """Potential energy, bias included, in kJ/mol."""
        with self._faults():
            state = self._context.getState(getEnergy=True)
        return float(state.getPotentialEnergy()._value)  # noqa: SLF001 - kJ/mol

    def _watch(self, system: MolecularSystem, variable: CollectiveVariable | None) -> None:
        self._variable: CompiledVariable | None = None
        if variable is not None:
            variable.require(system.atoms, system.names)
            self._variable = variable.compiled()

    def _place(
        self,
        system: MolecularSystem,
        start: Array | None,
        temperature: float,
        seed: int,
        *,
        minimise: bool,
    ) -> None:
        """Positions, then velocities; before positions are set, OpenMM 8.6 may crash."""
        x = system.positions if start is None else system.placed(start, where="start")
        self._context.setPositions(x)
        if minimise:
            load_openmm().LocalEnergyMinimizer.minimize(self._context)
        else:
            self._context.applyConstraints(TOLERANCE)
        self._context.setVelocitiesToTemperature(temperature, seed)

    def _snapshot(self) -> Snapshot:
        """Read once per step; not finite is the end."""
        if self._seen is None:
            with self._faults():
                state = self._context.getState(getPositions=True)
            x = np.empty((self._atoms, 3))
            positions_into(state, x)
            if not (np.abs(x) < FARTHEST).all():  # nor NaN
                raise self._unstable(f"positions are not finite, or beyond {FARTHEST:g} nm")
            box = None
            if self._periodic:
                box = np.array(state.getPeriodicBoxVectors(asNumpy=True)._value)  # noqa: SLF001
            self._seen = Snapshot(x, box, self._value(x, box))
        return self._seen

    def _value(self, x: Array, box: Array | None) -> Array:
        if self._variable is None:
            return np.zeros(0)
        s: Array = self._variable.value(x[self._variable.used], box)
        return s

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What was raised in a call of the bias comes out as it was."""
        try:
            yield
        except self._error as error:
            fault = None if self.force is None else self.force.fault
            if fault is None and "NaN" not in str(error):
                raise
            if fault is None or isinstance(fault, SimulationError):
                raise self._unstable(str(fault or error)) from error
            raise fault from None
        finally:
            if self.force is not None:
                self.force.fault = None

    def _unstable(self, what: str) -> SimulationError:
        at: Any = self.steps if hasattr(self, "_context") else 0
        return SimulationError(
            what,
            where=f"step {at} ({at * self.timestep:g} ps)",
            fix="Take a shorter time step, relax the start, or a weaker bias.",
        )
