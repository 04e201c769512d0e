from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESIDUES = {
    "ACE": "H1 CH3 H2 H3 C O",
    "ALA": "N H CA HA CB HB1 HB2 HB3 C O",
    "VAL": "N H CA HA CB HB CG1 HG11 HG12 HG13 CG2 HG21 HG22 HG23 C O",
    "GLY": "N H CA HA2 HA3 C O",
    "NME": "N H C H1 H2 H3",
}
FRAMES = 150


def chain(*residues: str) -> Any:
    """A peptide with standard bonds."""
    topology = mdtraj.Topology()
    one = topology.add_chain()
    for number, name in enumerate(residues, start=1):
        residue = topology.add_residue(name, one, resSeq=number)
        for atom in RESIDUES[name].split():
            element = mdtraj.element.Element.getBySymbol(atom[0])
            topology.add_atom(atom, element, residue)
    topology.create_standard_bonds()
    return topology


def walk(topology: Any, *, frames: int = FRAMES, seed: int = 1, box: Any = None) -> Any:
    """A random walk of all atoms; frames 0.2 ps apart."""
    rng = np.random.default_rng(seed)
    start = rng.normal(scale=0.3, size=(topology.n_atoms, 3))
    steps = rng.normal(scale=0.01, size=(frames, topology.n_atoms, 3))
    made = mdtraj.Trajectory(start + np.cumsum(steps, axis=0), topology, 0.2 * np.arange(frames))
    if box is not None:
        made.unitcell_vectors = np.repeat(np.asarray(box, np.float32)[None], frames, axis=0)
    return made


def save(trajectory: Any, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*netCDF4")
        trajectory.save(str(path))
    return path


@pytest.fixture(scope="session")
def peptide() -> Callable[..., Any]:
    """Make a topology of capped or bare residues."""
    return chain


@pytest.fixture(scope="session")
def dipeptide() -> Any:
    """150 frames of alanine dipeptide."""
    return walk(chain("ACE", "ALA", "NME"))


@pytest.fixture(scope="session")
def walking() -> Callable[..., Any]:
    """Make frames of a topology."""
    return walk


@pytest.fixture(scope="session")
def saved() -> Callable[[Any, Path], Path]:
    """Write frames by mdtraj."""
    return save


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, dipeptide: Any) -> Callable[[str], Path]:
    """The dipeptide's frames in a file of each format; those of ``top.pdb`` are one."""
    folder = tmp_path_factory.mktemp("dipeptide")
    save(dipeptide[0], folder / "top.pdb")

    def named(name: str) -> Path:
        path = folder / name
        return path if path.exists() else save(dipeptide, path)

    return named


@pytest.fixture
def copied(files: Callable[[str], Path], tmp_path: Path) -> Callable[..., Path]:
    """A copy of a file's first bytes, with some changed."""

    def copy(name: str, *, cut: int = 0, changes: dict[int, bytes] | None = None) -> Path:
        data = bytearray(files(name).read_bytes())
        for at, new in (changes or {}).items():
            data[at : at + len(new)] = new
        path = tmp_path / name
        path.write_bytes(data[: len(data) - cut])
        return path

    return copy
