from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from sciae.domains.trajectories import Trajectories
from sciae.table import Table

FOLDER = Path(str(files("sciae"))) / "samples" / "alanine_dipeptide"


@pytest.fixture(scope="module")
def torsions() -> Table:
    angles = ("torsion:4-6-8-14", "torsion:6-8-14-16")
    domain = Trajectories(topology=FOLDER / "ala2.pdb", features=angles)
    return Table.concat([domain.read(path) for path in sorted(FOLDER.glob("*.xtc"))])


def test_there_are_enough_trajectories_to_hold_some_out(torsions: Table) -> None:
    groups, frames = np.unique(torsions.group, return_counts=True)
    assert len(groups) == 6
    np.testing.assert_array_equal(frames, 1000)
    np.testing.assert_allclose(torsions["time"].reshape(6, -1)[0], np.arange(1, 1001) / 2)


def test_no_frame_is_of_the_other_basin_as_the_card_says(torsions: Table) -> None:
    phi = torsions["torsion"].ravel()
    assert not np.any((phi >= 0) & (phi < 2.3))
    said = f"{int((phi < 0).sum())} of {len(phi)} have phi < 0"
    assert said in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_phi_and_psi_are_where_the_card_says(torsions: Table) -> None:
    domain = Trajectories(topology=FOLDER / "ala2.pdb", features=("torsions",))
    assert (domain.labels[:2], domain.descriptors.atoms) == (("phi ALA2", "psi ALA2"), 22)
    found = domain.read(FOLDER / "c7eq-0.xtc")["torsion"][:, :2]
    np.testing.assert_allclose(found[:, 0], torsions["torsion"].ravel()[:1000])
    np.testing.assert_allclose(found[:, 1], torsions["torsion2"].ravel()[:1000])


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1.5e6
