"""Lagged pairs: a row, and the row so many later on its trajectory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["pairs"]


def pairs(
    group: NDArray[np.int64] | None, rows: int, lag: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each row with the row `lag` later in its group, both in the order of the table.

    Parameters
    ----------
    group : array of int, shape (row,), or None
        The trajectory of each row; its rows need not stand together. None: all are one.
    rows : int
    lag : int
        In rows of a group, 0 or more.

    Returns
    -------
    now, later : array of int, shape (pair,)
        Positions; rows without a partner are left out.

    Examples
    --------
    >>> pairs(np.array([7, 7, 8, 7, 8]), 5, 1)
    (array([0, 1, 2]), array([1, 3, 4]))
    """
    group = np.zeros(rows, dtype=np.int64) if group is None else group
    order = np.argsort(group, kind="stable")  # group after group, each in its own order
    now, later = order[: max(rows - lag, 0)], order[lag:]
    together = group[now] == group[later]
    now, later = now[together], later[together]
    first = np.argsort(now)
    return now[first], later[first]
