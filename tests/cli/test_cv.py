from __future__ import annotations

import hashlib
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.run import verify
from sciae.simulation.recorder import COLVAR
from sciae.tasks.cv import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Sciae = Callable[..., Any]


def learning(folder: Path, out: Path, *more: Any) -> list[Any]:
    """The command that learns from the fixture's trajectory."""
    return ["cv", folder / "md.dcd", "--topology", folder / "ala2.pdb", "--out", out, *more]


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """A slow and a fast number, with a bias on them, as COLVAR text."""
    rng, x = np.random.default_rng(1), np.zeros((400, 2))
    for t in range(1, 400):
        x[t] = (0.95, 0.2) * x[t - 1] + rng.normal(size=2)
    path = tmp_path / "COLVAR"
    rows = [f"{t:.1f} {a:.6f} {b:.6f} {abs(a) / 4:.6f}" for t, (a, b) in enumerate(x)]
    path.write_text("\n".join(["#! FIELDS time a b opes.bias", *rows, ""]))
    return path


def test_all_frames_may_be_learned_from(sciae: Sciae, series: Path, tmp_path: Path) -> None:
    arguments = ["cv", series, "--features", "a", "--features", "b", "--kind", "tica", "--lag", 5]
    said = sciae(*arguments, "--whole", "--out", tmp_path / "cv")
    assert said.code == 0, said.err
    assert "on what it was learned from: vamp2" in said.out
    assert "On the rows it was learnt from" in said.out
    said = sciae(*arguments, "--whole", "--select", "--out", tmp_path / "other")
    assert (said.code, "a choice needs frames held out" in said.err) == (2, True)


def test_every_kind_is_offered() -> None:
    assert tuple(KINDS) == import_module("sciae.cli.cv").KINDS


def test_a_variable_is_written_with_all_that_it_came_from(
    sciae: Sciae, alanine: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cv"
    more = ["--kind", "tica", "--lag", "1 ps", "--against", "torsion:4-6-8-14", "--plumed"]
    said = sciae(*learning(alanine, out, *more))
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == f"{alanine / 'md.dcd'}: 200 frames"
    assert lines[1] == "200 frames from 1 file count as 200; 4 numbers each"
    assert lines[2] == "tica, 1 coordinate(s), lag 5 frame(s)"
    assert "against phi ALA2: correlation" in said.out
    assert "None of these numbers is evidence" in said.out
    made = {record.path.partition("/")[0] for record in verify(out).outputs}
    assert made == {"cv.json", "encoder.npz", "plumed", "report.html"}
    about = CollectiveVariable.load(out).about
    assert (about["kind"], about["lag"], about["features"]) == ("tica", "1 ps", ["torsions"])
    assert about["sources"] == [str(alanine / "md.dcd")]
    pdb = (alanine / "ala2.pdb").read_bytes()
    assert about["topology"]["sha256"] == hashlib.sha256(pdb).hexdigest()
    (steep,) = about["steepness"]
    assert 0.1 < steep < 1000


def test_an_autoencoder_is_kept_whole(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    from sciae.autoencoders.files import load

    out = tmp_path / "cv"
    said = sciae(*learning(alanine, out, "--hidden", 8, "--epochs", 2, "--lag", 2, "--dim", 2))
    assert said.code == 0, said.err
    assert load(out / "model").latent.dim == CollectiveVariable.load(out).dim == 2


def test_the_same_seed_learns_the_same(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        more = ["--hidden", 4, "--epochs", 2, "--seed", seed]
        assert sciae(*learning(alanine, tmp_path / name, *more)).code == 0
    a, b, c = (CollectiveVariable.load(tmp_path / name).encoder.weights for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_settings_are_chosen_by_what_was_set_aside(
    sciae: Sciae, series: Path, tmp_path: Path
) -> None:
    arguments = ["cv", series, "--features", "a", "--features", "b", "--kind", "tica,pca"]
    said = sciae(*arguments, "--out", tmp_path / "one")
    assert (said.code, "--select" in said.err) == (2, True)
    said = sciae(*arguments, "--select", "--lag", 5, "--out", tmp_path / "one")
    assert said.code == 0, said.err
    assert "tica" in said.out
    assert "has the best vamp2 on trajectories set aside" in said.out


def test_raw_numbers_and_the_bias_on_them(sciae: Sciae, series: Path, tmp_path: Path) -> None:
    arguments = ["cv", series, "--features", "a", "--features", "b", "--kind", "tica", "--lag", 5]
    biased = ["--bias", "opes.bias", "--temperature", "300 K"]
    said = sciae(*arguments, *biased, "--out", tmp_path / "cv")
    assert said.code == 0, said.err
    energy = np.loadtxt(series)[:, 3]
    w = np.exp(energy / (0.00831446261815324 * 300))
    size = w.sum() ** 2 / np.square(w).sum()
    assert f"400 frames from 1 file count as {size:.0f}; 2 numbers each" in said.out
    variable = CollectiveVariable.load(tmp_path / "cv")
    assert variable.descriptors is None
    assert abs(variable.encoder.weights[0]) > 3 * abs(variable.encoder.weights[1])


def test_few_frames_that_decide_everything_are_said(
    sciae: Sciae, series: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = series.read_text().replace("opes.bias", "bias")
    table = np.loadtxt(series)
    table[:, 3] *= 60
    rows = [" ".join(f"{x:.6f}" for x in row) for row in table]
    series.write_text("\n".join([text.splitlines()[0], *rows, ""]))
    said = sciae("cv", series, "--features", "a", "--kind", "pca", "--bias", "bias",
                 "--temperature", 300, "--out", tmp_path / "cv")  # fmt: skip
    assert said.code == 0, said.err
    assert "a few of them decide everything" in caplog.text  # on a terminal: standard error


@pytest.mark.parametrize("ending", ["npy", "csv", "COLVAR"])
def test_states_are_read_from_any_file(
    sciae: Sciae, series: Path, tmp_path: Path, ending: str
) -> None:
    states = (np.loadtxt(series)[:, 1] > 0).astype(int)
    path = tmp_path / f"states.{ending}"
    if ending == "npy":
        np.save(path, states)
    else:
        head = "#! FIELDS state\n" if ending == "COLVAR" else ""
        path.write_text(head + "".join(f"{state}\n" for state in states))
    name = f"{path}:state" if ending == "COLVAR" else path
    arguments = ["cv", series, "--features", "a", "--features", "b", "--kind", "deep-tda",
                 "--epochs", 1, "--hidden", 4]  # fmt: skip
    said = sciae(*arguments, "--labels", name, "--out", tmp_path / "cv")
    assert said.code == 0, said.err
    path.write_text("1\n2\n") if ending == "csv" else np.save(tmp_path / "few.npy", states[:9])
    few = path if ending == "csv" else tmp_path / "few.npy"
    said = sciae(*arguments, "--labels", few, "--out", tmp_path / "cv", "--overwrite")
    assert (said.code, "expected 400, one for each frame" in said.err) == (2, True)


def test_states_of_all_frames_go_with_every_second_one(
    sciae: Sciae, alanine: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "states.npy", np.arange(200) // 100)
    more = ["--stride", 2, "--kind", "deep-tda", "--epochs", 1, "--hidden", 4]
    more += ["--labels", tmp_path / "states.npy"]
    said = sciae(*learning(alanine, tmp_path / "cv", *more))
    assert said.code == 0, said.err
    assert "100 frames from 1 file" in said.out


# ---- refusals ---------------------------------------------------------------------------------


def fewer(folder: Path, to: Path) -> Path:
    """The topology without an atom."""
    lines = (folder / "ala2.pdb").read_text().splitlines(keepends=True)
    to.write_text("".join(lines[1:]))
    return to


def test_a_topology_of_other_atoms(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    topology = fewer(alanine, tmp_path / "fewer.pdb")
    out = tmp_path / "cv"
    said = sciae("cv", alanine / "md.dcd", "--topology", topology, "--features", "distances",
                 "--out", out)  # fmt: skip
    assert said.code == 2
    assert "22 atoms; expected 21, as in the topology" in said.err
    assert len(said.err.splitlines()) == 1
    assert json.loads((out / "manifest.json").read_text())["status"] == "failed"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--selection", "name XX"], "selection 'name XX' holds no atom"),
        (["--features", "torsons"], "no such kind of feature in 'torsons'"),
        (["--features", "torsion:4-6-8-44"], "atom 44 of Torsions"),
        (["--kind", "magic"], "--kind magic"),
        (["--lag", "5 parsec"], "'5 parsec' is not a time"),
        (["--lag", "0 ps"], "--lag 0 ps"),
        (["--dim", "two"], "--dim two"),
        (["--hidden", "8,"], "--hidden 8,"),
        (["--timestep", "soon"], "'soon' is not a time"),
        (["--bias", COLVAR], "bias and temperature go together"),
        (["--bias", COLVAR, "--temperature", "warm"], "'warm' is not a temperature"),
        (["--domain", "colvar"], "--topology of files without coordinates"),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_no_directory(
    sciae: Sciae, alanine: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    said = sciae(*learning(alanine, tmp_path / "cv", *more))
    assert said.code == 2
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "cv").exists()


def test_a_lag_longer_than_the_trajectory(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    said = sciae(*learning(alanine, tmp_path / "cv", "--lag", "1 ns"))
    assert said.code == 2
    assert len(said.err.splitlines()) == 1


def test_without_mdtraj_what_to_install_is_said(
    sciae: Sciae, alanine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith("sciae.domains.trajectories")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mdtraj", None)
    said = sciae(*learning(alanine, tmp_path / "cv"))
    assert (said.code, "pip install 'sciae[md]'" in said.err) == (2, True)


def test_a_finished_variable_is_not_replaced_unasked(
    sciae: Sciae, alanine: Path, tmp_path: Path
) -> None:
    command = learning(alanine, tmp_path / "cv", "--kind", "pca")
    assert sciae(*command).code == 0
    said = sciae(*command)
    assert (said.code, "--overwrite" in said.err) == (2, True)
    assert sciae(*command, "--overwrite").code == 0
