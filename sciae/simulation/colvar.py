"""COLVAR: text columns with PLUMED's header, written row by row and read back whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["LineFile", "header", "read_columns", "row"]

TURN = 2 * math.pi


def header(
    fields: Sequence[str], *, names: Sequence[str], periods: Sequence[float | None]
) -> list[str]:
    """The head of a file with these columns: their names, and the range of periodic ones.

    Examples
    --------
    >>> header(["time", "phi", "bias"], names=["phi"], periods=[2 * math.pi])
    ['#! FIELDS time phi bias', '#! SET min_phi -pi', '#! SET max_phi pi']
    """
    lines = [f"#! FIELDS {' '.join(fields)}"]
    for name, period in zip(names, periods, strict=True):
        if period is not None:
            half = "pi" if math.isclose(period, TURN) else repr(period / 2)
            lines += [f"#! SET min_{name} -{half}", f"#! SET max_{name} {half}"]
    return lines


def row(values: Sequence[float]) -> str:
    """A line; ten digits, which is more than the model is exact to.

    Examples
    --------
    >>> row([0.2, -1 / 3])
    ' 0.2 -0.3333333333'
    """
    return "".join(f" {value:.10g}" for value in values)


class LineFile:
    """A text file that grows line by line and can be cut back to a number of bytes.

    Parameters
    ----------
    path : Path
    head : sequence of str
        Lines that a new file begins with.
    size : int
        How many bytes to keep of the file that is there; 0 starts a new one.

    Raises
    ------
    SourceError
        If the file that is there is shorter.
    """

    def __init__(self, path: Path, *, head: Sequence[str] = (), size: int = 0) -> None:
        if size and (found := path.stat().st_size if path.exists() else 0) < size:
            raise SourceError(
                f"{found} bytes",
                where=path,
                expected=f"the {size} that this run wrote",
                fix="Restore it from a copy, or start again.",
            )
        self.file = path.open("r+b" if size else "w+b")
        self.file.truncate(size)
        self.file.seek(size)
        if not size:
            self.write(head)

    @property
    def size(self) -> int:
        """Bytes written."""
        return self.file.tell()

    def write(self, lines: Sequence[str]) -> None:
        """Append lines."""
        if lines:
            self.file.write(("\n".join(lines) + "\n").encode())

    def flush(self) -> None:
        """Hand the lines to the system."""
        self.file.flush()

    def close(self) -> None:
        """Flush and close."""
        self.file.close()


def read_columns(path: Path) -> Mapping[str, NDArray[np.float64]]:
    """Columns by name.

    Raises
    ------
    SourceError
        If the file has no header, or a line with another number of columns.
    """
    try:
        with path.open(encoding="utf-8") as file:
            first = file.readline().split()
            if first[:2] != ["#!", "FIELDS"]:
                raise SourceError("no header", where=path, expected="#! FIELDS time ...")
            table = np.loadtxt(file, comments="#", ndmin=2) if _has_rows(path) else None
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"cannot be read ({error})", where=path) from error
    names = first[2:]
    if table is None:
        table = np.zeros((0, len(names)))
    if table.shape[1] != len(names):
        raise SourceError(f"{table.shape[1]} columns", where=path, expected=f"{len(names)}")
    return dict(zip(names, table.T, strict=True))


def _has_rows(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        return any(not line.startswith("#") for line in file)
