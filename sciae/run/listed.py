"""Checksums in a list, as ``sha256sum`` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from sciae.errors import SourceError
from sciae.run.checksum import FileRecord

__all__ = ["verify_listed"]

LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


def verify_listed(path: Path, listing: Path) -> FileRecord:
    """Raise unless the file's checksum is the one that the list has for its name.

    Formats with light or no checksums (ROOT with zstd) decode a flipped bit to wrong
    numbers without a word; only a checksum of the whole file tells.

    Names are relative to the list, as ``sha256sum -c`` takes them where it lies; a name
    in another folder counts if the list holds no other file of that name.

    Raises
    ------
    SourceError
        If the list does not name the file, or names two so, or the checksum differs.
    """
    wanted = _listed(path, listing)
    try:
        record = FileRecord.of(path, name=str(path))
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=path) from error
    if wanted != record.sha256:
        raise SourceError(
            "the sha256 is not the one in the list",
            where=path,
            expected=wanted,
            fix="The file is damaged; copy it again.",
        )
    return record


def _listed(path: Path, listing: Path) -> str:
    """The checksum that the list has for this file."""
    try:
        lines = listing.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot be read ({error})", where=listing) from error
    pairs = [(Path(m[2]), m[1].lower()) for m in map(LINE.fullmatch, lines) if m]
    exact = {
        digest for name, digest in pairs if (listing.parent / name).resolve() == path.resolve()
    }
    found = exact or {digest for name, digest in pairs if name.name == path.name}
    if len(found) != 1:
        raise SourceError(
            f"{path.name!r} is {'in the list twice' if found else 'not in the list'}",
            where=listing,
            expected="a line of `sha256sum` with its name",
        )
    return found.pop()
