from __future__ import annotations

import filecmp
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.domains.trajectories import Trajectories
from sciae.free_energy import transitions
from sciae.sampling import Segment
from sciae.sampling.crossings import Crossings
from sciae.sampling.settling import Basin, Settling, basins_of, spread_out
from sciae.simulation import BiasedRun, from_pdb, simulate

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("openmm")
EVERY = {"platform": "Reference", "stride": 50, "frames": 250, "timestep": 0.002}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, alanine: Path, domain: Trajectories) -> BiasedRun:
    """One that a strong bias along phi drives over the barrier."""
    from sciae.collective import CollectiveVariable
    from sciae.descriptors import Descriptors, Torsions

    phi = CollectiveVariable.of_descriptors(
        Descriptors((Torsions([(4, 6, 8, 14)]),), atoms=22), names=("phi",)
    )
    return simulate(
        phi, system=from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), time="60 ps",
        out=tmp_path_factory.mktemp("run") / "run", method="metadynamics", height=3.0,
        gamma=20.0, sigma=[0.3], pace=100, rng=3, **EVERY,
    )  # fmt: skip


def settling(alanine: Path, domain: Trajectories, sources: list[Path], tries: int) -> Settling:
    return Settling(
        system=from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), domain=domain,
        first=Segment(paths=tuple(sources)), tries=tries, time="5 ps", settings=EVERY,
    )  # fmt: skip


def phi_of(paths: tuple[Path, ...], alanine: Path) -> np.ndarray:
    domain = Trajectories(
        topology=alanine / "ala2.pdb", features=("torsion:4-6-8-14",), timestep=1.0
    )
    return np.concatenate(
        [next(iter(domain.read(path).columns.values())).ravel() for path in paths]
    )


def test_what_is_let_go_beyond_the_barrier_stays_there(
    run: BiasedRun, tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path]
) -> None:
    phi = phi_of(run.trajectories, alanine)
    assert ((phi > 0.5) & (phi < 1.7)).any(), "the bias did not cross"
    one = settling(alanine, domain, sources, 6)
    basin = one.after(run, tmp_path / "settled", 1)
    assert basin
    assert basin.tries == 6
    angles = phi_of(basin.paths, alanine)
    assert ((angles > 0) & (angles < 2.3)).all()
    lengths = {len(domain.read(path)) for path in basin.paths}
    assert lengths == {60}  # 30 ps: longer than those that were let go to see
    assert len(basin.paths) == 5  # as many, however few frames fell there
    assert 1 <= basin.found <= 6
    assert f"{basin.found} of 6" in str(basin)


def test_what_was_done_is_not_done_again(
    run: BiasedRun, tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path]
) -> None:
    one = settling(alanine, domain, sources, 3)
    first = one.after(run, tmp_path / "a", 1)
    (tmp_path / "a" / "basin.json").rename(tmp_path / "kept")
    again = one.after(run, tmp_path / "a", 1)
    assert again == first
    assert filecmp.cmp(tmp_path / "kept", tmp_path / "a" / "basin.json", shallow=False)
    assert one.after(run, tmp_path / "a", 999) == first  # read, whatever the seed


def test_frames_like_the_first_ones_are_not_let_go(
    tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path]
) -> None:
    short = simulate(
        None, system=from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), time="5 ps",
        out=tmp_path / "run", method="none", rng=4, **EVERY,
    )  # fmt: skip
    basin = settling(alanine, domain, sources, 5).after(short, tmp_path / "settled", 1)
    assert not basin
    assert "stayed away from the first basin" in str(basin)
    assert basin == Basin(paths=(), apart=0.5, tries=basin.tries)


def test_points_are_spread_out_and_groups_are_parted() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(size=(50, 3)), rng.normal(size=(50, 3)) + 20])
    chosen = spread_out(points, 4)
    assert len(set(chosen)) == 4
    assert {k >= 50 for k in chosen} == {False, True}
    assert spread_out(points[:0], 4) == []
    assert basins_of({}, 1.0) == []
    near = {1: points[:20], 4: points[20:50], 7: points[50:]}
    assert basins_of(near, 3.0) == [[1, 4], [7]]


def test_crossings_are_counted_by_what_frames_are_like_not_by_an_angle(
    run: BiasedRun, tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path]
) -> None:
    one = settling(alanine, domain, sources, 6)
    basin = one.after(run, tmp_path / "settled", 1)
    found = Crossings(domain=domain, first=one.familiar, basin=basin).of(run)
    phi = phi_of(run.trajectories, alanine)
    wanted = transitions(phi, (-2.8, -0.5), (0.4, 1.8), step=0.5, period=2 * np.pi)
    assert wanted.total >= 2
    assert abs(found.total - wanted.total) <= 1  # frames far from both count as neither
    assert found.duration == pytest.approx(60)
    judged = Crossings(domain=domain, first=one.familiar, basin=basin).verdict(run)
    assert not judged.converged  # so short a run
    assert "transitions forward" in str(judged)
