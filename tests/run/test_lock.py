from __future__ import annotations

import getpass
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sciae.errors import RunError
from sciae.run import Manifest, Run

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import os, sys, time
from sciae.errors import RunError
from sciae.run import Run

try:
    with Run.open(sys.argv[1], command="sciae fit", resume=True):
        print("running", os.getpid(), flush=True)
        sys.stdin.read()
except RunError as error:
    print("refused", os.getpid(), error, flush=True)
"""


def start(directory: Path):
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]):
    process.communicate(timeout=10)


@pytest.mark.parametrize("attempt", range(5))
def test_of_two_at_the_same_time_one_runs_and_the_other_names_it(tmp_path: Path, attempt: int):
    both = [start(tmp_path / "run") for _ in range(2)]
    told = [process.stdout.readline().split(maxsplit=2) for process in both]
    for process in both:
        end(process)
    by_fate = {words[0]: words for words in told}
    assert set(by_fate) == {"running", "refused"}
    assert f"in use by pid {by_fate['running'][1]} of " in by_fate["refused"][2]


def test_the_owner_is_named_in_full(tmp_path: Path):
    who = rf"pid {os.getpid()} of {re.escape(getpass.getuser())}@.+ since 20.+, running 'sciae fit'"
    with (
        Run.open(tmp_path / "run", command="sciae fit"),
        pytest.raises(RunError, match=who),
        Run.open(tmp_path / "run", command="sciae score"),
    ):
        pass


def test_a_killed_owner_leaves_no_lock_and_an_unfinished_run(tmp_path: Path):
    process = start(tmp_path / "run")
    assert process.stdout.readline().startswith("running")
    process.send_signal(signal.SIGKILL)
    end(process)
    assert Manifest.read(tmp_path / "run" / "manifest.json").status == "running"
    with (
        pytest.raises(RunError, match=r"unfinished run .* --resume to continue"),
        Run.open(tmp_path / "run", command="sciae fit"),
    ):
        pass
    with Run.open(tmp_path / "run", command="sciae fit", resume=True) as run:
        assert run.resumed


def test_the_name_of_a_dead_owner_is_not_told(tmp_path: Path):
    process = start(tmp_path / "run")
    dead = process.stdout.readline().split()[1]
    process.kill()
    end(process)
    assert dead in (tmp_path / "run" / ".lock").read_text()
    with (
        Run.open(tmp_path / "run", command="x", resume=True),
        pytest.raises(RunError, match=f"pid {os.getpid()} "),
        Run.open(tmp_path / "run", command="x", resume=True),
    ):
        pass


def test_a_lock_is_released_even_if_a_forked_child_lives_on(tmp_path: Path):
    with Run.open(tmp_path / "run", command="x"):
        reader, writer = multiprocessing.Pipe(duplex=False)
        child = os.fork()
        if child == 0:
            writer.close()
            reader.poll(10)
            os._exit(0)
    with Run.open(tmp_path / "run", command="x", resume=True):
        pass
    writer.close()
    os.waitpid(child, 0)


def test_a_forked_child_that_leaves_the_block_ends_nothing(tmp_path: Path):
    child = -1
    try:
        with Run.open(tmp_path / "run", command="x"):
            child = os.fork()
            if child == 0:
                raise KeyboardInterrupt  # noqa: TRY301 -- it is to leave the block
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
            assert Manifest.read(tmp_path / "run" / "manifest.json").status == "running"
            held = start(tmp_path / "run")
            assert held.stdout.readline().startswith("refused")
            end(held)
    except KeyboardInterrupt:
        os._exit(3)


def test_the_lock_file_is_not_followed_elsewhere(tmp_path: Path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="lock"), Run.open(tmp_path / "run", command="x"):
        pass
    assert not (tmp_path / "precious").exists()
