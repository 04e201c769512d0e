"""Branches as numbers: lists, and what comes along with one number in each entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np

from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["groups", "kept", "numbers"]

EXACT = 2.0**53  # whole numbers below are told apart by a float


def numbers(column: ak.Array) -> NDArray[Any] | None:
    """A flat column as numbers, NaN where one is missing; None if it holds anything else."""
    try:
        values = ak.to_numpy(column)
    except (ValueError, TypeError):  # lists, records, or different things
        return None
    if values.dtype.kind not in "fiub":
        return None
    if np.ma.is_masked(values):
        return np.asarray(values.astype(np.float64).filled(np.nan))
    return np.asarray(values)


def kept(array: ak.Array, branches: Sequence[str], where: str) -> dict[str, NDArray[Any]]:
    """These branches of every entry; NaN where a number is missing.

    Raises
    ------
    SourceError
        If an entry holds a list or a text.
    """
    return {branch: _numbers(array[branch], branch, where) for branch in branches}


def groups(array: ak.Array, branch: str, where: str) -> NDArray[np.int64]:
    """The number of each entry's event.

    Raises
    ------
    SourceError
        If they are not whole numbers.
    """
    values = _numbers(array[branch], branch, where)
    if values.dtype.kind == "f" and not _whole(values):
        raise SourceError(
            f"branch {branch!r} does not hold whole numbers",
            where=where,
            expected="an event number in each entry",
            fix="Name another branch as group.",
        )
    return values.astype(np.int64)  # unsigned numbers wrap around, and stay apart


def weights(array: ak.Array, branch: str, where: str) -> NDArray[np.float64]:
    """The weight of each entry, which may be negative.

    Raises
    ------
    SourceError
        If they are not numbers.
    """
    return _numbers(array[branch], branch, where).astype(np.float64)


def _whole(values: NDArray[Any]) -> bool:
    return bool((np.abs(values) < EXACT).all() and (values == np.rint(values)).all())


def _numbers(column: ak.Array, branch: str, where: str) -> NDArray[Any]:
    values = numbers(column) if column.ndim == 1 else None
    if values is None:
        raise SourceError(
            f"branch {branch!r} holds {column.type.content}",
            where=where,
            expected="one number in each entry",
            fix="Do not keep it, or name another branch as group.",
        )
    return values
