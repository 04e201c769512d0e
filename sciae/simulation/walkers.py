"""Walkers: several at once, each in a process of its own, which ends when this one does."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sciae.errors import SimulationError, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.simulation.plan import Plan
    from sciae.simulation.walk import Parts

__all__ = ["walk_all"]

PAUSE = 0.02  # seconds between looks at the processes
LENGTH = 8  # bytes that say how many follow


class Started(NamedTuple):
    """A walker's process."""

    walker: int
    process: subprocess.Popen[bytes]


def walk_all(
    plan: Plan,
    parts: Parts,
    directory: Path,
    *,
    processes: int,
    checkpoint: float,
    patience: float,
) -> None:
    """Run all walkers to the end: at once if they share a bias, else `processes` at a time.

    Raises
    ------
    SimulationError
        If one stopped; the others are stopped too, and all can be resumed.
    """
    most = plan.walkers if plan.is_shared else max(1, processes)
    settings = {"checkpoint": checkpoint, "patience": patience}
    waiting, running = list(range(plan.walkers)), list[Started]()
    try:
        while waiting or running:
            while waiting and len(running) < most:
                task = _packed(plan, parts, directory, waiting[0], settings)
                running.append(_start(waiting.pop(0), task, directory, plan))
            time.sleep(PAUSE)
            running = [one for one in running if not _has_ended(one, directory, plan)]
    finally:
        for one in running:
            one.process.kill()
            one.process.wait()
            _close(one)


def _packed(
    plan: Plan, parts: Parts, directory: Path, walker: int, settings: Mapping[str, Any]
) -> bytes:
    """What a walker needs, for a pipe to a process of our own; never for a file."""
    try:
        task = pickle.dumps((plan, parts, directory, walker, dict(settings)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SpecError(
            f"cannot be sent to another process ({error})",
            where="walkers",
            fix="Define functions in a module, not in a notebook; or use one walker.",
        ) from error
    path = pickle.dumps(sys.path)
    return b"".join(len(part).to_bytes(LENGTH, "little") + part for part in (path, task))


def _start(walker: int, task: bytes, directory: Path, plan: Plan) -> Started:
    """The pipe stays open: its end tells the walker that this process has ended."""
    home = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    with _log(directory, plan, walker).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sciae.simulation.walker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        )
    assert process.stdin is not None
    try:
        process.stdin.write(task)
        process.stdin.flush()
    except BrokenPipeError:  # it ended at once: its log says why
        pass
    return Started(walker, process)


def _has_ended(one: Started, directory: Path, plan: Plan) -> bool:
    code = one.process.poll()
    if code is None:
        return False
    assert one.process.stdout is not None
    said = one.process.stdout.read().decode().strip()
    _close(one)
    if code:
        log = _log(directory, plan, one.walker).name
        raise SimulationError(
            said or f"ended with status {code}",
            where=f"walker {one.walker}",
            fix=f"See {log}; resume when it is mended: all go on from their checkpoints.",
        )
    return True


def _close(one: Started) -> None:
    for pipe in (one.process.stdin, one.process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _log(directory: Path, plan: Plan, walker: int) -> Path:
    return directory / plan.named("walker.log", walker)
