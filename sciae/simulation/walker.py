"""Walker: the process of one walker, started by `sciae.simulation.walkers`.

What to do comes through standard input from the process that started it, which then keeps
the pipe open; when that ends, so does this, at once and without a word.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from sciae.errors import RunError
from sciae.run.lock import held
from sciae.simulation.walkers import LENGTH

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 10.0  # seconds for a walker whose parent was killed to end


def main() -> int:
    """Walk to the end; 1, and one line on standard output, if that fails."""
    pipe = sys.stdin.buffer
    sys.path[:] = pickle.loads(_part(pipe))  # noqa: S301 - of the process that started this one
    plan, parts, directory, walker, settings = pickle.loads(_part(pipe))  # noqa: S301 - as above
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    try:
        _walk_alone(plan, parts, directory, walker, settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent shall say it
        import traceback

        traceback.print_exc()
        sys.stdout.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


def _walk_alone(plan: Any, parts: Any, directory: Path, walker: int, settings: Any) -> None:
    """Not beside a former process of the same walker, which may take a moment to end."""
    from sciae.simulation.walk import walk

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with held(directory / f".lock.{walker}", command=f"walker {walker}"):
                walk(plan, parts, directory, walker=walker, **settings)
                return
        except RunError as error:
            if "in use" not in error.what or time.monotonic() > deadline:
                raise


def _part(pipe: IO[bytes]) -> bytes:
    return pipe.read(int.from_bytes(pipe.read(LENGTH), "little"))


def _end_with(pipe: IO[bytes]) -> None:
    pipe.read()  # until its other end is closed
    os._exit(1)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # not through the end of a thread that reads
