from __future__ import annotations

from typing import TYPE_CHECKING

import mdtraj
import numpy as np
import pytest

from sciae.errors import ModelFileError, RunError, SourceError
from sciae.simulation import Static, load_bias
from sciae.simulation.bias import Grid
from sciae.simulation.checkpoint import Checkpoint
from sciae.simulation.colvar import LineFile, header, read_columns, row
from sciae.simulation.dcd import DcdFile
from sciae.simulation.snapshots import save_bias

if TYPE_CHECKING:
    from pathlib import Path

BOX = np.array([[3.0, 0, 0], [0.5, 2.9, 0], [-0.3, 0.4, 2.8]])


def topology(atoms: int):
    made = mdtraj.Topology()
    residue = made.add_residue("X", made.add_chain())
    for _ in range(atoms):
        made.add_atom("C", mdtraj.element.carbon, residue)
    return made


@pytest.mark.parametrize("periodic", [False, True])
def test_a_dcd_is_read_as_it_was_written(*, periodic: bool, tmp_path: Path):
    x = np.random.default_rng(1).normal(size=(7, 5, 3))
    file = DcdFile(tmp_path / "t.dcd", atoms=5, interval=10, timestep=0.002, periodic=periodic)
    for frame in x:
        file.write(frame, BOX if periodic else None)
    file.close()
    found = mdtraj.load(str(tmp_path / "t.dcd"), top=topology(5))
    np.testing.assert_allclose(found.xyz, x, atol=1e-6)
    head = (tmp_path / "t.dcd").read_bytes()[8:24]
    assert np.frombuffer(head, "<i4").tolist() == [7, 10, 10, 70]  # frames, first, every, last
    if periodic:
        np.testing.assert_allclose(found.unitcell_vectors[3], BOX, atol=1e-5)
    else:
        assert found.unitcell_vectors is None


def test_a_dcd_that_is_cut_and_continued_is_the_one_that_never_stopped(tmp_path: Path):
    x = np.random.default_rng(1).normal(size=(7, 5, 3))
    settings = {"atoms": 5, "interval": 10, "timestep": 0.002}
    whole = DcdFile(tmp_path / "whole.dcd", **settings)
    for frame in x:
        whole.write(frame)
    whole.close()
    first = DcdFile(tmp_path / "cut.dcd", **settings)
    for frame in x[:5] + 1:
        first.write(frame)
    first.close()
    (tmp_path / "cut.dcd").write_bytes((tmp_path / "whole.dcd").read_bytes()[:-17])
    then = DcdFile(tmp_path / "cut.dcd", frames=4, **settings)
    for frame in x[4:]:
        then.write(frame)
    then.close()
    assert (tmp_path / "cut.dcd").read_bytes() == (tmp_path / "whole.dcd").read_bytes()
    with pytest.raises(SourceError, match="8 frames or more of 5 atoms"):
        DcdFile(tmp_path / "cut.dcd", frames=8, **settings)
    with pytest.raises(SourceError, match="of 6 atoms"):
        DcdFile(tmp_path / "cut.dcd", frames=2, **settings | {"atoms": 6})


def test_columns_are_read_as_they_were_written(tmp_path: Path):
    file = LineFile(tmp_path / "COLVAR", head=header(["time", "a"], names=["a"], periods=[360.0]))
    values = np.random.default_rng(1).normal(size=(20, 2))
    for pair in values:
        file.write([row(pair.tolist())])
    file.close()
    found = read_columns(tmp_path / "COLVAR")
    np.testing.assert_allclose(found["a"], values[:, 1], rtol=1e-9)
    assert "#! SET min_a -180.0" in (tmp_path / "COLVAR").read_text()


def test_a_file_without_rows_has_empty_columns_and_a_broken_one_is_refused(tmp_path: Path):
    path = tmp_path / "COLVAR"
    path.write_text("#! FIELDS time a\n")
    assert read_columns(path)["a"].shape == (0,)
    path.write_text("#! FIELDS time a\n 1 2\n 3\n")
    with pytest.raises(SourceError, match="COLVAR"):
        read_columns(path)
    path.write_text(" 1 2\n")
    with pytest.raises(SourceError, match="no header"):
        read_columns(path)


def test_lines_are_cut_to_the_checkpoint(tmp_path: Path):
    path = tmp_path / "lines"
    file = LineFile(path, head=["a"])
    size = file.size
    file.write(["b", "c"])
    file.close()
    again = LineFile(path, head=["a"], size=size)
    again.write(["d"])
    again.close()
    assert path.read_text() == "a\nd\n"
    with pytest.raises(SourceError, match="expected the 99 that this run wrote"):
        LineFile(path, size=99)


def test_a_checkpoint_is_read_as_it_was_written_or_not_at_all(tmp_path: Path):
    path = tmp_path / "checkpoint.npz"
    one = Checkpoint(
        step=-3, colvar=10, records=0, frames=2, rounds=1, waiting=np.ones((1, 3)),
        engine=b"\x00\xffx", bias={"sums": np.arange(3.0)},
    )  # fmt: skip
    one.write(path)
    found = Checkpoint.read(path)
    assert (found.step, found.colvar, found.engine) == (-3, 10, b"\x00\xffx")
    np.testing.assert_array_equal(found.bias["sums"], [0, 1, 2])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RunError, match="damaged checkpoint"):
        Checkpoint.read(path)


def test_a_saved_bias_is_the_bias(tmp_path: Path):
    grid = Grid((-1, -np.pi), (1, np.pi), (20, 30), (False, True))
    bias = Static(grid, np.random.default_rng(1).normal(size=grid.shape))
    save_bias(tmp_path / "bias.npz", bias, time=3.0)
    again = load_bias(tmp_path / "bias.npz")
    for s in ([0.1, 3.1], [-0.7, -2.0]):
        assert again.energy(s).energy == pytest.approx(bias.energy(s).energy, abs=1e-9)
    (tmp_path / "bias.npz").write_bytes(b"PK")
    with pytest.raises(ModelFileError, match="no bias to read"):
        load_bias(tmp_path / "bias.npz")
