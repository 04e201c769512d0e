"""Snapshots: a bias on its grid as plain arrays in a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from sciae.errors import ModelFileError
from sciae.run import write_bytes
from sciae.simulation.bias import Grid, Static

if TYPE_CHECKING:
    from sciae.simulation.bias import Bias, Walls

__all__ = ["load_bias", "save_bias"]

FORMAT = 1


def save_bias(path: str | Path, bias: Bias, *, time: float = 0.0) -> None:
    """Write the values on the grid (kJ/mol, without walls), and the time (ps) they are of."""
    grid, content = bias.grid, io.BytesIO()
    np.savez(
        content, format=FORMAT, low=grid.low, high=grid.high, bins=grid.bins,
        periodic=grid.periodic, values=Static.frozen(bias).values, offset=bias.offset, time=time,
    )  # fmt: skip
    write_bytes(path, content.getvalue())


def load_bias(path: str | Path, *, walls: Walls | None = None) -> Static:
    """Read what `save_bias` wrote, as a bias that does not change.

    Raises
    ------
    ModelFileError
        If it is damaged, or something else.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as file:
            _check(int(file["format"]))
            grid = Grid(*(file[name].tolist() for name in ("low", "high", "bins", "periodic")))
            return Static(grid, file["values"], walls=walls)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelFileError(
            f"no bias to read ({type(error).__name__}: {error})", where=path,
            expected="an .npz that a biased run wrote",
        ) from error  # fmt: skip


def _check(found: int) -> None:
    if found != FORMAT:
        raise ValueError(f"format {found}; expected {FORMAT}")
