"""A file's identity: its size and the SHA-256 of its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sciae.errors import RunError
from sciae.run.atomic import is_temporary

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20  # bytes read at once, so memory does not grow with the file
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """A file as it was when it was read or written.

    Parameters
    ----------
    path : str
        Absolute for an input; relative to the run directory, with slashes, for an output.
    size : int
        In bytes.
    sha256 : str
        Of the bytes, in lower-case hexadecimal.
    """

    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path, *, name: str) -> FileRecord:
        """Read a file through, and record it under a name."""
        import hashlib  # here, so that --help does not wait for OpenSSL

        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return cls(path=name, size=size, sha256=digest.hexdigest())

    @classmethod
    def from_json(cls, entry: object, *, where: object) -> FileRecord:
        """Check and read an entry of a manifest."""
        match entry:
            case {"path": str(path), "size": int(size), "sha256": str(sha256)} if (
                size >= 0 and _SHA256.fullmatch(sha256)
            ):
                return cls(path=path, size=size, sha256=sha256)
        raise RunError(
            f"{entry!r:.80} does not describe a file",
            where=where,
            expected="a path, a size in bytes and a sha256 of 64 hexadecimal digits",
        )

    def fault(self, path: Path) -> str:
        """What is wrong with the file now, in words; empty if it has the very same bytes."""
        if not path.is_file():
            return "is missing"
        now = FileRecord.of(path, name=self.path)
        if now.size != self.size:
            return f"has {now.size} bytes, had {self.size}"
        return "" if now == self else f"has sha256 {now.sha256[:12]}, had {self.sha256[:12]}"


def files_of(path: Path) -> list[Path]:
    """Return the file itself, or every file in a folder, sorted; never none."""
    inside = path.rglob("*") if path.is_dir() else [path]
    files = sorted(file for file in inside if file.is_file() and not is_temporary(file.name))
    if not files:
        what = "holds no file" if path.is_dir() else "no such file"
        raise RunError(what, where=path, fix="Write it before it is added.")
    return files
