"""Files that are either the former or the new one, never half of either."""

from __future__ import annotations

import errno
import itertools
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sciae.errors import RunError
from sciae.run.plain import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

_serial = itertools.count()  # threads of one process may write the same file at once
_TEMPORARY = re.compile(r"\.tmp-([1-9]\d*)-\d+-.+", re.DOTALL)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def write_atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file whole or not at all.

    Yields a temporary path beside `path`, ``.tmp-<pid>-<n>-<name>``, for the block to
    write; its suffix is that of `path`, which some writers go by. When the block ends,
    the file is flushed to disk and renamed to `path`. On any exception, Ctrl-C
    included, it is removed and the former file stays as it was. A symbolic link is
    written through.

    Raises
    ------
    RunError
        If the folder does not exist, `path` is not a regular file, the disk is full, or
        the block wrote nothing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with write_atomic(f"{folder}/note.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     Path(folder, "note.txt").read_text()
    'whole'
    """
    target = _target(Path(path))
    temporary = target.with_name(f".tmp-{os.getpid()}-{next(_serial)}-{target.name}")
    try:
        yield temporary
        _publish(temporary, target)
    except OSError as error:
        if error.errno in _FULL:
            raise _disk_full(error, target) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes whole or not at all."""
    with write_atomic(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text whole or not at all, as UTF-8 with the newlines given."""
    write_bytes(path, text.encode())


def write_json(path: str | os.PathLike[str], value: object) -> None:
    """Write plain JSON whole or not at all: indented by 2, keys in the order given.

    Raises
    ------
    SpecError
        If `value` holds NaN, an infinity, or anything else that is not plain JSON.
    """
    write_text(path, dumps(value, where=Path(path).name))


def is_temporary(name: str) -> bool:
    """Whether a file name is one that `write_atomic` gives to its temporaries."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_leftovers(directory: Path) -> list[Path]:
    """Remove the temporaries that dead processes left in a directory tree; return them.

    This process's own number counts as dead: in a container, every start may have the
    same one. So call this before anything is written.
    """
    found = [
        Path(folder, name)
        for folder, _, names in os.walk(directory)
        for name in names
        if (match := _TEMPORARY.fullmatch(name)) and not _is_other_alive(int(match[1]))
    ]
    for path in found:
        path.unlink(missing_ok=True)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs on this host."""
    try:
        os.kill(pid, 0)  # signal 0 asks, it does not signal
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _is_other_alive(pid: int) -> bool:
    return pid != os.getpid() and is_alive(pid)


def _target(path: Path) -> Path:
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise RunError(f"no folder {target.parent}", where=path, fix="Create it first.")
    if target.exists() and not target.is_file():
        raise RunError("is there and is not a regular file", where=path, fix="Use another name.")
    return target


def _publish(temporary: Path, target: Path) -> None:
    if not temporary.is_file():
        raise RunError("nothing was written", where=target, expected=f"a file {temporary.name}")
    _flush(temporary)
    temporary.replace(target)
    _flush(target.parent)  # or a power cut could undo the renaming


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _disk_full(error: OSError, target: Path) -> RunError:
    full = RunError(
        f"could not be written: {error.strerror}",
        where=target,
        fix="Free some space; the former file, if any, is as it was.",
    )
    full.errno = error.errno
    return full
