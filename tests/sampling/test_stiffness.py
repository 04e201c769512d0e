from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.descriptors import Descriptors, Distances
from sciae.free_energy import verdict
from sciae.sampling.stiffness import stiffness
from sciae.simulation import BiasedRun, Static, from_pdb, simulate
from sciae.simulation.bias import Grid

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("openmm")
PAIRS = [(4, 14), (0, 20)]


def run(out: Path, alanine: Path, pairs: list[tuple[int, int]], stiff: float, **more: Any
        ) -> BiasedRun:  # fmt: skip
    """Under springs on distances that are as long as they like to be."""
    dim = len(pairs)
    variable = CollectiveVariable.of_descriptors(
        Descriptors((Distances(pairs),), atoms=22), low=[0.0] * dim, high=[1.0] * dim
    )
    grid = Grid((-0.5,) * dim, (1.5,) * dim, (50,) * dim)
    energy = stiff / 2 * np.square(grid.nodes - 0.5).sum(1)
    return simulate(
        variable, system=from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), time="1 ps",
        out=out, method="static", static=Static(grid, energy), walls=False, stride=50, frames=50,
        platform="Reference", timestep="0.5 fs", rng=1, **more,
    )  # fmt: skip


@pytest.mark.parametrize("pairs", [PAIRS[:1], PAIRS])
def test_a_spring_on_a_distance_turns_by_its_reduced_mass(
    tmp_path: Path, alanine: Path, pairs: list[tuple[int, int]]
) -> None:
    import mdtraj

    mass = [atom.element.mass for atom in mdtraj.load(alanine / "ala2.pdb").topology.atoms]
    fastest = max(1 / mass[a] + 1 / mass[b] for a, b in pairs)
    found = stiffness(run(tmp_path / "run", alanine, pairs, 9000.0))
    assert found == pytest.approx(np.sqrt(9000.0 * fastest) * 0.0005, rel=1e-3)


def test_without_a_picture_of_the_bias_nothing_is_said(tmp_path: Path, alanine: Path) -> None:
    system = from_pdb(alanine / "ala2.pdb", force_field="amber99sb")
    free = simulate(
        None, system=system, time="0.2 ps", out=tmp_path / "free", method="none",
        platform="Reference", rng=1,
    )  # fmt: skip
    assert stiffness(free) is None
    assert len(verdict(temperature=300.0).findings) == 6


def test_a_run_that_does_not_follow_its_bias_is_not_converged() -> None:
    told = {s: verdict(temperature=300.0, stiffness=s).findings[-1] for s in (0.6, 1.4)}
    assert [one.passed for one in told.values()] == [True, False]
    assert "turns 1.40 rad in a time step" in told[1.4].words
