from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from sciae.errors import RunError, SpecError
from sciae.run import Manifest, Run, verify, write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {"fit": {"epochs": 3, "rate": 0.1}}


@pytest.fixture
def place(tmp_path: Path):
    return tmp_path / "deep" / "run"


@pytest.fixture
def source(tmp_path: Path):
    path = tmp_path / "qcd.root"
    path.write_bytes(b"events" * 300_000)
    return path


def opened(place: Path, **changed: Any):
    return Run.open(place, **{"command": "sciae fit", "settings": SETTINGS, "seed": 7} | changed)


def manifest(place: Path):
    return Manifest.read(place / "manifest.json")


def finish(place: Path, **changed: Any):
    with opened(place, **changed) as run:
        write_text(run.path("model.txt"), "weights")
        run.add_output("model.txt")


def stop(place: Path, *inputs: Path):
    with pytest.raises(InterruptedError), opened(place) as run:  # noqa: PT012 -- the block is the run
        for path in inputs:
            run.add_input(path)
        write_text(run.path("checkpoint.txt"), "half")
        run.add_output("checkpoint.txt")
        raise InterruptedError("by hand\nsecond line")


def test_a_run_accounts_for_itself(place: Path, source: Path):
    with opened(place) as run:
        assert manifest(place).status == "running"
        run.add_input(source)
        with run.timing("train"):
            time.sleep(0.02)
        with run.timing("train"):
            time.sleep(0.02)
        write_json(run.path("tables/loss.json"), [1.0, 0.5])
        (record,) = run.add_output(run.path("tables/loss.json"))
    read = verify(place)
    assert read == run.manifest
    assert read.status == "complete"
    assert read.settings == SETTINGS
    assert read.seeds == {"seed": 7}
    assert read.outputs == (record,)
    assert record.path == "tables/loss.json"
    assert read.inputs[0].path == str(source)
    assert read.inputs[0].size == source.stat().st_size
    assert read.inputs[0].sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert 0.04 <= read.timings["train"].wall_s < 1
    assert read.timings["train"].cpu_s < read.timings["train"].wall_s
    assert read.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert read.host["cpus"] == os.cpu_count()
    assert read.started <= read.finished


def test_a_failed_run_says_why_in_a_line(place: Path):
    stop(place)
    assert manifest(place).status == "failed"
    assert manifest(place).error == "InterruptedError: by hand"


def test_a_manifest_that_cannot_be_written_hides_no_error(place: Path):
    with pytest.raises(ZeroDivisionError) as caught, opened(place) as run:  # noqa: PT012 -- as above
        (run.directory / "manifest.json").unlink()
        (run.directory / "manifest.json").mkdir()
        raise ZeroDivisionError
    assert "could not be written either" in caught.value.__notes__[0]


def test_a_finished_run_is_not_run_again_by_accident(place: Path):
    finish(place)
    before = (place / "manifest.json").read_bytes()
    with pytest.raises(RunError, match=r"holds a finished run .*--overwrite"), opened(place):
        pass
    assert (place / "manifest.json").read_bytes() == before


def test_overwriting_removes_the_outputs_listed_and_nothing_else(place: Path):
    finish(place)
    write_text(place / "notes.txt", "by hand")
    with opened(place, settings={"other": 1}, overwrite=True) as run:
        assert not run.resumed
        assert not (place / "model.txt").exists()
        assert run.manifest.outputs == ()
    assert (place / "notes.txt").read_text() == "by hand"
    assert manifest(place).settings == {"other": 1}


def test_overwriting_never_leaves_the_directory(place: Path, tmp_path: Path):
    finish(place)
    (tmp_path / "precious.txt").touch()
    text = (place / "manifest.json").read_text().replace("model.txt", "../../precious.txt")
    (place / "manifest.json").write_text(text)
    with pytest.raises(RunError, match="outside"), opened(place, overwrite=True):
        pass
    assert (tmp_path / "precious.txt").exists()


def test_a_directory_of_somebody_else_is_left_as_it_was(tmp_path: Path):
    (tmp_path / "thesis.tex").touch()
    for how in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(RunError, match=r"holds 'thesis.tex' and no"), opened(tmp_path, **how):
            pass
    assert os.listdir(tmp_path) == ["thesis.tex"]  # noqa: PTH208


def test_a_file_is_no_directory(tmp_path: Path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match="not a directory"), opened(place):
            pass


def test_resume_and_overwrite_exclude_each_other(place: Path):
    with pytest.raises(SpecError), opened(place, resume=True, overwrite=True):
        pass
    assert not place.exists()


def test_resuming_where_nothing_is_begins(place: Path):
    with opened(place, resume=True) as run:
        assert not run.resumed


def test_resuming_continues_with_the_same_settings_and_inputs(place: Path, source: Path):
    stop(place, source)
    with opened(place, resume=True) as run:
        assert run.resumed
        assert run.path("checkpoint.txt").read_text() == "half"
        run.add_input(source)
        run.add_input(source)
    read = verify(place)
    assert read.status == "complete"
    assert read.error is None
    assert len(read.resumed) == len(read.inputs) == len(read.outputs) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"settings": {"fit": {"epochs": 5, "rate": 0.1}}}, "settings.fit.epochs: 3 then, 5 now"),
        ({"settings": {}}, "settings.fit.epochs: 3 then, absent now"),
        ({"seed": 8}, "seeds.seed: 7 then, 8 now"),
        ({"seed": None}, "seeds.seed: 7 then, absent now"),
    ],
)
def test_resuming_with_other_settings_names_them(place: Path, changed: dict[str, Any], told: str):
    stop(place)
    before = (place / "manifest.json").read_bytes()
    with pytest.raises(RunError, match=told), opened(place, resume=True, **changed):
        pass
    assert (place / "manifest.json").read_bytes() == before


def test_resuming_with_changed_bytes_is_refused_each_time(place: Path, source: Path):
    stop(place, source)
    source.write_bytes(source.read_bytes()[:-1] + b"X")
    for _ in range(2):
        told = rf"{source} has sha256 \w{{12}} now, had \w{{12}} then"
        with pytest.raises(RunError, match=told), opened(place, resume=True) as run:
            run.add_input(source)
    assert manifest(place).status == "failed"


def test_resuming_with_another_file_is_refused(place: Path, source: Path, tmp_path: Path):
    (tmp_path / "other.root").touch()
    stop(place, source)
    with (
        pytest.raises(RunError, match=r"other.root was not read then, .*qcd.root was"),
        opened(place, resume=True) as run,
    ):
        run.add_input(tmp_path / "other.root")


def test_resuming_finds_the_same_bytes_elsewhere_and_reads_on(
    place: Path, source: Path, tmp_path: Path
):
    stop(place, source)
    moved = source.rename(tmp_path / "moved.root")
    (tmp_path / "more.root").touch()  # the former run stopped before it came to this
    with opened(place, resume=True) as run:
        run.add_input(moved)
        run.add_input(tmp_path / "more.root")
    assert [record.path for record in run.manifest.inputs] == [
        str(moved),
        str(tmp_path / "more.root"),
    ]


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "", ".", "out/x", "x\0y", "loop/../../x"]
)
def test_a_name_that_leaves_the_directory_is_refused(place: Path, tmp_path: Path, name: str):
    with opened(place) as run:
        (place / "out").symlink_to(tmp_path)
        for ask in (run.path, run.add_output):
            with pytest.raises(RunError, match="outside the run directory"):
                ask(name)


@pytest.mark.parametrize("name", [".lock", "manifest.json", "./manifest.json"])
def test_the_run_keeps_its_own_files(place: Path, name: str):
    with opened(place) as run, pytest.raises(RunError, match="kept by the run itself"):
        run.path(name)


def test_a_folder_is_recorded_file_by_file(place: Path):
    with opened(place) as run:
        write_text(run.path("model/b.json"), "b")
        write_text(run.path("model/a.safetensors"), "a")
        records = run.add_output("model")
    assert [record.path for record in records] == ["model/a.safetensors", "model/b.json"]


def test_an_output_may_be_named_through_a_link(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with opened(tmp_path / "link" / "run") as run:
        write_text(run.path("x"), "x")
        run.add_output(tmp_path / "link" / "run" / "x")
    assert [record.path for record in verify(tmp_path / "link" / "run").outputs] == ["x"]


def test_what_was_not_written_cannot_be_added(place: Path, tmp_path: Path):
    with opened(place) as run:
        with pytest.raises(RunError, match=r"nothing.txt: no such file"):
            run.add_output("nothing.txt")
        with pytest.raises(RunError, match=r"nothing.txt: no such file"):
            run.add_input(tmp_path / "nothing.txt")


def test_one_flipped_bit_is_found(place: Path):
    finish(place)
    data = bytearray((place / "model.txt").read_bytes())
    data[3] ^= 1
    (place / "model.txt").write_bytes(data)
    with pytest.raises(RunError, match=r"1 of 1 outputs changed: model.txt has sha256"):
        verify(place)


def test_a_missing_and_a_cut_output_are_both_named(place: Path):
    with opened(place) as run:
        for name in ("a", "b", "c"):
            write_text(run.path(name), "whole")
            run.add_output(name)
    (place / "a").unlink()
    (place / "c").write_text("who")
    with pytest.raises(RunError, match=r"2 of 3 .*: a is missing; c has 3 bytes, had 5"):
        verify(place)


def test_verify_wants_a_run_directory(tmp_path: Path):
    with pytest.raises(RunError, match="not a run directory"):
        verify(tmp_path)


def test_leftovers_of_the_dead_are_removed_when_opened(place: Path):
    stop(place)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (place / f".tmp-{dead.pid}-0-model.json").touch()
    (place / f".tmp-{os.getppid()}-0-model.json").touch()
    with opened(place, resume=True):
        assert {path.name for path in place.iterdir()} == {
            ".lock",
            f".tmp-{os.getppid()}-0-model.json",
            "checkpoint.txt",
            "manifest.json",
        }


def test_a_start_cut_before_its_manifest_is_no_obstacle(place: Path):
    place.mkdir(parents=True)
    (place / ".lock").write_text('{"pid"')
    (place / f".tmp-{os.getpid()}-0-manifest.json").touch()
    finish(place)
    assert verify(place).status == "complete"
