"""Arrays saved by NumPy: one array in .npy, named ones in .npz; never pickled objects."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.domains.trajectories.colvar.header import Header
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Arrays", "open_arrays"]

ONE = "x"  # the name of the array in a .npy file


@dataclass(frozen=True)
class Arrays:
    """Columns of numbers; see `sciae.domains.trajectories.colvar.text.Text`."""

    path: Path
    names: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    header: Header
    rows: int
    lost: int
    columns: Mapping[str, NDArray[Any]]

    def pieces(self, step: int) -> Iterator[dict[str, NDArray[np.float64]]]:
        """The columns of all rows in order, at most `step` rows at a time."""
        for begin in range(0, self.rows, step):
            yield {
                name: np.array(values[begin : begin + step], np.float64)
                for name, values in self.columns.items()
            }


def open_arrays(path: Path, fields: tuple[str, ...] = ()) -> Arrays:
    """The columns of a .npy or .npz file.

    Parameters
    ----------
    path : Path
    fields : tuple of str
        Names of the columns of a two-dimensional .npy, or of all of it if there is one.

    Raises
    ------
    SourceError
        If it is damaged, holds objects, or columns of different lengths.
    """
    try:
        if path.suffix == ".npy":
            columns = _named(np.load(path, mmap_mode="r", allow_pickle=False), fields)
        else:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                columns = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        text = (str(error).splitlines() or [""])[0]
        raise SourceError(
            f"cannot be read ({type(error).__name__}: {text[:160]})",
            where=path,
            expected="numbers saved by numpy.save or numpy.savez",
        ) from error
    lengths = {name: len(values) if values.ndim else 0 for name, values in columns.items()}
    if len(set(lengths.values())) != 1 or not all(v.dtype.kind in "fiu" for v in columns.values()):
        kinds = {name: f"{v.dtype} {v.shape}" for name, v in columns.items()}
        raise SourceError(f"arrays {kinds}", where=path, expected="numbers, one row per frame")
    shapes = {name: values.shape[1:] for name, values in columns.items()}
    rows = next(iter(lengths.values()))
    return Arrays(path, tuple(columns), shapes, Header(tuple(columns)), rows, 0, columns)


def _named(array: NDArray[Any], fields: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    if array.ndim == 2 and len(fields) == array.shape[1] and len(fields) > 1:  # noqa: PLR2004
        return {name: array[:, k] for k, name in enumerate(fields)}
    return {fields[0] if len(fields) == 1 else ONE: array}
