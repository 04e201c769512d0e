"""Molecule: the topology that trajectories are read with, its names, bonds and coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np

from sciae.domains.trajectories.box import checked
from sciae.errors import SourceError, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Molecule", "load_molecule", "select"]

BARE = (".prmtop", ".parm7", ".prm7", ".psf")  # topologies without coordinates
LIGHT = ("H", "D", "VS")  # hydrogen, deuterium, and mdtraj's virtual sites


@dataclass(frozen=True, eq=False)
class Molecule:
    """Atoms, residues and bonds, and coordinates if the file has them.

    Attributes
    ----------
    path : Path
    topology : mdtraj.Topology
    xyz : array, shape (atom, 3), or None
        nm.
    has_box : bool
    """

    path: Path
    topology: Any
    xyz: NDArray[Any] | None
    has_box: bool

    @property
    def atoms(self) -> int:
        """How many."""
        return int(self.topology.n_atoms)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all atoms, such as "ALA2.CA"; with the chain before it where that is ambiguous."""
        plain = tuple(f"{a.residue}.{a.name}" for a in self.topology.atoms)
        if len(set(plain)) == len(plain):
            return plain
        chains = [a.residue.chain for a in self.topology.atoms]
        marks = [getattr(chain, "chain_id", None) or chain.index for chain in chains]
        return tuple(f"{mark}:{name}" for mark, name in zip(marks, plain, strict=True))

    @cached_property
    def heavy(self) -> NDArray[np.int64]:
        """Atoms that are neither hydrogen nor virtual."""
        symbols = [getattr(a.element, "symbol", None) for a in self.topology.atoms]
        return np.flatnonzero([symbol not in LIGHT for symbol in symbols])

    @cached_property
    def neighbours(self) -> Mapping[int, frozenset[int]]:
        """The atoms bonded to each; none at all if the file knows no bonds."""
        bonded: dict[int, set[int]] = {}
        for one, other in self.topology.bonds:
            bonded.setdefault(one.index, set()).add(other.index)
            bonded.setdefault(other.index, set()).add(one.index)
        return {atom: frozenset(others) for atom, others in bonded.items()}

    def require_bonds(self, where: str) -> None:
        """Raise if the topology knows no bonds.

        Raises
        ------
        SpecError
        """
        if not self.neighbours:
            raise SpecError(
                f"{self.path} knows no bonds",
                where=where,
                fix="Use a PSF or prmtop topology, a PDB file with CONECT records, or name the "
                "atoms: torsion:4-6-8-14.",
            )


def load_molecule(path: str | Path) -> Molecule:
    """The topology in a PDB, GRO, mmCIF, PSF, prmtop or other file that mdtraj reads.

    Raises
    ------
    SpecError
        If no file is named.
    SourceError
        If it is missing or cannot be read.
    """
    if not str(path):
        raise SpecError(
            "no topology",
            where="Trajectories, topology",
            expected="a PDB, GRO, PSF or prmtop file of the atoms in the trajectory",
        )
    path = Path(path)
    if not path.is_file():
        raise SourceError("no such file", where=path, expected="a topology (PDB, GRO, PSF, ...)")
    try:
        if path.suffix.lower() in BARE:
            return Molecule(path, mdtraj.load_topology(str(path)), None, has_box=False)
        frame = _first_frame(path)
    except Exception as error:  # mdtraj's readers raise whatever damaged text leads to
        text = (str(error).splitlines() or [""])[0]
        raise SourceError(
            f"cannot be read as a topology ({type(error).__name__}: {text[:160]})", where=path
        ) from error
    if not frame.topology.n_bonds:
        frame.topology.create_standard_bonds()  # GRO files name none
    box = checked(frame.unitcell_vectors, path, 0)
    return Molecule(path, frame.topology, frame.xyz[0], has_box=box is not None)


def _first_frame(path: Path) -> Any:
    if path.suffix.lower() == ".gro":  # whose reader cannot be told to stop
        return mdtraj.load(str(path))[0]
    return mdtraj.load_frame(str(path), 0)


def select(molecule: Molecule, text: str, *, where: str) -> NDArray[np.int64]:
    """The atoms that mdtraj's selection language names; "heavy" stands for all but hydrogen.

    Raises
    ------
    SpecError
        If the text is not of that language, or no atom is in it.
    """
    if text == "heavy":
        return molecule.heavy
    try:
        atoms = np.asarray(molecule.topology.select(text), np.int64)
    except Exception as error:  # its parser raises ValueError, KeyError, NameError, ...
        words = (str(error).splitlines() or [""])[0]
        raise SpecError(
            f"selection {text!r} is not understood ({words[:160]})",
            where=where,
            expected="mdtraj's language, e.g. 'resid 0 to 3 and name CA', or 'heavy'",
        ) from error
    if not len(atoms):
        residues = ", ".join(dict.fromkeys(r.name for r in molecule.topology.residues))
        raise SpecError(
            f"selection {text!r} holds no atom",
            where=where,
            fix=f"{molecule.path} has {molecule.atoms} atoms in residues {residues[:200]}.",
        )
    return atoms
