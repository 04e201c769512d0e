"""MolecularSystem: atoms with a force field, ready to be simulated with OpenMM."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError, MissingExtraError, SpecError
from sciae.run.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import openmm
    from numpy.typing import ArrayLike, NDArray
    from openmm import app

__all__ = ["MolecularSystem", "load_openmm"]

RUNS_CODE = "PythonForce"  # holds a Python object, whose code would run when it is read


def load_openmm() -> ModuleType:
    """The package `openmm`.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import openmm
        import openmm.app
    except ImportError as error:
        raise MissingExtraError("openmm", "md") from error
    module: ModuleType = openmm
    return module


@dataclass(frozen=True, eq=False, kw_only=True)
class MolecularSystem:
    """Atoms, the forces on them, and where they start.

    Made by `sciae.simulation.from_pdb` and its like, or from one's own OpenMM objects.

    Parameters
    ----------
    system : openmm.System
        Forces, masses, constraints; left as it is, runs use a copy.
    topology : openmm.app.Topology
        Names of the atoms, in the same order.
    positions : array, shape (atom, 3)
        In nm.
    about : mapping
        Where it comes from, as plain JSON.

    Raises
    ------
    SpecError
        If the parts have different numbers of atoms.
    DataError
        If a position is not finite.
    """

    system: openmm.System
    topology: app.Topology
    positions: NDArray[np.float64]
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        load_openmm()
        object.__setattr__(self, "positions", self.placed(self.positions, where="positions"))
        object.__setattr__(self, "about", plain(self.about, where="about"))
        if (named := self.topology.getNumAtoms()) != self.atoms:
            raise SpecError(
                f"a system of {self.atoms} particles", where="MolecularSystem",
                expected=f"{named}, as in the topology",
            )  # fmt: skip

    @property
    def atoms(self) -> int:
        """How many atoms."""
        return int(self.system.getNumParticles())

    @property
    def names(self) -> tuple[str, ...]:
        """Residue, its number and atom, such as "ALA2.CA"."""
        return tuple(
            f"{atom.residue.name}{atom.residue.id}.{atom.name}" for atom in self.topology.atoms()
        )

    @property
    def periodic(self) -> bool:
        """Whether there is a box."""
        return bool(self.system.usesPeriodicBoundaryConditions())

    @property
    def is_safe(self) -> bool:
        """Whether its file can be read back without running code."""
        forces = self.system.getForces()
        return not any(type(force).__name__ == RUNS_CODE for force in forces)

    @property
    def xml(self) -> str:
        """The system in OpenMM's XML, exact to the last bit."""
        return str(load_openmm().XmlSerializer.serialize(self.system))

    @property
    def sha256(self) -> str:
        """Of `xml`: two systems with the same are the same."""
        return hashlib.sha256(self.xml.encode()).hexdigest()

    def copy_of_system(self) -> openmm.System:
        """A system to add forces to."""
        import copy

        return copy.deepcopy(self.system)

    def placed(self, positions: ArrayLike, *, where: str) -> NDArray[np.float64]:
        """Positions of all atoms, checked.

        Raises
        ------
        DataError
            If they are of another number of atoms, or not finite.
        """
        x = np.ascontiguousarray(positions, np.float64)
        if x.shape != (self.atoms, 3):
            raise DataError(
                f"positions of shape {x.shape}", where=where, expected=f"({self.atoms}, 3)"
            )
        if not np.isfinite(x).all():
            raise DataError(
                f"atom {int(np.argwhere(~np.isfinite(x))[0, 0])} has no finite position",
                where=where,
                fix="Add the missing atoms first.",
            )
        return x
