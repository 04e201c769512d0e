from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sciae.errors import RunError, SpecError
from sciae.run import write_atomic, write_bytes, write_json, write_text
from sciae.run.atomic import is_temporary, remove_leftovers

WRITER = """
import hashlib, itertools, sys
from sciae.run import write_bytes

print("ready", flush=True)
for i in itertools.count():
    body = bytes([i % 256]) * (400_000 + 1000 * (i % 100))
    write_bytes(sys.argv[1], hashlib.sha256(body).digest() + body)
"""

FULL_DISK = """
import resource, sys
from sciae.errors import RunError
from sciae.run import write_bytes

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(sys.argv[1], bytes(2000))
except RunError as error:
    print(error)
"""


def entries(folder: Path):
    return sorted(path.name for path in folder.iterdir())


def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_file_is_replaced_and_no_temporary_stays(tmp_path: Path):
    target = tmp_path / "result.npz"
    write_bytes(target, b"old")
    with write_atomic(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".npz"
        assert str(os.getpid()) in temporary.name
        assert is_temporary(temporary.name)
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert entries(tmp_path) == ["result.npz"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_keeps_the_former_file(tmp_path: Path, error: type[BaseException]):
    target = tmp_path / "result.txt"
    write_text(target, "old")
    with pytest.raises(error), write_atomic(target) as temporary:  # noqa: PT012 -- the block is the law
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert entries(tmp_path) == ["result.txt"]


def test_writers_of_the_same_file_do_not_share_a_temporary(tmp_path: Path):
    with write_atomic(tmp_path / "x") as first, write_atomic(tmp_path / "x") as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert (tmp_path / "x").read_text() == "first"  # the outer block ends last


def test_a_kill_at_any_time_leaves_a_whole_file(tmp_path: Path):
    target, rng, leftovers = tmp_path / "state.bin", random.Random(7), 0
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE
        ) as writer:
            writer.stdout.readline()
            time.sleep(rng.uniform(0.005, 0.06))
            writer.kill()
        if target.exists():
            digest, body = target.read_bytes()[:32], target.read_bytes()[32:]
            assert hashlib.sha256(body).digest() == digest
        leftovers += len(remove_leftovers(tmp_path))
    assert target.exists()
    assert leftovers  # or no kill came while a file was being written
    assert entries(tmp_path) == ["state.bin"]


def test_only_temporaries_of_the_dead_are_removed(tmp_path: Path):
    dead, living = dead_pid(), os.getppid()
    (tmp_path / "checkpoints").mkdir()
    ours = tmp_path / "checkpoints" / f".tmp-{dead}-0-model.json"
    kept = [f".tmp-{living}-0-model.json", f"tmp-{dead}-0-x", f".tmp-{dead}-x", ".tmp-x-0-y", "x"]
    for path in [ours, *(tmp_path / name for name in kept)]:
        path.touch()
    assert remove_leftovers(tmp_path) == [ours]
    assert set(entries(tmp_path)) == {"checkpoints", *kept}


def test_a_full_disk_is_named_and_keeps_the_former_file(tmp_path: Path):
    write_text(tmp_path / "x", "old")
    command = [sys.executable, "-c", FULL_DISK, tmp_path / "x"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "could not be written: File too large" in told
    assert str(tmp_path / "x") in told
    assert (tmp_path / "x").read_text() == "old"
    assert entries(tmp_path) == ["x"]


def test_a_link_is_written_through(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "x")
    write_text(tmp_path / "link", "through")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "x").read_text() == "through"


def test_what_is_not_a_file_is_never_replaced(tmp_path: Path):
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(RunError, match="not a regular file"):
            write_text(path, "no")


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(RunError, match="no folder"):
        write_text(tmp_path / "nowhere" / "x", "no")


def test_a_block_that_writes_nothing_is_refused(tmp_path: Path):
    with pytest.raises(RunError, match="nothing was written"), write_atomic(tmp_path / "x"):
        pass
    assert entries(tmp_path) == []


def test_json_keeps_its_order(tmp_path: Path):
    write_json(tmp_path / "x.json", {"b": 1, "a": (1.5, None, True, "é\udcff")})
    text = (tmp_path / "x.json").read_text()
    assert text.startswith('{\n  "b": 1,\n  "a": [\n    1.5,')
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"loss": [1.0, float("nan")]}, r"x.json.loss\[1\]: nan is not finite"),
        ({"a": {"b": float("-inf")}}, r"x.json.a.b: -inf is not finite"),
        ({"a": Path("x")}, "x.json.a: .* is a PosixPath"),
        ({"a": {1: 2}}, "x.json.a: the key 1 is not text"),
        ({"a": b"x"}, "is a bytes"),
    ],
)
def test_what_json_cannot_give_back_is_refused_by_its_key(tmp_path: Path, value: object, told: str):
    write_text(tmp_path / "x.json", "{}")
    with pytest.raises(SpecError, match=told):
        write_json(tmp_path / "x.json", value)
    assert entries(tmp_path) == ["x.json"]
    assert (tmp_path / "x.json").read_text() == "{}"
