"""Torsions and angles of a topology: of the backbone, of side chains, and of every bond."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
from mdtraj.geometry import dihedral

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sciae.domains.trajectories.molecule import Molecule

    Quadruple = tuple[int, int, int, int]

__all__ = ["backbone", "bond_angles", "proper", "side_chains", "torsion_label"]

CHI = tuple(
    {tuple(names) for names in getattr(dihedral, f"CHI{k}_ATOMS")} for k in range(1, 6)
)  # of chi1, ..., chi5
ALPHA = ("CA", "CH3")  # what omega has at either end: of a residue, and of a cap


def backbone(molecule: Molecule) -> list[Quadruple]:
    """All phi, then all psi, then all omega; omegas at the caps ACE and NME are among them.

    Raises
    ------
    SpecError
        If there is none.
    """
    top = molecule.topology
    omegas = {*map(tuple, dihedral.indices_omega(top).tolist()), *_at_caps(molecule)}
    quadruples = [
        *map(tuple, dihedral.indices_phi(top).tolist()),
        *map(tuple, dihedral.indices_psi(top).tolist()),
        *sorted(omegas, key=lambda atoms: atoms[1]),
    ]
    if found := _bonded(molecule, quadruples):
        return found
    raise SpecError(
        "no backbone: no phi, psi or omega",
        where=f"torsions of {molecule.path}",
        fix="Use 'torsions:all', or name atoms: 'torsion:4-6-8-14'.",
    )


def side_chains(molecule: Molecule) -> list[Quadruple]:
    """All chi1, then all chi2, and so on.

    Raises
    ------
    SpecError
        If there is none.
    """
    quadruples = [
        tuple(atoms)
        for k in range(1, 6)
        for atoms in getattr(dihedral, f"indices_chi{k}")(molecule.topology).tolist()
    ]
    if quadruples:
        return quadruples
    raise SpecError(
        "no side chain with a torsion",
        where=f"sidechains of {molecule.path}",
        fix="Use 'torsions:all', or name atoms: 'torsion:4-6-8-14'.",
    )


def proper(molecule: Molecule, atoms: Iterable[int]) -> list[Quadruple]:
    """Every a-b-c-d of these atoms along bonds, once, with b < c."""
    near = _among(molecule, atoms)
    return [
        (a, b, c, d)
        for b in sorted(near)
        for c in sorted(near[b])
        if b < c
        for a in sorted(near[b] - {c})
        for d in sorted(near[c] - {b})
        if a != d
    ]


def bond_angles(molecule: Molecule, atoms: Iterable[int]) -> list[tuple[int, int, int]]:
    """Every a-b-c of these atoms along bonds, once, with a < c."""
    near = _among(molecule, atoms)
    return [(a, b, c) for b in sorted(near) for a, c in combinations(sorted(near[b]), 2)]


def torsion_label(names: Sequence[str]) -> str:
    """The name that biochemists give a torsion of these atoms; "" if they have none.

    Examples
    --------
    >>> torsion_label(["ACE1.C", "ALA2.N", "ALA2.CA", "ALA2.C"])
    'phi ALA2'
    >>> torsion_label(["ACE1.CH3", "ACE1.C", "ALA2.N", "ALA2.CA"])
    'omega ACE1-ALA2'
    """
    residues, _, atoms = zip(*(name.rpartition(".") for name in names), strict=True)
    one, two, three, four = residues
    if atoms == ("C", "N", "CA", "C") and one != two == three == four:
        return f"phi {two}"
    if atoms == ("N", "CA", "C", "N") and one == two == three != four:
        return f"psi {two}"
    if one == two != three == four and _is_omega(atoms):
        return f"omega {two}-{three}"
    if one == two == three == four:
        found = [k for k, known in enumerate(CHI, start=1) if atoms in known]
        return f"chi{found[0]} {two}" if found else ""
    return ""


def _is_omega(atoms: Sequence[str]) -> bool:
    return atoms[1:3] == ("C", "N") and atoms[0] in ALPHA and atoms[3] in (*ALPHA, "C")


def _at_caps(molecule: Molecule) -> list[Quadruple]:
    """Omegas that begin at the methyl of ACE or end at that of NME, whose carbon is no CA."""
    found = []
    for chain in molecule.topology.chains:
        residues = list(chain.residues)
        for one, two in pairwise(residues):
            first, last = ({a.name: a.index for a in r.atoms} for r in (one, two))
            alpha = first.get("CH3" if one.name == "ACE" else "CA")
            end = last.get("CH3", last.get("C")) if two.name in ("NME", "NMA") else last.get("CA")
            atoms = (alpha, first.get("C"), last.get("N"), end)
            if None not in atoms:
                found.append(atoms)
    return found  # type: ignore[return-value] # none of them is None


def _bonded(molecule: Molecule, quadruples: list[Quadruple]) -> list[Quadruple]:
    """Those along bonds, where bonds are known: neighbours in a file may have a gap between."""
    near = molecule.neighbours
    if not near:
        return quadruples
    return [atoms for atoms in quadruples if all(j in near.get(i, ()) for i, j in pairwise(atoms))]


def _among(molecule: Molecule, atoms: Iterable[int]) -> dict[int, frozenset[int]]:
    chosen = frozenset(np.asarray(list(atoms)).tolist())
    return {a: molecule.neighbours.get(a, frozenset()) & chosen for a in chosen}
