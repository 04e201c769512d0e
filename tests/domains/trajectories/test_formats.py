from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np
import pytest

from sciae.domains.trajectories.formats import open_trajectory
from sciae.errors import MissingExtraError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Copied = Callable[..., Path]
    Files = Callable[[str], Path]

EXACT = {"a.dcd": 1e-6, "a.trr": 1e-6, "a.nc": 1e-6, "a.xtc": 6e-4, "a.pdb": 6e-5, "a.gro": 6e-4}
BINARY = ("a.dcd", "a.xtc", "a.trr", "a.nc")
FRAME = {"a.dcd": 3 * (8 + 88), "a.trr": 84 + 36 + 264}  # bytes
BOX = np.array([[3.0, 0, 0], [-1.0, 2.8, 0], [1.0, -1.4, 2.5]])


def everything(path: Path, topology: Any, step: int = 64) -> tuple[Any, Any]:
    pieces = list(open_trajectory(path, topology).pieces(step))
    xyz = np.concatenate([piece.xyz for piece in pieces])
    boxes = [piece.box for piece in pieces if piece.box is not None]
    return xyz, np.concatenate(boxes) if boxes else None


@pytest.mark.parametrize("name", EXACT)
def test_frames_are_those_that_were_written(name: str, files: Files, dipeptide: Any) -> None:
    xyz, box = everything(files(name), dipeptide.topology)
    assert xyz.dtype == np.float32
    np.testing.assert_allclose(xyz, dipeptide.xyz, atol=EXACT[name])
    assert box is None or not box.any() or np.allclose(box, 0.1 * np.eye(3))


@pytest.mark.parametrize("name", BINARY)
def test_pieces_join_to_the_same_frames(name: str, files: Files, dipeptide: Any) -> None:
    top = dipeptide.topology
    whole, _ = everything(files(name), top, 1000)
    for step in (1, 7, 150):
        np.testing.assert_array_equal(everything(files(name), top, step)[0], whole)


@pytest.mark.parametrize("name", BINARY)
def test_boxes_are_those_that_were_written(
    name: str, tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    path = saved(walking(dipeptide.topology, frames=5, box=BOX), tmp_path / name)
    box = everything(path, dipeptide.topology)[1]
    np.testing.assert_allclose(box, np.repeat(BOX[None], 5, axis=0), atol=1e-5)


@pytest.mark.parametrize("name", ["a.xtc", "a.trr", "a.nc"])
def test_times_are_those_of_the_file(name: str, files: Files, dipeptide: Any) -> None:
    time = open_trajectory(files(name), dipeptide.topology).held.time
    assert time is not None
    np.testing.assert_allclose(time, 0.2 * np.arange(150), rtol=1e-6)


def test_the_made_up_time_step_of_a_dcd_by_mdtraj_is_not_believed(
    files: Files, dipeptide: Any
) -> None:
    assert open_trajectory(files("a.dcd"), dipeptide.topology).held.time is None


def test_a_dcd_by_openmm_says_its_times(tmp_path: Path, dipeptide: Any) -> None:
    app = pytest.importorskip("openmm.app")
    unit = pytest.importorskip("openmm.unit")
    path = tmp_path / "run.dcd"
    with path.open("wb") as file:
        topology = dipeptide.topology.to_openmm()
        writer = app.DCDFile(file, topology, 0.002 * unit.picosecond, 500, 500)
        for frame in dipeptide.xyz[:4]:
            writer.writeModel(frame * unit.nanometer)
    held = open_trajectory(path, dipeptide.topology).held
    assert held.frames == 4
    assert held.time is not None
    np.testing.assert_allclose(held.time, [1.0, 2.0, 3.0, 4.0], rtol=1e-6)
    np.testing.assert_allclose(
        everything(path, dipeptide.topology)[0], dipeptide.xyz[:4], atol=1e-6
    )


# ---- truncated files -----------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 50, 300])
@pytest.mark.parametrize("name", BINARY)
def test_a_cut_frame_is_noticed(name: str, cut: int, copied: Copied, dipeptide: Any) -> None:
    source = open_trajectory(copied(name, cut=cut), dipeptide.topology)
    held = source.held
    assert 147 <= held.frames < 150
    assert held.lost >= 1
    with pytest.raises(SourceError, match=rf"{name}: truncated: {held.frames} whole frames found"):
        held.require_whole(source.path, allow_truncated=False)
    held.require_whole(source.path, allow_truncated=True)
    whole = np.concatenate([frames.xyz for frames in source.pieces(40)])
    np.testing.assert_allclose(whole, dipeptide.xyz[: held.frames], atol=6e-4)


def test_a_dcd_that_ends_between_frames_is_measured_by_its_header(
    copied: Copied, dipeptide: Any
) -> None:
    held = open_trajectory(copied("a.dcd", cut=10 * FRAME["a.dcd"]), dipeptide.topology).held
    assert (held.frames, held.lost) == (140, 10)


def test_a_netcdf_that_ends_between_frames_is_measured_by_its_header(
    copied: Copied, dipeptide: Any
) -> None:
    held = open_trajectory(copied("a.nc", cut=3 * (4 + 264)), dipeptide.topology).held
    assert (held.frames, held.lost) == (147, 3)


@pytest.mark.parametrize("promised", [0, 20])
def test_the_size_decides_where_a_dcd_header_was_not_brought_up_to_date(
    promised: int, copied: Copied, dipeptide: Any
) -> None:
    path = copied("a.dcd", changes={8: struct.pack("<i", promised)})
    held = open_trajectory(path, dipeptide.topology).held
    assert (held.frames, held.lost) == (150, 0)


def test_a_netcdf_that_was_never_closed_is_counted_by_its_size(
    copied: Copied, dipeptide: Any
) -> None:
    path = copied("a.nc", changes={4: struct.pack(">i", -1)})
    held = open_trajectory(path, dipeptide.topology).held
    assert (held.frames, held.lost) == (150, 0)


@pytest.mark.parametrize("name", ["a.xtc", "a.trr"])
def test_bytes_that_are_no_frame_are_noticed(name: str, copied: Copied, dipeptide: Any) -> None:
    path = copied(name)
    with path.open("ab") as file:
        file.write(b"\1" * 1000)
    held = open_trajectory(path, dipeptide.topology).held
    assert (held.frames, held.lost) == (150, 1)
    assert "1000 bytes" in held.words


def test_headers_are_found_across_the_blocks_that_are_read(
    tmp_path: Path, walking: Any, saved: Any, peptide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sciae.domains.trajectories.formats import xdr

    made = walking(peptide("ACE", "ALA", "NME"), frames=400)
    for name in ("b.xtc", "b.trr"):
        path = saved(made, tmp_path / name)
        expected = open_trajectory(path, made.topology).held
        for block in (128, 1000, 4097):
            monkeypatch.setattr(xdr, "BLOCK", block)
            held = open_trajectory(path, made.topology).held
            assert held.frames == expected.frames == 400
            np.testing.assert_array_equal(held.time, expected.time)
        monkeypatch.undo()


@pytest.mark.parametrize("atoms", [1, 9, 10])
def test_xtc_frames_of_few_atoms_are_not_compressed(
    atoms: int, tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    small = walking(dipeptide.topology.subset(range(atoms)), frames=12)
    path = saved(small, tmp_path / "few.xtc")
    assert open_trajectory(path, small.topology).held.frames == 12
    np.testing.assert_allclose(everything(path, small.topology)[0], small.xyz, atol=6e-4)
    path.write_bytes(path.read_bytes()[:-3])
    assert open_trajectory(path, small.topology).held.frames == 11


def test_a_cut_model_of_a_pdb_file_is_noticed(copied: Copied, dipeptide: Any) -> None:
    with pytest.raises(SourceError, match="1 of 150 models are cut"):
        open_trajectory(copied("a.pdb", cut=2_000), dipeptide.topology)


# ---- files that are not what they claim ----------------------------------------------------------


@pytest.mark.parametrize("name", BINARY)
def test_another_number_of_atoms_names_both(name: str, files: Files, peptide: Any) -> None:
    with pytest.raises(SourceError, match=r"22 atoms; expected 12, as in the topology"):
        open_trajectory(files(name), peptide("ACE", "NME"))


@pytest.mark.filterwarnings(  # mdtraj's readers of text leave a file open that they refuse
    "ignore:.*unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("name", ["a.dcd", "a.xtc", "a.trr", "a.nc", "a.pdb", "a.gro"])
@pytest.mark.parametrize("data", [b"", b"no trajectory at all\n" * 20])
def test_what_is_no_trajectory_is_refused(
    name: str, data: bytes, tmp_path: Path, dipeptide: Any
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=name):
        open_trajectory(path, dipeptide.topology).held.require_whole(path, allow_truncated=True)


@pytest.mark.parametrize("name", ["a.xtc", "a.trr"])
def test_frames_of_another_number_of_atoms_are_refused(
    name: str, files: Files, tmp_path: Path, walking: Any, saved: Any, dipeptide: Any
) -> None:
    other = saved(walking(dipeptide.topology.subset(range(12)), frames=3), tmp_path / f"b{name}")
    path = tmp_path / name
    path.write_bytes(files(name).read_bytes() + other.read_bytes())
    with pytest.raises(SourceError, match="frame 150: 12 atoms; expected 22, as in frame 0"):
        open_trajectory(path, dipeptide.topology)


def test_a_missing_file_is_named(tmp_path: Path, dipeptide: Any) -> None:
    with pytest.raises(SourceError, match=r"gone\.xtc: no such file"):
        open_trajectory(tmp_path / "gone.xtc", dipeptide.topology)


def test_an_unknown_format_is_refused(tmp_path: Path, dipeptide: Any) -> None:
    (tmp_path / "a.traj").write_text("x")
    with pytest.raises(SourceError, match=r"a\.traj"):
        open_trajectory(tmp_path / "a.traj", dipeptide.topology)


def test_damage_inside_an_xtc_frame_is_one_error(copied: Copied, dipeptide: Any) -> None:
    path = copied("a.xtc", changes={60: b"\xff" * 20})
    source = open_trajectory(path, dipeptide.topology)
    with pytest.raises(SourceError, match=r"a\.xtc"):
        list(source.pieces(50))


def test_damage_between_dcd_records_is_noticed(copied: Copied, dipeptide: Any) -> None:
    end = 90 * FRAME["a.dcd"]
    size = copied("a.dcd").stat().st_size
    path = copied("a.dcd", changes={size - end: b"\0\0\0\0"})
    with pytest.raises(SourceError, match="frames 50 to 100"):
        list(open_trajectory(path, dipeptide.topology).pieces(50))


def test_trr_frames_without_coordinates_are_refused(copied: Copied, dipeptide: Any) -> None:
    nothing = struct.pack(">3i", 0, 264, 0)  # x, v, f: velocities instead of coordinates
    path = copied("a.trr", changes={2 * FRAME["a.trr"] + 52: nothing})
    with pytest.raises(SourceError, match=r"frame 2: holds no coordinates"):
        open_trajectory(path, dipeptide.topology)


def test_hdf5_without_pytables_says_what_to_install(tmp_path: Path, dipeptide: Any) -> None:
    pytest.importorskip("mdtraj")
    try:
        import tables  # noqa: F401
    except ImportError:
        (tmp_path / "a.h5").write_bytes(b"\x89HDF")
        with pytest.raises(MissingExtraError, match="tables"):
            open_trajectory(tmp_path / "a.h5", dipeptide.topology)
    else:
        dipeptide.save(str(tmp_path / "a.h5"))
        xyz, _ = everything(tmp_path / "a.h5", dipeptide.topology)
        np.testing.assert_array_equal(xyz, dipeptide.xyz)


# ---- variants of DCD -----------------------------------------------------------------------------


def dcd(
    xyz: Any, *, order: str = "<", marker: str = "i", free: Any = None, cell: Any = None
) -> Any:
    """Bytes of a DCD file in Å, by the format's own description."""

    def record(data: bytes) -> bytes:
        mark = struct.pack(f"{order}{marker}", len(data))
        return mark + data + mark

    def frame(points: Any) -> bytes:
        box = b"" if cell is None else record(np.asarray(cell, f"{order}f8").tobytes())
        return box + b"".join(record(column.tobytes()) for column in points.T.astype(f"{order}f4"))

    count, atoms = xyz.shape[:2]
    control = np.zeros(20, f"{order}i4")
    control[0], control[1], control[2], control[19] = count, 10, 10, 24
    control[8] = 0 if free is None else atoms - len(free)
    control[10] = cell is not None
    numbers = bytearray(control.tobytes())
    numbers[36:40] = struct.pack(f"{order}f", 0.002 / 0.04888821)
    head = record(b"CORD" + numbers) + record(struct.pack(f"{order}i", 1) + b" " * 80)
    head += record(struct.pack(f"{order}i", atoms))
    if free is None:
        return head + b"".join(map(frame, xyz))
    head += record((np.asarray(free) + 1).astype(f"{order}i4").tobytes())
    return head + frame(xyz[0]) + b"".join(frame(points[free]) for points in xyz[1:])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("marker", ["i", "q"])
def test_dcd_of_either_byte_order_and_marker(
    order: str, marker: str, tmp_path: Path, dipeptide: Any
) -> None:
    path = tmp_path / "a.dcd"
    path.write_bytes(dcd(10 * dipeptide.xyz, order=order, marker=marker))
    held = open_trajectory(path, dipeptide.topology).held
    assert (held.frames, held.lost) == (150, 0)
    np.testing.assert_allclose(held.time, 0.02 * np.arange(1, 151), rtol=1e-6)
    np.testing.assert_allclose(everything(path, dipeptide.topology)[0], dipeptide.xyz, atol=1e-6)


def test_dcd_with_fixed_atoms(tmp_path: Path, dipeptide: Any) -> None:
    free = [0, 3, 4, 20]
    expected = np.repeat(dipeptide.xyz[:1], 150, axis=0)
    expected[:, free] = dipeptide.xyz[:, free]
    path = tmp_path / "a.dcd"
    path.write_bytes(dcd(10 * dipeptide.xyz, free=free))
    assert open_trajectory(path, dipeptide.topology).held.frames == 150
    xyz, _ = everything(path, dipeptide.topology, 40)
    np.testing.assert_allclose(xyz, expected, atol=1e-6)
    with mdtraj.open(str(path)) as file:  # the reader that everyone uses agrees
        np.testing.assert_allclose(xyz, file.read()[0] / 10, atol=1e-6)


@pytest.mark.parametrize(
    "angles", [(70.0, 80.0, 95.0), tuple(np.cos(np.radians([70.0, 80.0, 95.0])))]
)
def test_dcd_cells_by_degrees_or_cosines(angles: Any, tmp_path: Path, dipeptide: Any) -> None:
    alpha, beta, gamma = angles
    path = tmp_path / "a.dcd"
    path.write_bytes(dcd(10 * dipeptide.xyz[:3], cell=[30.0, gamma, 31.0, beta, alpha, 32.0]))
    box = everything(path, dipeptide.topology)[1][0]
    np.testing.assert_allclose(np.linalg.norm(box, axis=1), [3.0, 3.1, 3.2], rtol=1e-6)
    a, b, c = box / np.linalg.norm(box, axis=1, keepdims=True)
    np.testing.assert_allclose(
        np.degrees(np.arccos([b @ c, a @ c, a @ b])), [70, 80, 95], rtol=1e-6
    )
