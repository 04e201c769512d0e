"""States: a whole number for each frame, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.cli.sources import check_sources
from sciae.errors import DataError, SourceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["states_of"]


def states_of(text: str) -> NDArray[np.int64]:
    """The states in a .npy file, in text with one number per line, or in FILE:COLUMN of COLVAR.

    Raises
    ------
    SourceError
        If the file cannot be read.
    DataError
        If a number is not whole.
    """
    file, _, column = text.rpartition(":")
    path = Path(file if column and file else text)
    check_sources((path,))
    try:
        values = _values(path, column if file else "")
    except (ValueError, EOFError) as error:
        if isinstance(error, DataError):
            raise
        words = str(error).splitlines()[0][:160]
        raise SourceError(
            f"cannot be read ({words})", where=path, expected="one whole number per frame"
        ) from error
    if values.ndim != 1 or not np.isfinite(values).all() or (values != np.rint(values)).any():
        raise DataError(
            f"values of shape {values.shape} and type {values.dtype}", where=path,
            expected="one whole number per frame",
        )  # fmt: skip
    return values.astype(np.int64)


def _values(path: Path, column: str) -> NDArray[Any]:
    if column:
        from sciae.domains.trajectories import Colvar

        return np.asarray(Colvar(fields=(column,)).read(path)[column.replace(".", "_")])
    if path.suffix == ".npy":
        return np.asarray(np.load(path, allow_pickle=False))
    return np.loadtxt(path, delimiter=",", comments="#")
