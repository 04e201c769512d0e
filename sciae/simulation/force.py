"""BiasForce: a bias on a collective variable as one Python function that OpenMM calls per step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from sciae.collective.chain import forward, pull_back
from sciae.errors import SimulationError
from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.energy import bias_energy
from sciae.simulation.system import load_openmm

if TYPE_CHECKING:
    import openmm
    from numpy.typing import NDArray

    from sciae.collective import CompiledVariable
    from sciae.simulation.bias import Bias, Tables

    Array = NDArray[np.float64]


__all__ = ["BiasForce", "positions_into"]

POSITIONS = 1  # openmm.State.Positions


class BiasForce:
    """V(s(x)) and its force on the atoms that s depends on; what a `PythonForce` calls.

    It holds the bias's own tables, no copy of them, so that a deposit acts from the next
    step on. (OpenMM keeps the very object it is given. It pickles it once besides, for
    files; a copy made from those bytes has tables of its own.)

    Parameters
    ----------
    variable : CompiledVariable
        It is this force's own from now on: its tables are where it works.
    bias : Bias
    periodic : bool
        Whether the system has a box.

    Attributes
    ----------
    s : array, shape (dim,)
        Variable at the last call: an integrator calls at the *beginning* of each step.
    energy : float
        Bias there, kJ/mol.
    fault : BaseException or None
        What was raised in a call; OpenMM hands on its text alone.
    """

    def __init__(self, variable: CompiledVariable, bias: Bias, *, periodic: bool) -> None:
        assert len(variable.used)  # OpenMM takes none for all, and `_x` would be too short
        self.used = np.array(variable.used, np.int64)
        self.periodic = periodic and variable.periodic
        self.energy = math.nan
        self.fault: BaseException | None = None
        self.s = np.zeros(variable.dim)
        self._variable, self._bias = variable.tables, bias.tables
        self._slope = np.zeros(variable.dim)
        self._x, self._force = np.zeros((2, len(self.used), 3))
        self._box = np.zeros((3, 3))

    def __call__(self, state: Any) -> tuple[float, Array]:
        """Energy in kJ/mol and forces in kJ/mol/nm at the positions of a state."""
        try:
            positions_into(state, self._x)
            if self.periodic:
                self._box[:] = state.getPeriodicBoxVectors(asNumpy=True)._value  # noqa: SLF001
            self.energy = _biased(
                self._variable, self._bias, self._x, self._box, self.s, self._slope, self._force
            )
            if not math.isfinite(self.energy):
                self._stop()
        except BaseException as error:
            self.fault = error
            raise
        return self.energy, self._force

    def openmm(self) -> openmm.PythonForce:
        """The force to add to a system."""
        force = load_openmm().PythonForce(self, {}, self.used.tolist())
        force.setUsesPeriodicBoundaryConditions(self.periodic)
        force.setName("bias")
        return force

    def _stop(self) -> NoReturn:
        raise SimulationError(
            f"the bias is {self.energy} kJ/mol at s = {self.s.tolist()}",
            where="bias",
            expected="a finite number",
            fix="Take a shorter time step, or start from relaxed positions.",
        )


def positions_into(state: Any, out: Array) -> None:
    """Positions in nm of a state's particles, into (particle, 3), which must fit.

    What ``getPositions(asNumpy=True)`` does inside, without its 8 us for units; where
    OpenMM has it no longer, that.
    """
    try:
        state._getVectorAsNumpy(POSITIONS, out)  # noqa: SLF001
    except AttributeError:
        out[:] = state.getPositions(asNumpy=True)._value  # noqa: SLF001


@compiled
def _biased(  # noqa: PLR0917 - compiled code has no objects to hold them
    variable: tuple[Any, ...],
    bias: Tables,
    x: Array,
    box: Array,
    s: Array,
    slope: Array,
    force: Array,
) -> float:
    """V(s(x)) in kJ/mol; s, dV/ds and -dV/dx are written to the arrays given."""
    s[:] = forward(variable, x, box)
    energy = bias_energy(bias, s, slope)
    pull_back(variable, slope, force)
    for i in range(force.shape[0]):
        for j in range(3):
            force[i, j] = -force[i, j]
    return energy
