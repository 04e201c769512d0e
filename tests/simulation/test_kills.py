"""kill -9 at any moment, and the run that is resumed is the run that never stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.errors import SimulationError
from sciae.simulation import simulate
from sciae.simulation.checkpoint import Checkpoint
from sciae.simulation.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.collective import CollectiveVariable
    from sciae.simulation.system import MolecularSystem

PROGRAM = """
import sys
from sciae.collective import CollectiveVariable
from sciae.simulation import from_pdb
from sciae.simulation import simulate

pdb, cv, out, walkers, method = sys.argv[1:]
simulate(
    CollectiveVariable.load(cv), system=from_pdb(pdb, force_field="amber99sb"), out=out,
    method=method, time="30 ps", stride=50, pace=100, frames=100, walkers=int(walkers), rng=3,
    platform="Reference", checkpoint=0.02, resume=True, sigma=[0.3, 0.3], bins=30, history=1000,
)
"""
FILES = {
    "opes": ("COLVAR", "KERNELS", "trajectory.dcd"),
    "metadynamics": ("COLVAR", "HILLS", "trajectory.dcd"),
}
KILLS = {"opes": 2, "metadynamics": 1}


def start(*arguments: Any):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def finish(alanine: MolecularSystem, cv: CollectiveVariable, out: Path, walkers: int, method: str):
    """The same in this process, to the end; without a checkpoint on the way."""
    return simulate(
        cv, system=alanine, out=out, method=method, time="30 ps", stride=50, pace=100,
        frames=100, walkers=walkers, rng=3, platform="Reference", resume=True, sigma=[0.3, 0.3],
        bins=30, history=1000,
    )  # fmt: skip


def kill(process: subprocess.Popen[str]):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str]):
    deadline = time.monotonic() + 150
    while not there():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.002)


def step_of(path: Path):
    return Checkpoint.read(path).step if path.exists() else 0


@pytest.fixture(scope="module")
def saved(torsions: Callable[..., CollectiveVariable], tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("cv")
    torsions().save(path)
    return path


@pytest.mark.parametrize("method", ["opes", "metadynamics"])
def test_a_killed_and_resumed_run_is_the_run_that_never_stopped(
    method: str,
    alanine: MolecularSystem,
    alanine_pdb: Path,
    torsions: Callable[..., CollectiveVariable],
    saved: Path,
    tmp_path: Path,
):
    other = finish(alanine, torsions(), tmp_path / "whole", 1, method)
    broken, rng, seen = tmp_path / "broken", np.random.default_rng(1), 0
    for _ in range(KILLS[method]):
        process = start(alanine_pdb, saved, broken, 1, method)
        wait_for(lambda: step_of(broken / "checkpoint.npz") > seen, process)  # noqa: B023
        time.sleep(rng.uniform(0, 0.05))
        kill(process)
        seen = step_of(broken / "checkpoint.npz")
    assert 0 < seen < 15000  # or the above says nothing
    one = finish(alanine, torsions(), broken, 1, method)
    for name in FILES[method]:
        assert (broken / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert [p.name for p in one.history] == [p.name for p in other.history]
    assert [p.read_bytes() for p in one.history] == [p.read_bytes() for p in other.history]
    assert len(one.history) == 15
    a, b = (Checkpoint.read(tmp_path / n / "checkpoint.npz") for n in ("broken", "whole"))
    assert a.engine == b.engine
    assert all(np.array_equal(a.bias[n], b.bias[n]) for n in b.bias)


def test_killed_and_resumed_walkers_are_those_that_never_stopped(
    alanine: MolecularSystem,
    alanine_pdb: Path,
    torsions: Callable[..., CollectiveVariable],
    saved: Path,
    tmp_path: Path,
):
    finish(alanine, torsions(), tmp_path / "whole", 2, "opes")
    broken = tmp_path / "broken"
    process = start(alanine_pdb, saved, broken, 2, "opes")
    wait_for(lambda: step_of(broken / "checkpoint.1.npz") > 0, process)
    kill(process)  # the walkers' processes must notice, and leave the files alone
    assert 0 < step_of(broken / "checkpoint.1.npz") < 15000
    run = finish(alanine, torsions(), broken, 2, "opes")
    for name in ("COLVAR.0", "COLVAR.1", "KERNELS", "trajectory.0.dcd", "trajectory.1.dcd"):
        assert (broken / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert run.time.size == 2 * 300
    assert not np.array_equal(run.variable[:300], run.variable[300:])
    one, other = (Checkpoint.read(broken / f"checkpoint.{k}.npz") for k in range(2))
    assert all(np.array_equal(one.bias[n], other.bias[n]) for n in ("kernels", "sums"))


def test_a_walker_that_is_killed_stops_all_with_an_error_that_says_which(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    import threading

    def strike() -> None:
        deadline = time.monotonic() + 100
        while not (tmp_path / "run" / "checkpoint.1.npz").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        owner = (tmp_path / "run" / ".lock.1").read_text()
        os.kill(int(owner.split('"pid": ')[1].split(",")[0]), signal.SIGKILL)

    thread = threading.Thread(target=strike)
    thread.start()
    with pytest.raises(SimulationError, match="walker 1: ended with status -9"):
        simulate(
            torsions(), system=alanine, out=tmp_path / "run", time="100 ns", walkers=2, pace=100,
            platform="Reference", checkpoint=0.05, rng=1, sigma=[0.3, 0.3], bins=30,
        )  # fmt: skip
    thread.join()


def test_a_walker_does_not_wait_for_ever(tmp_path: Path):
    one = Exchange(tmp_path, walker=0, walkers=2, patience=0.05)
    block = np.zeros((1, 3))
    one.tell(0, block)
    with pytest.raises(SimulationError, match=r"walker 1 has not deposited within 0.05 s"):
        one.hear(0, like=block)


def test_blocks_come_in_the_order_of_the_walkers_and_again_after_a_restart(tmp_path: Path):
    each = [Exchange(tmp_path, walker=k, walkers=3) for k in range(3)]
    rng = np.random.default_rng(1)
    blocks = rng.normal(size=(2, 3, 4, 5))  # (round, walker, deposit, number)
    for number in range(2):
        for k in (2, 0, 1):
            each[k].tell(number, blocks[number, k])
    for number in (1, 0):
        each[0].tell(number, blocks[number, 0])  # again, as after a restart
        for one in each:
            heard = one.hear(number, like=blocks[0, 0])
            np.testing.assert_array_equal(heard, blocks[number].transpose(1, 0, 2))
