"""kill -9 at any moment: the input stays, and under a final name there is all or nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import uproot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY = [sys.executable, "-c", "from sciae.cli import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
KILLS = 10


def start(*arguments: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*ENTRY, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def to_the_end(*arguments: Any) -> str:
    process = start(*arguments)
    out, err = process.communicate(timeout=250)
    assert process.returncode == 0, err
    return out


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not there() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    jets_of: Callable[..., Any],
    write: Callable[..., Path],
) -> Path:
    path = tmp_path_factory.mktemp("kills")
    write(path / "qcd.root", jets_of("qcd_train", 300))
    write(path / "data.root", jets_of("qcd_test", 500), copies=8)
    to_the_end("fit", path / "qcd.root", "--domain", "jets", "--out", path / "model", "--epochs", 2)
    return path


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".tmp")]


@pytest.mark.parametrize("ending", ["root", "parquet"])
def test_scoring_that_is_killed_leaves_all_or_nothing(folder: Path, ending: str) -> None:
    source, out = folder / "data.root", folder / f"scores.{ending}"
    before, rng, killed = sha256(source), np.random.default_rng(1), 0
    for _ in range(KILLS // 2):
        process = start("score", source, "--model", folder / "model", "--out", out, "--rows", 50)
        wait_for(lambda: bool(temporaries(folder)) or out.exists(), process)
        time.sleep(rng.uniform(0, 0.6))  # from the first byte to about the last
        kill(process)
        killed += not out.exists()
        assert sha256(source) == before
        if out.exists():
            assert entries(out) == 4000
            out.unlink()
        for left in temporaries(folder)[1:]:  # one stays, to be in the way
            left.unlink()
    assert killed > 0  # or the above says nothing
    to_the_end("score", source, "--model", folder / "model", "--out", out)
    assert entries(out) == 4000


def entries(path: Path) -> int:
    if path.suffix == ".root":
        with uproot.open(path) as file:
            return int(file["scores"].num_entries)
    import pyarrow.parquet as pq

    return int(pq.read_table(path).num_rows)


def test_a_fit_that_is_killed_and_resumed_is_the_fit_that_never_stopped(folder: Path) -> None:
    arguments = ["fit", folder / "qcd.root", "--domain", "jets", "--epochs", 300, "--out"]
    to_the_end(*arguments, folder / "whole")
    broken = folder / "broken"
    for more in ([], ["--resume"]):
        process = start(*arguments, broken, *more)
        seen = _stamp(broken / "checkpoint.safetensors")
        wait_for(lambda: _stamp(broken / "checkpoint.safetensors") != seen, process)  # noqa: B023
        kill(process)
        assert process.returncode == -signal.SIGKILL
    refused = start(*arguments, broken)
    _, err = refused.communicate(timeout=100)
    assert refused.returncode == 2
    assert "holds an unfinished run" in err
    assert "--resume to continue it" in err
    to_the_end(*arguments, broken, "--resume")
    for name in ("weights.safetensors", "model.json", "calibration.bin", "domain.json"):
        assert (broken / name).read_bytes() == (folder / "whole" / name).read_bytes()
    assert not temporaries(broken)


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
