from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.export import NumpyEncoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.collective import CollectiveVariable

NAMES = {
    "ACE": "H1 CH3 H2 H3 C O",
    "ALA": "N H CA HA CB HB1 HB2 HB3 C O",
    "NME": "N H C H1 H2 H3",
}
PHI, PSI = (4, 6, 8, 14), (6, 8, 14, 16)
HEAVY = [1, 4, 5, 6, 8, 10, 14, 15, 16, 18]
# atom, the three it is placed from, distance (nm), angle, torsion (degrees)
INTERNAL = [
    (5, 4, 1, 6, 0.123, 121, 180),
    (0, 1, 4, 6, 0.109, 109.5, 60), (2, 1, 4, 6, 0.109, 109.5, 180),
    (3, 1, 4, 6, 0.109, 109.5, -60), (8, 6, 4, 1, 0.145, 122, 180), (7, 6, 4, 1, 0.101, 119, 0),
    (14, 8, 6, 4, 0.152, 111, "phi"), (10, 8, 6, 14, 0.153, 110, -122),
    (9, 8, 6, 14, 0.109, 108, 119), (11, 10, 8, 6, 0.109, 109.5, 60),
    (12, 10, 8, 6, 0.109, 109.5, 180), (13, 10, 8, 6, 0.109, 109.5, -60),
    (16, 14, 8, 6, 0.1335, 116.5, "psi"), (15, 14, 8, 16, 0.123, 120.5, 180),
    (18, 16, 14, 8, 0.145, 122, 180), (17, 16, 14, 8, 0.101, 119, 0),
    (19, 18, 16, 14, 0.109, 109.5, 60), (20, 18, 16, 14, 0.109, 109.5, 180),
    (21, 18, 16, 14, 0.109, 109.5, -60),
]  # fmt: skip


def _placed(b: Any, a: Any, t: Any, r: float, angle: float, torsion: float) -> Any:
    along = (b - a) / np.linalg.norm(b - a)
    normal = np.cross(a - t, along)
    normal /= np.linalg.norm(normal)
    across = np.cross(normal, along)
    g, o = np.radians([angle, torsion])
    return b + r * (-np.cos(g) * along + np.sin(g) * (np.cos(o) * across + np.sin(o) * normal))


def _alanine(phi: float = -80.0, psi: float = 75.0) -> Any:
    x = np.zeros((22, 3))
    x[4] = [0.152, 0, 0]
    x[6] = x[4] + 0.1335 * np.array([math.cos(math.radians(64)), math.sin(math.radians(64)), 0])
    for i, b, a, t, r, angle, torsion in INTERNAL:
        turn = {"phi": phi, "psi": psi}.get(torsion, torsion)
        x[i] = _placed(x[b], x[a], x[t], r, angle, turn)
    return x


@pytest.fixture(scope="session")
def alanine_positions() -> Callable[..., Any]:
    """Alanine dipeptide from internal coordinates: (22, 3) in nm, by phi and psi in degrees."""
    return _alanine


def pdb_text() -> str:
    """ACE-ALA-NME as the text of a PDB file."""
    lines = []
    atoms = [(res, name) for res, names in NAMES.items() for name in names.split()]
    for i, ((residue, name), place) in enumerate(zip(atoms, 10 * _alanine(), strict=True)):
        number = list(NAMES).index(residue) + 1
        shown = name if len(name) == 4 else f" {name}"
        xyz = "".join(f"{q:8.3f}" for q in place)
        lines.append(
            f"ATOM  {i + 1:5d} {shown:<4} {residue} A{number:4d}    {xyz}"
            f"  1.00  0.00          {name[0]:>2}"
        )
    return "\n".join([*lines, "TER", "END", ""])


@pytest.fixture(scope="session")
def alanine_pdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ACE-ALA-NME as a PDB file."""
    path = tmp_path_factory.mktemp("alanine") / "ala2.pdb"
    path.write_text(pdb_text())
    return path


@pytest.fixture(scope="session")
def alanine(alanine_pdb: Path) -> Any:
    """Alanine dipeptide in vacuum."""
    from sciae.simulation import from_pdb

    return from_pdb(alanine_pdb, force_field="amber99sb")


@pytest.fixture(scope="session")
def names(alanine: Any) -> tuple[str, ...]:
    return alanine.names


def _variable(descriptors: Any, **settings: Any) -> CollectiveVariable:
    """The descriptors' numbers as they are."""
    from sciae.autoencoders.raw.inputs import names as names_of
    from sciae.collective import CollectiveVariable

    n = descriptors.width
    encoder = NumpyEncoder(
        columns=np.array([name for field in descriptors.schema for name in names_of(field)]),
        function=np.zeros(n, int), column=np.arange(n), a=np.zeros(n), b=np.ones(n),
        least=np.full(n, -np.inf), sizes=np.array([n, n]),
        weights=np.concatenate([np.eye(n).ravel(), np.zeros(n)]), activation="none",
        end="linear",
    )  # fmt: skip
    return CollectiveVariable(encoder=encoder, descriptors=descriptors, **settings)


def torsion_variable(names: tuple[str, ...], quadruples: Any) -> CollectiveVariable:
    """Torsions of alanine dipeptide as they are."""
    from sciae.descriptors import Descriptors, Torsions

    n = len(quadruples)
    descriptors = Descriptors((Torsions(quadruples),), atoms=22, names=names)
    low = np.full(n, -math.pi)
    return _variable(
        descriptors, names=("phi", "psi")[:n], periods=(2 * math.pi,) * n, low=low, high=-low
    )


def learned_variable(names: tuple[str, ...]) -> CollectiveVariable:
    """A network 45-30-30-2 (tanh) of the distances between heavy atoms, not trained."""
    from sciae.autoencoders.raw.inputs import names as names_of
    from sciae.collective import CollectiveVariable
    from sciae.descriptors import Descriptors, Distances

    pairs = list(itertools.combinations(HEAVY, 2))
    descriptors = Descriptors((Distances(pairs),), atoms=22, names=names)
    x = _alanine()
    rng, sizes = np.random.default_rng(1), [45, 30, 30, 2]
    weights = []
    for into, out in itertools.pairwise(sizes):
        weights += [rng.normal(size=into * out) / math.sqrt(into), np.zeros(out)]
    encoder = NumpyEncoder(
        columns=np.array([name for field in descriptors.schema for name in names_of(field)]),
        function=np.zeros(45, int), column=np.arange(45), a=descriptors.values(x[None])[0],
        b=np.full(45, 0.05), least=np.full(45, -np.inf), sizes=np.array(sizes),
        weights=np.concatenate(weights), activation="tanh", end="linear",
    )  # fmt: skip
    return CollectiveVariable(
        encoder=encoder, descriptors=descriptors, low=[-1.0, -1.0], high=[1.0, 1.0]
    )


@pytest.fixture(scope="session")
def torsions(names: tuple[str, ...]) -> Callable[..., CollectiveVariable]:
    """Torsions of alanine dipeptide as they are; by default phi and psi."""
    return lambda *quadruples: torsion_variable(names, quadruples or (PHI, PSI))


@pytest.fixture(scope="session")
def learned(names: tuple[str, ...]) -> CollectiveVariable:
    """A network of distances, not trained."""
    return learned_variable(names)
