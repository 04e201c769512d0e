"""Particle: Langevin dynamics in a model potential under a bias, as machine code."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError, SimulationError, SpecError
from sciae.rng import generator
from sciae.simulation.engines.langevin import baoab

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sciae.collective import CollectiveVariable
    from sciae.rng import Seed
    from sciae.simulation.bias.protocol import Bias
    from sciae.simulation.engines.potential import Potential

    Array = NDArray[np.float64]

__all__ = ["Particle"]

NO_BIAS = (np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 0)))


class Particle:
    """One particle; its collective variable is its position, or a function of it.

    Splitting BAOAB, whose positions are sampled to fourth order in the time step near a
    minimum. Source: B. Leimkuhler and C. Matthews, Appl. Math. Res. Express 2013, 34.

    Parameters
    ----------
    potential : Potential
    kt : float
        kJ/mol.
    start : sequence of float
        First position; velocities are drawn.
    bias : Bias, optional
        Read at every step through its tables.
    variable : CollectiveVariable, optional
        Of raw numbers, which are the position. By default the position itself.
    timestep, friction, mass : float
        In ps, 1/ps, and such that kT / mass is a velocity squared.
    rng : Seed

    Raises
    ------
    SpecError
        If dimensions do not fit or a setting is not positive.

    Examples
    --------
    >>> from sciae.simulation.engines.potential import double_well
    >>> particle = Particle(double_well(), kt=1.0, start=[-1.0], rng=1)
    >>> particle.step(1000)
    >>> bool(particle.position[0] < 0), round(particle.time, 6)
    (True, 10.0)
    """

    box = None

    def __init__(
        self,
        potential: Potential,
        *,
        kt: float,
        start: ArrayLike,
        bias: Bias | None = None,
        variable: CollectiveVariable | None = None,
        timestep: float = 0.01,
        friction: float = 2.0,
        mass: float = 1.0,
        rng: Seed = None,
    ) -> None:
        self.potential, self._x = potential, np.array(start, np.float64)
        self._settings = [kt, timestep, friction, mass]
        self._check(bias, variable)
        self._variable = None if variable is None else variable.compiled()
        self._mapping = () if self._variable is None else self._variable.tables
        self._loop, self._code = baoab(self._mapping), potential.machine_code
        self._tables = NO_BIAS if bias is None else bias.tables
        # a stream of its own, of a kind whose state is a few whole numbers
        seed = int(generator(rng).integers(2**63 - 1))
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._v = self._rng.normal(0, math.sqrt(kt / mass), potential.dim)
        self._steps = 0

    def _check(self, bias: Bias | None, variable: CollectiveVariable | None) -> None:
        dim = self.potential.dim
        if self._x.shape != (dim,):
            raise SpecError(f"shape {self._x.shape}", where="start", expected=f"({dim},)")
        if variable is not None:
            if variable.descriptors is not None or variable.width != dim:
                raise SpecError(
                    f"a variable of {variable.width} numbers", where="Particle",
                    expected=f"one of the {dim} numbers of a position, without descriptors",
                )  # fmt: skip
            dim = variable.dim
        if bias is not None and bias.grid.dim != dim:
            raise SpecError(
                f"a bias of {bias.grid.dim} dimensions", where="Particle", expected=f"{dim}"
            )
        if not all(0 < x < math.inf for x in self._settings):
            raise SpecError(
                f"kt, timestep, friction, mass {self._settings}", where="Particle",
                expected="positive numbers",
            )  # fmt: skip

    def step(self, n: int) -> None:
        """Take `n` time steps."""
        kt, dt, friction, mass = self._settings
        keep = math.exp(-friction * dt)
        kick = math.sqrt(kt / mass * (1 - keep * keep))
        self._loop(
            self._code, self.potential.parameters, self._mapping, self._tables,
            self._x, self._v, dt, 1 / mass, keep, kick, self._rng, n,
        )  # fmt: skip
        self._steps += n
        if not (np.isfinite(self._x).all() and np.isfinite(self._v).all()):
            raise SimulationError(
                f"position {self._x} at {self.time:g} ps", where="Particle", expected="finite",
                fix="Shorten the time step, or check that the bias has walls.",
            )  # fmt: skip

    @property
    def time(self) -> float:
        """In ps."""
        return self._steps * float(self._settings[1])

    @property
    def position(self) -> Array:
        """Shape (dim,); in a periodic dimension as far as the particle has gone."""
        return self._x.copy()

    @property
    def variable(self) -> Array:
        """The position, within the range of periodic dimensions; or what it is mapped to."""
        if self._variable is not None:
            return np.asarray(self._variable.value(self._x), np.float64)
        low, high = np.array(self.potential.low), np.array(self.potential.high)
        turns = np.floor((self._x - low) / (high - low))
        turns *= np.array(self.potential.periodic)
        return np.asarray(self._x - turns * (high - low), np.float64)

    def checkpoint(self) -> bytes:
        """Position, velocity, steps and the state of the random numbers."""
        content = {
            "particle": self._identity(),
            "steps": self._steps,
            "position": self._x.tolist(),
            "velocity": self._v.tolist(),
            "random": self._rng.bit_generator.state,
        }
        return json.dumps(content).encode()

    def restore(self, content: bytes) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        DataError
            If it is damaged, or of a particle with other settings.
        """
        try:
            found = json.loads(content)
            same = found["particle"] == self._identity()
            x, v = (np.array(found[k], np.float64) for k in ("position", "velocity"))
            steps, random = int(found["steps"]), found["random"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError("not a checkpoint", where="Particle") from error
        if not same or x.shape != self._x.shape or v.shape != self._v.shape:
            raise DataError("a checkpoint of another potential or other settings", where="Particle")
        self._rng.bit_generator.state = random
        self._x[:], self._v[:], self._steps = x, v, steps

    def _identity(self) -> list[Any]:
        parameters = np.asarray(self.potential.parameters).tolist()
        return [self.potential.name, parameters, *self._settings]
