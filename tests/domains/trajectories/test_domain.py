from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np
import pytest

from sciae.batch import split
from sciae.descriptors import Descriptors
from sciae.domains.trajectories import Trajectories, domain
from sciae.errors import DataError, SourceError, SpecError
from sciae.table import Annotations, Table
from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Files = Callable[[str], Path]


@pytest.fixture
def of(files: Files) -> Callable[..., Trajectories]:
    """A domain of the dipeptide."""

    def made(*features: str, **settings: Any) -> Trajectories:
        chosen = features or ("torsions", "distances")
        return Trajectories(topology=files("top.pdb"), features=chosen, **settings)

    return made


@pytest.mark.parametrize("name", ["a.dcd", "a.xtc", "a.trr", "a.nc", "a.pdb", "a.gro"])
@pytest.mark.parametrize("settings", [{}, {"stride": 4, "blocks": 3, "timestep": 0.5}])
def test_the_contract_of_a_domain_is_kept(
    name: str, settings: dict[str, Any], of: Any, files: Files
) -> None:
    table = check_domain(of(**settings), files(name))
    assert len(table) == (38 if settings else 150)


def test_values_are_mdtrajs(of: Any, files: Files, dipeptide: Any) -> None:
    table = of().read(files("a.trr"))
    pairs = of().descriptors.parts[1].pairs
    phi, psi = (f(dipeptide)[1][:, 0] for f in (mdtraj.compute_phi, mdtraj.compute_psi))
    np.testing.assert_allclose(table["torsion"][:, 0], phi, atol=1e-5)
    np.testing.assert_allclose(table["torsion"][:, 1], psi, atol=1e-5)
    expected = mdtraj.compute_distances(dipeptide, np.array(pairs))
    np.testing.assert_allclose(table["distance"], expected, atol=1e-6)


def test_nearest_images_are_taken_in_a_box(
    of: Any, tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    box = np.array([[0.9, 0, 0], [-0.3, 0.85, 0], [0.3, -0.4, 0.8]])
    made = walking(dipeptide.topology, frames=20, box=box)
    path = saved(made, tmp_path / "box.trr")
    table = of("distances", periodic=True).read(path)
    pairs = np.array(of("distances").descriptors.parts[0].pairs)
    expected = mdtraj.compute_distances(made, pairs, opt=False)
    np.testing.assert_allclose(table["distance"], expected, atol=1e-5)
    assert not np.allclose(expected, mdtraj.compute_distances(made, pairs, periodic=False))


def test_rows_carry_frame_and_time(of: Any, files: Files) -> None:
    table = of(stride=7).read(files("a.xtc"))
    np.testing.assert_array_equal(table["frame"], np.arange(0, 150, 7))
    np.testing.assert_array_equal(table.entry, table["frame"])
    np.testing.assert_allclose(table["time"], 0.2 * table["frame"], rtol=1e-6)


def test_a_time_that_nobody_knows_is_not_made_up(of: Any, files: Files) -> None:
    assert "time" not in of().read(files("a.dcd")).carried
    assert "time" not in of().read(files("a.pdb")).carried
    timed = of(timestep=2.0).read(files("a.dcd"))
    np.testing.assert_array_equal(timed["time"], 2.0 * np.arange(150))


def test_pieces_of_a_large_system_are_read_in_parts(
    of: Any, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = of(stride=3).read(files("a.dcd"))
    monkeypatch.setattr(domain, "AT_ONCE", 22 * 12 * 7)  # seven frames
    pieces = list(of(stride=3).stream(files("a.dcd"), rows=40))
    assert [piece.origins[0].stop for piece in pieces] == [42, 84, 126, 150]
    joined = Table.concat(pieces)
    for name in whole.columns:
        np.testing.assert_array_equal(joined[name], whole[name])


# ---- groups --------------------------------------------------------------------------------------


def test_each_trajectory_is_a_group_wherever_it_lies(
    of: Any, files: Files, tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    other = saved(walking(dipeptide.topology, seed=2), tmp_path / "a.dcd")
    copy = tmp_path / "copy.dcd"
    copy.write_bytes(files("a.dcd").read_bytes())
    first, second, third = (of().read(path) for path in (files("a.dcd"), other, copy))
    assert len(np.unique(first.group)) == 1
    assert first.group[0] == third.group[0] != second.group[0]
    train, test = split(Table.concat([first, second]), (0.5, 0.5), rng=1)
    assert {len(train), len(test)} == {150}
    assert len({origin for part in (train, test) for origin in part.origin}) == 2


def test_blocks_are_consecutive_and_of_about_equal_length(of: Any, files: Files) -> None:
    group = of(blocks=4).read(files("a.dcd")).group
    assert (np.diff(group) >= 0).all()
    assert np.unique(group, return_counts=True)[1].tolist() == [38, 37, 38, 37]


def test_where_time_goes_back_a_new_group_begins(
    of: Any, tmp_path: Path, saved: Any, dipeptide: Any
) -> None:
    joined = mdtraj.join([dipeptide[:50], dipeptide[20:60]])
    group = of().read(saved(joined, tmp_path / "joined.xtc")).group
    assert np.unique(group, return_counts=True)[1].tolist() == [50, 40]


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.dcd", "a.xtc", "a.trr", "a.nc"])
def test_a_truncated_trajectory_is_refused_or_counted(name: str, of: Any, copied: Any) -> None:
    path = copied(name, cut=10)
    with pytest.raises(SourceError, match=rf"{name}: truncated: 149 .*expected 150 frames"):
        of().read(path)
    table = check_domain(of(allow_truncated=True), path)
    assert len(table) == 149
    assert dict(table.rejected) == {"truncated": 1}


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e20])
def test_coordinates_that_are_not_finite_are_refused(
    bad: float, of: Any, tmp_path: Path, saved: Any, dipeptide: Any
) -> None:
    broken = dipeptide[:]
    broken.xyz[97:, 3, 1] = bad
    path = saved(broken, tmp_path / "nan.dcd")
    with pytest.raises(DataError, match=r"nan\.dcd, frame 97: \d+ frames .* first at atom 3"):
        list(of().stream(path, rows=40))


def test_coordinates_of_frames_between_strides_are_looked_at_too(
    of: Any, tmp_path: Path, saved: Any, dipeptide: Any
) -> None:
    broken = dipeptide[:]
    broken.xyz[7] = np.nan
    with pytest.raises(DataError, match="frame 7"):
        of(stride=5).read(saved(broken, tmp_path / "nan.dcd"))


def test_a_box_that_the_topology_has_not_must_be_decided_on(
    of: Any, tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    path = saved(walking(dipeptide.topology, box=3 * np.eye(3)), tmp_path / "box.xtc")
    with pytest.raises(DataError, match=r"a box, but .*top\.pdb has none.*Set periodic=True"):
        of().read(path)
    assert len(of(periodic=True).read(path)) == len(of(periodic=False).read(path)) == 150


def test_nearest_images_need_a_box(of: Any, files: Files) -> None:
    with pytest.raises(DataError, match=r"a\.xtc: no box.*Set periodic=False"):
        of(periodic=True).read(files("a.xtc"))


def test_the_box_of_the_topology_decides(
    tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    made = walking(dipeptide.topology, box=3 * np.eye(3))
    top = saved(made[0], tmp_path / "top.pdb")
    made = Trajectories(topology=top)
    assert made.descriptors.periodic


@pytest.mark.parametrize(
    "settings",
    [
        {"stride": 0}, {"stride": 1.5}, {"stride": True}, {"blocks": 0}, {"blocks": 1 << 20},
        {"timestep": 0.0}, {"timestep": float("nan")}, {"features": ()},
        {"bias": "COLVAR"}, {"temperature": 300.0},
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Trajectories(**settings)


# ---- descriptors instead of features -------------------------------------------------------------


def test_descriptors_can_be_given_as_object_json_or_file(
    of: Any, files: Files, tmp_path: Path
) -> None:
    import json

    descriptors = of().descriptors
    (tmp_path / "descriptors.json").write_text(json.dumps(descriptors.to_json()))
    (tmp_path / "cv.json").write_text(json.dumps({"descriptors": descriptors.to_json()}))
    given = (
        descriptors,
        descriptors.to_json(),
        tmp_path / "descriptors.json",
        str(tmp_path / "cv.json"),
        tmp_path,
    )
    for one in given:
        made = Trajectories(topology=files("top.pdb"), features=one)
        assert isinstance(made.features, Descriptors)
        check_domain(made, files("a.xtc"))
        np.testing.assert_array_equal(
            made.read(files("a.xtc"))["distance"], of().read(files("a.xtc"))["distance"]
        )


def test_descriptors_of_another_molecule_are_refused(
    of: Any, tmp_path: Path, peptide: Any, walking: Any, saved: Any
) -> None:
    other = saved(walking(peptide("ACE", "VAL", "NME"), frames=1), tmp_path / "other.pdb")
    with pytest.raises(DataError, match="CV model of another molecule"):
        _ = Trajectories(topology=other, features=of().descriptors).schema


def test_a_file_without_descriptors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(SourceError, match=r"a\.json"):
        Trajectories(features=str(tmp_path / "a.json"))


# ---- and back ------------------------------------------------------------------------------------


def test_rows_are_restored_as_the_frames_they_came_from(of: Any, files: Files) -> None:
    made = of(stride=10)
    table = made.read(files("a.xtc"))
    frames = made.restore(table.take([3, 1]))
    assert [frame.index for frame in frames] == [30, 10]
    assert frames[0].path == str(files("a.xtc"))
    assert frames[0].time == pytest.approx(6.0)
    np.testing.assert_array_equal(frames[1].values["torsion"], table["torsion"][1])


def annotated(made: Trajectories, path: Path, **columns: Any) -> list[Annotations]:
    pieces = made.stream(path, rows=40)
    return [
        Annotations(p.origins[0], p.entry, {n: f(p) for n, f in columns.items()}) for p in pieces
    ]


def test_what_is_written_is_read_back_as_a_colvar(of: Any, files: Files, tmp_path: Path) -> None:
    from sciae.domains.trajectories import Colvar

    made, path = of("torsions", stride=4), tmp_path / "scores.colvar"
    parts = annotated(
        made,
        files("a.xtc"),
        score=lambda p: p["torsion"][:, 0] / 3,
        s=lambda p: p["torsion"][:, :2],
    )
    assert made.write(path, parts) == 150
    assert path.read_text().startswith("#! FIELDS time frame score s.0 s.1\n")
    lines = np.loadtxt(path)
    assert lines.shape == (150, 5)
    table = made.read(files("a.xtc"))
    np.testing.assert_array_equal(lines[::4, 2], table["torsion"][:, 0] / 3)  # to the last bit
    np.testing.assert_array_equal(lines[::4, 3:], table["torsion"][:, :2])
    np.testing.assert_array_equal(lines[:, 1], np.arange(150))
    np.testing.assert_allclose(lines[:, 0], 0.2 * np.arange(150), rtol=1e-6)
    assert np.isnan(lines[np.arange(150) % 4 > 0, 2]).all()
    with pytest.raises(DataError, match=r"row 1: .*'score' are not finite"):
        Colvar(fields=("score",)).read(path)


def test_several_sources_are_written_one_after_the_other(
    of: Any, files: Files, tmp_path: Path
) -> None:
    made = of()
    parts = [
        *annotated(made, files("a.xtc"), n=lambda p: p["frame"]),
        *annotated(made, files("a.trr"), n=lambda p: p["frame"]),
    ]
    assert made.write(tmp_path / "both", parts) == 300
    assert (tmp_path / "both").read_text().count("#! FIELDS") == 2


def test_what_does_not_fit_the_source_is_not_written(of: Any, files: Files, tmp_path: Path) -> None:
    made, path = of(), tmp_path / "scores"
    parts = annotated(made, files("a.xtc"), n=lambda p: p["frame"])
    with pytest.raises(DataError, match="ranges end at frame 120; expected all 150"):
        made.write(path, parts[:-1])
    with pytest.raises(DataError, match="frames from 80; expected to go on at frame 40"):
        made.write(path, [parts[0], *parts[2:]])
    with pytest.raises(DataError, match="two of one frame"):
        made.write(path, [Annotations(parts[0].origin, np.zeros(2, int), {"n": np.zeros(2)})])
    with pytest.raises(SpecError, match="no annotations"):
        made.write(path, [])
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_changed_is_noticed(of: Any, copied: Any, tmp_path: Path) -> None:
    made, path = of(), copied("a.xtc")
    parts = annotated(made, path, n=lambda p: p["frame"])
    with path.open("ab") as file:
        file.write(path.read_bytes())
    with pytest.raises(SourceError, match="changed while it was scored"):
        made.write(tmp_path / "scores", parts)
