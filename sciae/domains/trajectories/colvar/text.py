"""COLVAR text in pieces: header lines may stand anywhere, as restarts leave them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.domains.trajectories.colvar.header import Header
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Text", "open_text"]


class _Lines(NamedTuple):
    """Consecutive lines of numbers below one header."""

    header: Header
    first: int  # line of the file, from 1
    lines: list[str]


@dataclass(frozen=True)
class Text:
    """A COLVAR file that was looked through.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Columns that are there from the first line to the last.
    shapes : mapping of str to tuple
        Of one row; all ().
    header : Header
        After the last line: all constants.
    rows : int
    lost : int
        1 if the last line is cut.
    """

    path: Path
    names: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    header: Header
    rows: int
    lost: int

    def pieces(self, step: int) -> Iterator[dict[str, NDArray[np.float64]]]:
        """The columns of all rows in order, at most `step` rows at a time.

        Raises
        ------
        SourceError
            If a line holds anything but as many numbers as there are columns.
        """
        for part in _runs(self.path, step):
            if part.lines:
                values = _numbers(part, self.path)
                at = {name: k for k, name in enumerate(part.header.names)}
                yield {name: values[:, at[name]] for name in self.names}


def open_text(path: Path) -> Text:
    """Look through a COLVAR file: its columns, its constants, and how many rows it has.

    Raises
    ------
    SourceError
        If there is no header, or headers contradict each other.
    """
    rows, lost, header = 0, 0, Header()
    common: tuple[str, ...] | None = None
    for part in _runs(path, 1 << 16, cut=True):
        header = part.header
        whole = sum(line.endswith("\n") for line in part.lines)
        rows, lost = rows + whole, lost + len(part.lines) - whole
        if part.lines:
            mine = header.names
            common = mine if common is None else tuple(n for n in common if n in mine)
    names = header.names if common is None else common
    return Text(path, names, dict.fromkeys(names, ()), header, rows, lost)


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="\n")
    return path.open(encoding="utf-8", newline="\n")


def _runs(path: Path, step: int, *, cut: bool = False) -> Iterator[_Lines]:
    """Lines of numbers, split where a header says something new; without one that is cut."""
    header, first = Header(), 1
    lines: list[str] = []
    try:
        with _opened(path) as file:
            for place, line in enumerate(file, start=1):
                if line.startswith("#"):
                    if (said := header.after(line, f"{path}, line {place}")) != header:
                        yield _Lines(header, first, lines)
                        header, lines = said, []
                elif line.strip() and (cut or line.endswith("\n")):
                    if not header.names:
                        raise _no_header(path, place)
                    first = place if not lines else first
                    lines.append(line)
                    if len(lines) == step:
                        yield _Lines(header, first, lines)
                        lines = []
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise SourceError(f"is not text ({type(error).__name__})", where=path) from error
    yield _Lines(header, first, lines)


def _no_header(path: Path, line: int) -> SourceError:
    return SourceError(
        "numbers without names",
        where=f"{path}, line {line}",
        expected="a COLVAR file, which begins with '#! FIELDS time ...'",
        fix="Write that line, or save the numbers as .npy or .npz.",
    )


def _numbers(part: _Lines, path: Path) -> NDArray[np.float64]:
    where = f"{path}, from line {part.first}"
    try:
        values = np.loadtxt(part.lines, ndmin=2, comments=None)
    except ValueError as error:
        text = str(error).splitlines()[0]
        raise SourceError(
            f"not a table of numbers ({text[:160]}; rows counted from there)", where=where
        ) from error
    if values.shape[1] != len(part.header.names):
        raise SourceError(
            f"{values.shape[1]} numbers in a line",
            where=where,
            expected=f"{len(part.header.names)}, for {', '.join(part.header.names)}",
        )
    return values
