from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest

from sciae.run import Run, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Sciae = Callable[..., Any]

MADE = {"model.json", "weights.safetensors", "calibration.bin", "domain.json", "report.html"}


def jets(source: Path, out: Path, *more: Any) -> list[Any]:
    return ["fit", source, "--domain", "jets", "--out", out, "--epochs", 2, *more]


def test_a_model_directory_is_whole_and_accounted_for(model: Path, background: Path) -> None:
    manifest = verify(model)
    assert manifest.status == "complete"
    assert {record.path for record in manifest.outputs} == MADE
    (source,) = manifest.inputs
    assert source.path == str(background)
    assert source.sha256 == hashlib.sha256(background.read_bytes()).hexdigest()
    assert set(manifest.timings) >= {"read", "train", "calibrate"}
    assert {path.name for path in model.iterdir()} == MADE | {"manifest.json", ".lock"}
    assert json.loads((model / "domain.json").read_text())["name"] == "jets"


def test_the_same_seed_makes_the_same_model(sciae: Sciae, background: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        said = sciae(*jets(background, tmp_path / name, "--seed", seed))
        assert said.code == 0, said.err
    a, b, c = ((tmp_path / name / "weights.safetensors").read_bytes() for name in "abc")
    assert a == b != c
    a, b, c = ((tmp_path / name / "calibration.bin").read_bytes() for name in "abc")
    assert a == b != c


def test_a_strangers_tree(
    sciae: Sciae, tmp_path: Path, jets_of: Callable[..., Any], write: Callable[..., Path]
) -> None:
    columns, names = jets_of("qcd_train", 150), {"c_pt": "PT", "c_eta": "Eta", "c_phi": "Phi"}
    theirs = {new: columns[old] for old, new in names.items()}
    theirs["PT"] = theirs["PT"] * 1000
    theirs |= {"number": columns["evt"], "w": np.ones(150)}
    path = write(tmp_path / "theirs.root", theirs, tree="CollectionTree")
    mapping = ["--constituents", "pt=PT,eta=Eta,phi=Phi", "--group", "number", "--unit", "MeV",
               "--tree", "CollectionTree", "--keep", "number"]  # fmt: skip
    said = sciae(*jets(path, tmp_path / "model", *mapping))
    assert said.code == 0, said.err
    out = tmp_path / "scores.parquet"
    said = sciae("score", path, "--model", tmp_path / "model", "--out", out)
    assert (said.code, said.err) == (0, "")
    found = ak.from_parquet(out)
    np.testing.assert_array_equal(found["number"], columns["evt"])
    assert ak.all((found["jet_pt"] > 500) & (found["jet_pt"] < 700))


def test_several_files_and_what_was_left_out(
    sciae: Sciae, background: Path, samples: Path, tmp_path: Path
) -> None:
    window = ["--set", "pt_max=600", "--kind", "plain", "--latent", 3]
    said = sciae(*jets(background, tmp_path / "m", samples / "dark_semivisible.root", *window))
    assert said.code == 0, said.err
    assert " rows from 2 files: " in said.out
    assert "model: plain, 3 latents; best epoch " in said.out
    left = int(said.err.removeprefix("left out: ").split()[0])
    assert said.err == f"left out: {left} rows (outside the window)\n"
    assert int(said.out.split()[0]) == 900 - left


@pytest.mark.parametrize("representation", ["images", "constituents"])
def test_other_representations(
    sciae: Sciae, background: Path, tmp_path: Path, representation: str
) -> None:
    out = tmp_path / "model"
    said = sciae(*jets(background, out, "--representation", representation))
    assert said.code == 0, said.err
    said = sciae("score", background, "--model", out, "--out", tmp_path / "s.root")
    assert said.code == 0, said.err


def test_weighted_background(
    sciae: Sciae, tmp_path: Path, jets_of: Callable[..., Any], write: Callable[..., Path]
) -> None:
    columns = jets_of("qcd_train", 150)
    path = write(tmp_path / "weighted.root", {**columns, "w": np.linspace(0.5, 2, 150)})
    mapping = ["--tree", "jets", "--constituents", "pt=c_pt,eta=c_eta,phi=c_phi", "--weight", "w"]
    assert sciae(*jets(path, tmp_path / "model", *mapping)).code == 0
    data = write(tmp_path / "data.root", columns)  # has no weights, nor needs any
    score = ["score", data, "--model", tmp_path / "model", "--out", tmp_path / "s.root"]
    said = sciae(*score, "--rate", 0.1)
    assert (said.code, "needs rows without weights" in said.err) == (2, True)
    assert not (tmp_path / "s.root").exists()
    assert sciae(*score).code == 0


# ---- refusals ---------------------------------------------------------------------------------


def test_a_finished_run_is_not_replaced_unasked(
    sciae: Sciae, background: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    assert sciae(*jets(background, out)).code == 0
    before = (out / "weights.safetensors").read_bytes()
    said = sciae(*jets(background, out, "--seed", 2))
    assert said.code == 2
    assert "holds a finished run of 'sciae fit'" in said.err
    assert "--overwrite" in said.err
    assert (out / "weights.safetensors").read_bytes() == before
    assert sciae(*jets(background, out, "--seed", 2, "--overwrite")).code == 0
    assert (out / "weights.safetensors").read_bytes() != before
    assert verify(out).status == "complete"


def test_resuming_goes_on_from_the_checkpoint(
    sciae: Sciae, background: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes the same model from the start too, so only a damaged one tells."""
    out = tmp_path / "model"

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sciae.tasks.anomaly.calibrate", interrupted)
        assert sciae(*jets(background, out)).code == 130
    checkpoint = out / "checkpoint.safetensors"
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[:-10])
    said = sciae(*jets(background, out, "--resume"))
    assert (said.code, "checkpoint.safetensors" in said.err) == (2, True)
    checkpoint.write_bytes(whole)
    assert sciae(*jets(background, out, "--resume")).code == 0
    assert not checkpoint.exists()


def test_a_folder_with_other_files_is_not_taken(
    sciae: Sciae, background: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("dear")
    said = sciae(*jets(background, tmp_path))
    assert (said.code, "holds 'thesis.tex'" in said.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_directory_in_use_names_its_owner(
    start: Callable[..., Any], finish: Callable[..., Any], background: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    with Run.open(out, command="sciae fit"):
        import os

        said = finish(*jets(background, out))
    assert said.code == 2
    assert f"in use by pid {os.getpid()} of " in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--set", "colour=red"], "settings colour"),
        (["--set", "radius"], "expected name=value"),
        (["--tree", "t"], "--tree without branches"),
        (["--representation", "graph"], "one of observables, images, constituents"),
        (["--device", "warp"], "device 'warp'"),
        (["--set", "observables=spin"], "some of pt, eta, mass"),
    ],
)
def test_a_wrong_setting_leaves_no_directory(
    sciae: Sciae, background: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    said = sciae(*jets(background, tmp_path / "model", *more))
    assert said.code == 2
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "model").exists()


def test_too_few_rows_are_said(
    sciae: Sciae, tmp_path: Path, jets_of: Callable[..., Any], write: Callable[..., Path]
) -> None:
    path = write(tmp_path / "few.root", jets_of("qcd_train", 60))
    said = sciae(*jets(path, tmp_path / "model"))
    assert said.code == 2
    assert "rows to calibrate with; expected 20 or more" in said.err


def test_a_damaged_source_is_said(sciae: Sciae, background: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.root"
    path.write_bytes(background.read_bytes()[:-1000])
    said = sciae(*jets(path, tmp_path / "model"))
    assert said.code == 2
    assert "cut.root" in said.err
    assert '"status": "failed"' in (tmp_path / "model" / "manifest.json").read_text()
