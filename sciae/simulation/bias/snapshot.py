"""States of a bias: which settings they belong to, and whether they are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from sciae.simulation.bias.grid import Grid

__all__ = ["check", "identity"]


def identity(grid: Grid, numbers: Iterable[float]) -> NDArray[np.float64]:
    """The grid and a bias's settings as one array."""
    return np.array([*grid.low, *grid.high, *grid.bins, *grid.periodic, *numbers], np.float64)


def check(
    state: Mapping[str, NDArray[np.generic]],
    mine: NDArray[np.float64],
    *,
    like: Mapping[str, NDArray[np.generic]],
    where: str,
) -> dict[str, NDArray[np.generic]]:
    """Copies of the arrays of a state of the same settings, as complete as `like`.

    Raises
    ------
    DataError
        If an array is missing, of another kind or not finite, or the settings differ.
    """
    for name, own in like.items():
        found = state.get(name)
        if found is None or found.dtype != own.dtype or found.ndim != own.ndim:
            raise DataError(f"no {name!r} of type {own.dtype}, {own.ndim}-d", where=where)
        if own.dtype.kind == "f" and not np.isfinite(found).all() and name != "identity":
            raise DataError(f"{name!r} is not finite", where=where)
    if not np.array_equal(state["identity"], mine, equal_nan=True):
        raise DataError(
            "it belongs to a bias with another grid or other settings", where=where,
            fix="Make the bias with the settings of the run that is continued.",
        )  # fmt: skip
    return {name: np.array(state[name]) for name in like}
