from __future__ import annotations

import hashlib
import shutil
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import uproot

from sciae.cli.score import _watched
from sciae.tasks.anomaly import Scores, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Sciae = Callable[..., Any]


def test_from_fit_to_scores_in_processes_of_their_own(
    finish: Callable[..., Any], background: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores.root"
    said = finish("score", background, "--model", model, "--out", out)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0].startswith("300 rows scored; ")
    assert said.out.splitlines()[1] == f"300 entries written to {out}"
    with uproot.open(out) as friend, uproot.open(background) as data:
        found = friend["scores"].arrays(library="np")
        np.testing.assert_array_equal(found["evt"], data["jets"]["evt"].array(library="np"))
    assert np.isfinite(found["score"]).all()
    parts = [x for name, x in found.items() if name.startswith("score_")]
    np.testing.assert_allclose(sum(parts), found["score"], rtol=1e-6)


def test_root_parquet_and_csv_agree(
    sciae: Sciae, background: Path, model: Path, tmp_path: Path
) -> None:
    for ending in ("root", "parquet", "csv"):
        said = sciae("score", background, "--model", model, "--out", tmp_path / f"s.{ending}")
        assert (said.code, said.err) == (0, "")
    with uproot.open(tmp_path / "s.root") as file:
        root = file["scores"].arrays(library="np")
    for found in (pq.read_table(tmp_path / "s.parquet"), pyarrow.csv.read_csv(tmp_path / "s.csv")):
        for name in ("score", "p_value", "evt"):
            np.testing.assert_array_equal(found[name].to_numpy(), root[name])
        assert found["entry"].to_pylist() == list(range(300))


@pytest.mark.parametrize("rows", [37, 300])
def test_the_size_of_chunks_changes_nothing(
    sciae: Sciae, background: Path, model: Path, tmp_path: Path, rows: int
) -> None:
    for name, more in (("whole", []), ("chunks", ["--rows", rows])):
        out = tmp_path / f"{name}.parquet"
        assert sciae("score", background, "--model", model, "--out", out, *more).code == 0
    one, other = (pq.read_table(tmp_path / f"{n}.parquet") for n in ("whole", "chunks"))
    np.testing.assert_allclose(one["score"].to_numpy(), other["score"].to_numpy(), rtol=1e-6)
    assert one["entry"].equals(other["entry"])


def test_pieces_are_let_go_once_they_are_written() -> None:
    alive: list[weakref.ref[Scores]] = []

    def stream() -> Iterator[Scores]:
        for _ in range(9):
            one = Scores(np.zeros(3), np.ones(3), {}, {})
            alive.append(weakref.ref(one))
            yield one
            del one

    tally = Tally()
    for _ in _watched(stream(), tally, None):
        assert sum(one() is not None for one in alive) <= 2
    assert tally.rows == 27
    kept: list[Scores] = []
    assert len(list(_watched(stream(), tally, kept))) == len(kept) == 9


def test_what_was_not_scored_is_said(
    sciae: Sciae, samples: Path, model: Path, tmp_path: Path
) -> None:
    more = ["--set", "pt_max=600", "--out", tmp_path / "s.root"]
    said = sciae("score", samples / "top.root", "--model", model, *more)
    scored = int(said.out.split()[0])
    assert said.err == f"not scored: {600 - scored} rows (outside the window)\n"
    assert "600 entries written to" in said.out


def test_labels_give_a_verdict_and_a_report(
    sciae: Sciae,
    model: Path,
    tmp_path: Path,
    jets_of: Callable[..., Any],
    write: Callable[..., Path],
) -> None:
    import awkward as ak

    parts = [jets_of("qcd_test", 150), jets_of("top", 60)]
    both = {name: ak.concatenate([one[name] for one in parts]) for name in parts[0]}
    path = write(tmp_path / "both.root", both)
    report, out = tmp_path / "r.html", tmp_path / "s.root"
    said = sciae("score", path, "--model", model, "--out", out, "--label", "label",
                 "--report", report, "--rate", 0.05)  # fmt: skip
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert len(lines) == 5
    assert lines[1].startswith("cut for a false-positive rate of 0.05: score > ")
    assert lines[3].startswith("label != 0: model AUC 0.")
    assert "jet mass AUC 0.9" in lines[3]
    assert lines[4] == f"report written to {report}"
    assert "AUC" in report.read_text()
    with uproot.open(out) as file:
        label = file["scores"]["label"].array(library="np")
    np.testing.assert_array_equal(label, np.repeat([0, 1], [150, 60]))
    said = sciae("score", path, "--model", model, "--out", tmp_path / "t.root", "--label", "evt",
                 "--set", "keep=evt")  # fmt: skip
    assert said.code == 0


def test_a_label_of_one_class_is_said(
    sciae: Sciae, background: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.root"
    said = sciae("score", background, "--model", model, "--out", out, "--label", "label")
    assert said.code == 2
    assert said.err == (
        "sciae: branch 'label': one class only; expected 0 for background, and others\n"
    )


# ---- --verify ---------------------------------------------------------------------------------


def test_a_listed_checksum_is_verified(
    sciae: Sciae, background: Path, model: Path, tmp_path: Path
) -> None:
    path, listing = tmp_path / "data.root", tmp_path / "SHA256SUMS"
    shutil.copy(background, path)
    listing.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()} *data.root\n")
    arguments = ["score", path, "--model", model, "--verify", listing, "--out"]
    assert sciae(*arguments, tmp_path / "a.root").code == 0
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    said = sciae(*arguments, tmp_path / "b.root")
    assert said.code == 2
    assert "data.root: the sha256 is not the one in the list" in said.err
    assert not (tmp_path / "b.root").exists()
    said = sciae("score", background, *arguments[2:], tmp_path / "c.root")
    assert (said.code, "'background.root' is not in the list" in said.err) == (2, True)


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "more", "says"),
    [
        ("s.txt", [], "a name that ends in .root, .parquet or .csv"),
        ("s.root", ["--report", "r.pdf"], "a name that ends in .html"),
        ("data.root", [], "--out is the source itself. Name another file."),
        ("data.root", ["--overwrite"], "--out is the source itself"),
        ("link.root", ["--overwrite"], "--out is the source itself"),
        ("there.root", [], "the file is already there. Pass --overwrite."),
        ("s.root", ["--report", "there.html"], "there.html: the file is already there"),
        ("s.root", ["--report", "link.html", "--overwrite"], "--report is the source itself"),
        ("no/s.root", [], "no folder"),
        ("s.root", ["--rate", "0.0001"], "cannot resolve a rate"),
        ("s.root", ["--keep", "none"], "no branch 'none'"),
    ],
)
def test_where_scores_may_not_go(
    sciae: Sciae,
    background: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    more: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(background, "data.root")
    for name in ("link.root", "link.html"):
        (tmp_path / name).symlink_to("data.root")
    for name in ("there.root", "there.html"):
        (tmp_path / name).write_text("dear")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    said = sciae("score", "data.root", "--model", model, "--out", out, *more)
    assert said.code == 2
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("missing", ["data.root", "model"])
def test_what_is_missing_is_said_at_once(sciae: Sciae, tmp_path: Path, missing: str) -> None:
    for name in {"data.root", "model"} - {missing}:
        (tmp_path / name).mkdir()
    said = sciae("score", tmp_path / "data.root", "--model", tmp_path / "model", "--out", "s.root")
    assert (said.code, said.err) == (
        2, f"sciae: {tmp_path / missing}: no such file or directory\n",
    )  # fmt: skip


def test_an_old_file_is_replaced_when_asked(
    sciae: Sciae, background: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.root"
    out.write_text("old")
    assert sciae("score", background, "--model", model, "--out", out, "--overwrite").code == 0
    with uproot.open(out) as file:
        assert file["scores"].num_entries == 300


def test_another_schema_than_the_models_is_said(
    sciae: Sciae, background: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.root"
    more = ["--set", "observables=mass", "--out", out]
    said = sciae("score", background, "--model", model, *more)
    assert said.code == 2
    assert "is missing" in said.err
    assert "settings that the model was trained with" in said.err
    assert not out.exists()


def test_an_empty_tree_gives_an_empty_friend(
    sciae: Sciae,
    model: Path,
    tmp_path: Path,
    jets_of: Callable[..., Any],
    write: Callable[..., Path],
) -> None:
    path = write(tmp_path / "none.root", {n: x[:0] for n, x in jets_of().items()})
    out = tmp_path / "s.root"
    said = sciae("score", path, "--model", model, "--out", out)
    assert said == (0, f"No rows were scored.\n0 entries written to {out}\n", "")
    with uproot.open(out) as file:
        assert file["scores"].num_entries == 0
