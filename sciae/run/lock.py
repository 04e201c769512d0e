"""One owner at a time: a lock that the system releases when its process ends, however."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sciae.errors import RunError
from sciae.run.atomic import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 0.5  # seconds that an owner may take to write down its name
_PAUSE = 0.01
_LONGEST = 1 << 16  # bytes of a lock file that are read


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The process that holds a lock."""

    pid: int
    user: str
    host: str
    started: str
    command: str

    @classmethod
    def this_process(cls, command: str) -> Owner:
        """Describe the process that asks."""
        return cls(
            pid=os.getpid(), user=_user(), host=os.uname().nodename, started=now(), command=command
        )

    def __str__(self) -> str:
        return (
            f"pid {self.pid} of {self.user}@{self.host} since {self.started}, "
            f"running {self.command!r}"
        )

    @property
    def is_gone(self) -> bool:
        """Whether it is known to have ended: of another host nothing is known."""
        return self.host == os.uname().nodename and not is_alive(self.pid)


@contextmanager
def held(path: Path, *, command: str) -> Iterator[None]:
    """Hold an exclusive lock on a file, which names its owner meanwhile.

    The file stays when the lock is released: to remove it would let two processes lock
    two files of the same name.

    Raises
    ------
    RunError
        At once, if another process holds it; the message names the owner.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        _lock(descriptor, path)
        owner = Owner.this_process(command)
        _write_owner(descriptor, owner)
        try:
            yield
        finally:
            if os.getpid() == owner.pid:  # not in a forked child that leaves the block
                _release(descriptor)
    finally:
        os.close(descriptor)


def now() -> str:
    """Return the time in ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError as error:
        raise RunError("run directories need a POSIX system", where=path.parent) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _in_use(path.parent, _read_owner(descriptor)) from error
    except OSError as error:
        raise RunError(
            f"the file system cannot lock files ({error.strerror})",
            where=path.parent,
            fix="Choose a directory on a local disk.",
        ) from error


def _release(descriptor: int) -> None:
    """Release it also for forked children, whose copies of the file are open still."""
    import fcntl

    os.ftruncate(descriptor, 0)
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _in_use(directory: Path, owner: Owner | None) -> RunError:
    who = str(owner or "a process that has not given its name")
    if owner is not None and owner.is_gone:
        who += "; it has ended, but a process that it started has not"
    return RunError(
        f"in use by {who}",
        where=directory,
        fix="Wait until it ends, or choose another directory.",
    )


def _write_owner(descriptor: int, owner: Owner) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)


def _read_owner(descriptor: int) -> Owner | None:
    """Read who holds the lock, who may be about to write it over the name of the last."""
    deadline = time.monotonic() + _PATIENCE
    owner = _parse_owner(os.pread(descriptor, _LONGEST, 0))
    while (owner is None or owner.is_gone) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        owner = _parse_owner(os.pread(descriptor, _LONGEST, 0))
    return owner


def _parse_owner(text: bytes) -> Owner | None:
    try:
        return Owner(**json.loads(text))
    except (ValueError, TypeError):  # empty, half written, or not ours
        return None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have users without a name
        return str(os.getuid())
