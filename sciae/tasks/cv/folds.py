"""Folds: which rows are held out together, whole trajectories or blocks of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.rng import Seed, generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.table import Table

    Numbers = NDArray[np.int64]

__all__ = ["Folds", "folds"]

BLOCKS = 2  # of time, per fold


@dataclass(frozen=True, eq=False)
class Folds:
    """A partition of rows that never parts neighbours in time.

    Attributes
    ----------
    fold : array of int, shape (row,)
    group : array of int, shape (row,)
        The trajectory, or the block of time, that a row belongs to: pairs stay inside.
    count : int
    message : str
        What was done if there were fewer trajectories than folds; else empty.
    """

    fold: Numbers
    group: Numbers
    count: int
    message: str = ""


def folds(table: Table, *, splits: int, lag: int = 0, rng: Seed = None) -> Folds:
    """Whole trajectories, shuffled, in folds of about equal size; blocks of time if few.

    Neighbouring frames are nearly the same frame: a random choice of frames would judge a
    model by what it was trained on.

    Parameters
    ----------
    table : Table
        Its `group` is the trajectory; without, all rows are one.
    splits : int
        Folds wanted, 2 or more.
    lag : int
        In rows; blocks of time are longer.
    rng : int, SeedSequence, Generator or None

    Raises
    ------
    DataError
        If there are neither trajectories nor rows enough for two folds.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> table = Table(Schema((Field(name="x", kind="continuous"),)), {"x": np.arange(40.0)})
    >>> made = folds(table, splits=2, rng=1)
    >>> made.count, made.message
    (2, '1 trajectory for 2 splits: blocks of time, 10 rows each, are held out instead')
    """
    group = np.zeros(len(table), np.int64) if table.group is None else table.group
    rng = generator(rng)
    found, inverse, rows = np.unique(group, return_inverse=True, return_counts=True)
    if len(found) >= splits:
        return Folds(_balanced(rows, splits, rng)[inverse], inverse.astype(np.int64), splits)
    block, count = _blocks(inverse, rows, wanted=BLOCKS * splits, lag=lag)
    splits = min(splits, count)
    if splits < 2:  # noqa: PLR2004 - one to train on, one to judge by
        raise DataError(
            f"the longest of {len(found)} trajectories has {rows.max(initial=0)} rows",
            where="held-out data",
            expected=f"two trajectories, or one of {2 * (lag + 2)} rows or more",
            fix="Use more data, or a shorter lag.",
        )
    each = len(table) // count
    many = "1 trajectory" if len(found) == 1 else f"{len(found)} trajectories"
    message = f"{many} for {splits} splits: blocks of time, {each} rows each, are held out instead"
    cycles = [rng.permutation(splits) for _ in range(-(-count // splits))]
    return Folds(np.concatenate(cycles)[block], block, splits, message)


def _balanced(rows: Numbers, splits: int, rng: np.random.Generator) -> Numbers:
    """The fold of each group: the longest first, each into the smallest fold."""
    fold, filled = np.zeros(len(rows), np.int64), np.zeros(splits, np.int64)
    shuffled = rng.permutation(len(rows))
    for group in shuffled[np.argsort(-rows[shuffled], kind="stable")]:
        fold[group] = filled.argmin()
        filled[filled.argmin()] += rows[group]
    return fold


def _blocks(
    group: NDArray[np.intp], rows: Numbers, *, wanted: int, lag: int
) -> tuple[Numbers, int]:
    """The block of each row, in the order of time, and how many blocks there are."""
    block, count = np.zeros(len(group), np.int64), 0
    for one, length in enumerate(rows.tolist()):
        most = max(1, length // (lag + 2))
        many = min(most, max(1, round(wanted * length / len(group))))
        for piece in np.array_split(np.flatnonzero(group == one), many):
            block[piece] = count
            count += 1
    return block, count
