"""Series: a file of columns, opened by its suffix; and columns by their name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sciae.domains.trajectories.colvar.arrays import open_arrays
from sciae.domains.trajectories.colvar.text import open_text
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from sciae.domains.trajectories.colvar.header import Header

__all__ = ["Series", "column_named", "open_series", "read_columns"]

ARRAYS = (".npy", ".npz")
STEP = 100_000  # rows at once


class Series(Protocol):
    """A file of columns: see `sciae.domains.trajectories.colvar.text.Text`."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Of one row of each column."""

    @property
    def header(self) -> Header:
        """Constants such as periods."""

    @property
    def rows(self) -> int:
        """Whole ones."""

    @property
    def lost(self) -> int:
        """Rows that are cut."""

    def pieces(self, step: int) -> Iterator[dict[str, NDArray[np.float64]]]:
        """The columns of all rows in order, at most `step` rows at a time."""


def open_series(
    path: str | Path, *, fields: tuple[str, ...] = (), allow_truncated: bool = False
) -> Series:
    """The columns of a file: .npy, .npz, or COLVAR text.

    Raises
    ------
    SourceError
        If it is missing, damaged, cut, or holds no row.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError("is not a file" if path.exists() else "no such file", where=path)
    series: Series = open_arrays(path, fields) if path.suffix in ARRAYS else open_text(path)
    if series.lost and not allow_truncated:
        raise SourceError(
            f"truncated: {series.rows} whole lines found, the last is cut (no newline at its end)",
            where=path,
            expected=f"{series.rows + series.lost} lines",
            fix="Set allow_truncated=True to leave it out, or end the line if it is whole.",
        )
    if not series.rows:
        raise SourceError("holds no row", where=path, expected="one or more")
    return series


def read_columns(
    path: Path, wanted: Iterable[str] | None = None, *, allow_truncated: bool = False
) -> dict[str, NDArray[np.float64]]:
    """Columns of one number per row, whole; all by default."""
    series = open_series(path, allow_truncated=allow_truncated)
    names = [n for n in series.names if not series.shapes[n] and (wanted is None or n in wanted)]
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    for piece in series.pieces(STEP):
        for name in names:
            parts[name].append(np.array(piece[name]))
    return {name: np.concatenate(values) for name, values in parts.items()}


def column_named(names: Iterable[str], wanted: str, default: str, path: Path) -> str:
    """The column of that name, or the only one whose last part is it: "rct" of "metad.rct".

    Raises
    ------
    SourceError
        If there is none, or more than one.
    """
    names = list(names)
    text = wanted or default
    if wanted in names:
        return wanted
    found = [name for name in names if name.rpartition(".")[2] == text]
    if len(found) == 1:
        return found[0]
    near = ", ".join(get_close_matches(text, names, n=3, cutoff=0.5) or names[:20])
    raise SourceError(
        f"{len(found) or 'no'} columns called {text!r} ({', '.join(found) or f'near: {near}'})",
        where=path,
        expected="one",
        fix="Name the column.",
    )
