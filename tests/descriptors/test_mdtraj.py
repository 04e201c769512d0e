from __future__ import annotations

from typing import TYPE_CHECKING

import mdtraj as md
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sciae.descriptors import (
    RMSD,
    Angles,
    Descriptors,
    Distances,
    Positions,
    RadiusOfGyration,
    Torsions,
)

if TYPE_CHECKING:
    from sciae.descriptors import Part

ATOMS, FRAMES = 12, 50
PAIRS = [(i, j) for i in range(ATOMS) for j in range(i)]
BOXES = {"none": None, "upright": (0.9, 1.1, 1.0, 90, 90, 90), "slanted": (1, 1.2, 1.1, 65, 75, 80)}


@pytest.fixture(params=BOXES)
def trajectory(request: pytest.FixtureRequest) -> md.Trajectory:
    topology = md.Topology()
    residue = topology.add_residue("ALA", topology.add_chain())
    for i in range(ATOMS):
        topology.add_atom(f"C{i}", md.element.carbon, residue)
    x = np.random.default_rng(3).uniform(-0.6, 0.6, size=(FRAMES, ATOMS, 3)).astype(np.float32)
    made = md.Trajectory(x, topology)
    if (cell := BOXES[request.param]) is not None:
        made.unitcell_lengths = np.tile(cell[:3], (FRAMES, 1))
        made.unitcell_angles = np.tile(cell[3:], (FRAMES, 1))
    return made


def values(part: Part, trajectory: md.Trajectory) -> np.ndarray:
    box = trajectory.unitcell_vectors
    descriptors = Descriptors((part,), atoms=ATOMS, periodic=box is not None)
    return descriptors.values(trajectory.xyz, box)


def test_distances_are_those_of_mdtraj(trajectory: md.Trajectory):
    assert_allclose(
        values(Distances(PAIRS), trajectory), md.compute_distances(trajectory, PAIRS), atol=1e-6
    )


def test_angles_are_those_of_mdtraj(trajectory: md.Trajectory):
    triples = [(i, i + 1, i + 2) for i in range(10)]
    theirs = md.compute_angles(trajectory, triples)
    sure = abs(np.sin(theirs)) > 0.3  # the arccosine of a float32 is not sure near 0 and pi
    assert_allclose(values(Angles(triples), trajectory)[sure], theirs[sure], atol=1e-6)


def test_torsions_are_those_of_mdtraj(trajectory: md.Trajectory):
    quadruples = [(i, i + 1, i + 2, i + 3) for i in range(9)]
    theirs = md.compute_dihedrals(trajectory, quadruples)
    change = values(Torsions(quadruples), trajectory) - theirs
    sines = np.sin(md.compute_angles(trajectory, [(i, i + 1, i + 2) for i in range(10)]))
    sure = np.minimum(abs(sines[:, :-1]), abs(sines[:, 1:])) > 0.3  # float32, and nearly a line
    assert_allclose(((change + np.pi) % (2 * np.pi) - np.pi)[sure], 0, atol=2e-6)


def test_the_radius_of_gyration_is_that_of_mdtraj(trajectory: md.Trajectory):
    trajectory.unitcell_vectors = None  # mdtraj makes nothing whole
    ours = values(RadiusOfGyration(range(ATOMS)), trajectory)[:, 0]
    assert_allclose(ours, md.compute_rg(trajectory), atol=1e-6)


def test_deviation_and_positions_are_those_of_mdtraj(trajectory: md.Trajectory):
    trajectory.unitcell_vectors = None
    # near one structure, as of a molecule: mdtraj fits in float32, badly where two
    # rotations are almost as good
    noise = np.random.default_rng(4).normal(scale=0.05, size=trajectory.xyz.shape)
    trajectory.xyz = trajectory.xyz[:1] + noise
    atoms = [0, 3, 4, 7, 8, 11]
    reference = trajectory.xyz[0, atoms].astype(np.float64)
    ours = values(RMSD(atoms, reference), trajectory)[1:, 0]
    theirs = md.rmsd(trajectory, trajectory, 0, atom_indices=atoms)[1:]
    assert_allclose(ours, theirs, atol=1e-6)
    superposed = trajectory.slice(range(FRAMES)).superpose(trajectory, 0, atom_indices=atoms)
    placed = values(Positions(atoms, reference), trajectory).reshape(FRAMES, len(atoms), 3)
    assert_allclose(placed + reference.mean(0), superposed.xyz[:, atoms], atol=1e-6)
