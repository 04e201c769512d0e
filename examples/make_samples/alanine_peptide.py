"""Capped peptides of L-alanine, ACE-(ALA)n-NME, from internal coordinates."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import openmm as mm
from openmm import app, unit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Point = NDArray[np.float64]

FORCE_FIELD = "amber99sb.xml"
C7EQ = (-80.0, 80.0)  # phi and psi in degrees


class Placed(NamedTuple):
    """A heavy atom: its name, its residue's number from 1, and its position in nm."""

    name: str
    residue: int
    at: Point


def build(
    residues: int = 1, *, phi: float = C7EQ[0], psi: float = C7EQ[1]
) -> tuple[app.Topology, Point]:
    """A peptide of so many alanines between caps, its energy minimised in vacuum.

    Parameters
    ----------
    residues : int
        Alanines, not counting the caps.
    phi, psi : float
        Of each alanine before minimisation, in degrees.

    Returns
    -------
    Topology
        ACE CH3 first; of one alanine phi is 4-6-8-14 and psi 6-8-14-16.
    array, shape (atom, 3)
        nm.
    """
    heavy = backbone(residues, phi=phi, psi=psi)
    topology, positions = _topology(heavy, residues), [one.at for one in heavy]
    modeller = app.Modeller(topology, np.array(positions) * unit.nanometer)
    random.seed(1)  # OpenMM places hydrogens at random before it minimises their energy
    field = app.ForceField(FORCE_FIELD)
    reference = mm.Platform.getPlatformByName("Reference")
    modeller.addHydrogens(field, platform=reference)
    system = field.createSystem(modeller.topology, constraints=app.HBonds)
    context = mm.Context(system, mm.VerletIntegrator(0.001), reference)
    context.setPositions(modeller.positions)
    mm.LocalEnergyMinimizer.minimize(context)
    found = context.getState(getPositions=True).getPositions(asNumpy=True)
    return modeller.topology, np.asarray(found.value_in_unit(unit.nanometer))


def backbone(residues: int, *, phi: float, psi: float) -> list[Placed]:
    """The heavy atoms, each from the three before it."""
    methyl, carbon = np.zeros(3), np.array([0.152, 0, 0])
    n, o = (
        carbon + r * np.array([np.cos(a), np.sin(a), 0])
        for r, a in ((0.133, np.radians(63)), (0.123, np.radians(-60)))
    )
    atoms = [Placed("CH3", 1, methyl), Placed("C", 1, carbon), Placed("O", 1, o)]
    before, carbonyl = methyl, carbon
    for residue in range(2, residues + 2):
        ca = place(before, carbonyl, n, at=(0.146, 122, 180))
        c = place(carbonyl, n, ca, at=(0.152, 111, phi))
        cb = place(carbonyl, n, ca, at=(0.153, 110, phi - 122))  # on the L side
        following = place(n, ca, c, at=(0.133, 116, psi))
        o = place(n, ca, c, at=(0.123, 120, psi + 180))
        points = {"N": n, "CA": ca, "CB": cb, "C": c, "O": o}
        atoms += [Placed(name, residue, at) for name, at in points.items()]
        before, carbonyl, n = ca, c, following
    last = place(before, carbonyl, n, at=(0.145, 122, 180))
    return [*atoms, Placed("N", residues + 2, n), Placed("C", residues + 2, last)]


def place(a: Point, b: Point, c: Point, *, at: tuple[float, float, float]) -> Point:
    """A point d at a distance c-d (nm), an angle b-c-d and a torsion a-b-c-d (degrees)."""
    length, angle, torsion = at
    along = (c - b) / np.linalg.norm(c - b)
    normal = np.cross(b - a, along)
    normal /= np.linalg.norm(normal)
    theta, turn = np.radians(angle), np.radians(torsion)
    within = np.cos(turn) * np.cross(normal, along) + np.sin(turn) * normal
    return np.asarray(c + length * (np.sin(theta) * within - np.cos(theta) * along))


def _topology(atoms: list[Placed], residues: int) -> app.Topology:
    topology = app.Topology()
    chain = topology.addChain("A")
    names = ["ACE", *["ALA"] * residues, "NME"]
    added = [topology.addResidue(name, chain, str(k)) for k, name in enumerate(names, 1)]
    for atom in atoms:
        element = app.Element.getBySymbol(atom.name[0])
        topology.addAtom(atom.name, element, added[atom.residue - 1])
    topology.createStandardBonds()
    return topology


def write_pdb(path: Path, topology: app.Topology, positions: Point) -> None:
    """Write a PDB file without the date that OpenMM puts into it."""
    with path.open("w", encoding="utf-8") as file:
        app.PDBFile.writeModel(topology, positions * unit.nanometer, file, keepIds=True)
        app.PDBFile.writeFooter(topology, file)
