"""Feature strings of a molecule as descriptors."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.descriptors.descriptors import Descriptors
from sciae.descriptors.parts.aligned import RMSD, Positions
from sciae.descriptors.parts.angles import Angles, Torsions
from sciae.descriptors.parts.contacts import Contacts, Coordination
from sciae.descriptors.parts.distances import Distances, InverseDistances
from sciae.descriptors.parts.gyration import RadiusOfGyration
from sciae.domains.trajectories.molecule import select
from sciae.domains.trajectories.torsions import (
    backbone,
    bond_angles,
    proper,
    side_chains,
    torsion_label,
)
from sciae.errors import SourceError, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.descriptors.parts.part import Part
    from sciae.domains.trajectories.grammar import Feature
    from sciae.domains.trajectories.molecule import Molecule

__all__ = ["descriptors_of", "labels_of", "saved_descriptors"]

MOST = 100_000  # numbers per frame: more is a mistake in a selection
NAMES = {  # of fields, by kind
    "torsions": "torsion", "torsion": "torsion", "sidechains": "sidechain",
    "angles": "angle", "angle": "angle", "distances": "distance", "distance": "distance",
    "inverse-distances": "inverse_distance", "contacts": "contact",
    "coordination": "coordination", "positions": "position", "rmsd": "rmsd", "rg": "rg",
}  # fmt: skip


def descriptors_of(
    features: Sequence[Feature],
    molecule: Molecule,
    *,
    selection: str = "all",
    reference: NDArray[Any] | None = None,
    periodic: bool = False,
) -> Descriptors:
    """The parts that the features name, in their order.

    Parameters
    ----------
    features : sequence of Feature
    molecule : Molecule
    selection : str
        Atoms that features without a selection of their own look at.
    reference : array, shape (atom, 3), optional
        Coordinates in nm for positions and RMSD; the molecule's by default.
    periodic : bool
        Whether nearest images are taken.

    Raises
    ------
    SpecError
        If a selection is empty, two features give the same field, or a feature does not fit
        the molecule.
    """
    used: Counter[str] = Counter()
    allowed = select(molecule, selection, where="Trajectories, selection")
    xyz = molecule.xyz if reference is None else reference
    parts = []
    for feature in features:
        used[NAMES[feature.kind]] += 1
        count = used[NAMES[feature.kind]]
        name = NAMES[feature.kind] + (str(count) if count > 1 else "")
        parts.append(_Resolver(feature, molecule, allowed, xyz, name).part())
    return Descriptors(parts, atoms=molecule.atoms, names=molecule.names, periodic=periodic)


def labels_of(descriptors: Descriptors) -> tuple[str, ...]:
    """A label for each number: "phi ALA2" where a torsion has a name, "d(A-B)" otherwise."""
    labels: list[str] = []
    for part in descriptors.parts:
        plain = part.labelled(descriptors.names)
        if isinstance(part, Torsions) and descriptors.names:
            named = ([descriptors.names[i] for i in atoms] for atoms in part.quadruples)
            plain = tuple(
                torsion_label(one) or label for one, label in zip(named, plain, strict=True)
            )
        labels += plain
    return tuple(labels)


def saved_descriptors(path: str | Path) -> Descriptors:
    """The descriptors in a JSON file: their own, or that of a saved collective variable.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    path = Path(path)
    path = path / "cv.json" if path.is_dir() else path
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(
            f"cannot be read ({type(error).__name__})", where=path, expected="saved descriptors"
        ) from error
    row = row.get("descriptors", row) if isinstance(row, dict) else row
    return Descriptors.from_json(row)


class _Resolver:
    """One feature of one molecule."""

    def __init__(
        self,
        feature: Feature,
        molecule: Molecule,
        allowed: NDArray[np.int64],
        xyz: NDArray[Any] | None,
        name: str,
    ) -> None:
        self._feature, self._molecule, self._allowed = feature, molecule, allowed
        self._xyz, self._name = xyz, name
        self._where = f"feature {feature.text!r}"

    def part(self) -> Part:
        kind, name = self._feature.kind, self._name
        if kind in ("torsions", "sidechains", "torsion"):
            return Torsions(self._counted(self._torsions()), name=name)
        if kind in ("angles", "angle"):
            return Angles(self._counted(self._angles()), name=name)
        if kind == "coordination":
            first, second = self._selected()
            return Coordination(first.tolist(), second.tolist(), r0=self._feature.r0, name=name)
        if kind in ("positions", "rmsd", "rg"):
            return self._of_group()
        pairs = self._counted(self._pairs())
        if kind == "contacts":
            return Contacts(pairs, r0=self._feature.r0, name=name)
        return (InverseDistances if kind == "inverse-distances" else Distances)(pairs, name=name)

    def _torsions(self) -> list[Any]:
        if self._feature.atoms:
            return [self._feature.atoms]
        if self._feature.kind == "sidechains":
            return self._inside(side_chains(self._molecule))
        if not self._feature.selections:
            return self._inside(backbone(self._molecule))
        self._molecule.require_bonds(self._where)
        return proper(self._molecule, self._heavy())

    def _angles(self) -> list[Any]:
        if self._feature.atoms:
            return [self._feature.atoms]
        self._molecule.require_bonds(self._where)
        return bond_angles(self._molecule, self._heavy())

    def _of_group(self) -> Part:
        (atoms,) = self._selected() or [self._heavy()]
        if self._feature.kind == "rg":
            elements = [self._molecule.topology.atom(int(i)).element for i in atoms]
            masses = [getattr(element, "mass", 0.0) for element in elements]
            return RadiusOfGyration(atoms.tolist(), masses if all(masses) else (), name=self._name)
        if self._xyz is None:
            raise SpecError(
                f"{self._molecule.path} holds no coordinates",
                where=self._where,
                fix="Name a PDB or GRO file of the same atoms as `reference`.",
            )
        kind = RMSD if self._feature.kind == "rmsd" else Positions
        return kind(atoms.tolist(), np.asarray(self._xyz, np.float64)[atoms], name=self._name)

    def _pairs(self) -> list[tuple[int, ...]]:
        if self._feature.atoms:
            return [self._feature.atoms]
        groups = self._selected() or [self._heavy()]
        sizes = [len(group) for group in groups]
        self._limit(sizes[0] * (sizes[-1] if len(sizes) > 1 else sizes[0] - 1) // (3 - len(sizes)))
        if len(groups) == 1:
            return list(combinations(groups[0].tolist(), 2))
        first, second = (group.tolist() for group in groups)
        return sorted({(min(i, j), max(i, j)) for i in first for j in second if i != j})

    def _selected(self) -> list[NDArray[np.int64]]:
        return [select(self._molecule, s, where=self._where) for s in self._feature.selections]

    def _heavy(self) -> NDArray[np.int64]:
        """The heavy atoms of the feature's selection, or of those that all features may see."""
        texts = [text for text in self._feature.selections if text != "all"]
        atoms = select(self._molecule, texts[0], where=self._where) if texts else self._allowed
        return np.intersect1d(atoms, self._molecule.heavy)

    def _inside(self, quadruples: list[Any]) -> list[Any]:
        allowed = set(self._allowed.tolist())
        return [atoms for atoms in quadruples if allowed.issuperset(atoms)]

    def _counted(self, atoms: list[Any]) -> list[Any]:
        if not atoms:
            raise SpecError(
                "no numbers: no such pair, angle or torsion among the atoms",
                where=self._where,
                fix="Select more atoms.",
            )
        self._limit(len(atoms))
        return atoms

    def _limit(self, count: int) -> None:
        if count > MOST:
            raise SpecError(
                f"{count} numbers per frame",
                where=self._where,
                expected=f"at most {MOST}",
                fix="Select fewer atoms, e.g. 'distances:name CA', or set `selection`.",
            )
