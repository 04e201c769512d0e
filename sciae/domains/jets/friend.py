"""Friend trees: columns beside a tree's entries, in a file of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import awkward as ak
import numpy as np
import uproot

from sciae.errors import DataError, SpecError
from sciae.run import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.table import Annotations, Origin

__all__ = ["TREE", "Beside", "write_friend"]

TREE = "scores"


class Beside(NamedTuple):
    """What a source says of a range of its entries."""

    entries: int  # of the whole source
    kept: Mapping[str, NDArray[Any]]  # branches to copy, one number for each entry of the range


def write_friend(
    path: Path,
    annotations: Iterable[Annotations],
    *,
    jagged: bool = False,
    beside: Callable[[Origin], Beside],
) -> int:
    """Write the tree ``scores`` with one entry for each entry of the source, in its order.

    Entries without a row get NaN (or an empty list) and ``rows`` 0: nothing shifts. The file
    appears under its name only when it is whole.

    Parameters
    ----------
    path : Path
    annotations : iterable of Annotations
        Ranges that follow each other without a gap, from the first entry to the last; of
        several sources, one source after the other.
    jagged : bool
        Lists per entry, for sources with several rows per entry.
    beside : callable
        How many entries the source of a range has, and branches to copy: run and event
        numbers.

    Returns
    -------
    int
        Entries written.

    Raises
    ------
    DataError
        If ranges leave a gap, if two rows claim one entry of a flat tree, or if a row is
        not in its range.
    SpecError
        If a kept branch has the name of a column.
    """
    entries = 0
    with write_atomic(path) as temporary, uproot.recreate(temporary) as file:
        tree, last, promised = None, None, 0
        for one in annotations:
            _check_next(one.origin, last, promised)
            last = one.origin
            promised, along = beside(last)
            columns = _joined(_per_entry(one, jagged=jagged), along)
            if tree is None:
                tree = file.mktree(TREE, {n: _type(x) for n, x in columns.items()})
            if last.stop > last.start:
                tree.extend(columns)
            entries += last.stop - last.start
        _check_whole(last, promised)
    return entries


def _check_next(origin: Origin, last: Origin | None, promised: int) -> None:
    begins = 0 if last is None or last.path != origin.path else last.stop
    if begins == 0:
        _check_whole(last, promised)
    if origin.start != begins:
        raise DataError(
            f"entries from {origin.start}",
            where=origin.path,
            expected=f"to go on at entry {begins}",
        )


def _check_whole(last: Origin | None, promised: int) -> None:
    if last is None:
        return
    if last.stop != promised:
        raise DataError(
            f"ranges end at entry {last.stop}", where=last.path, expected=f"all {promised} entries"
        )


def _joined(columns: dict[str, Any], along: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    twice = sorted(columns.keys() & along.keys())
    if twice:
        raise SpecError(
            f"the kept branch {twice[0]!r} has the name of a column of scores",
            fix="Do not keep it, or rename it in the source.",
        )
    return {**columns, **along}


def _per_entry(one: Annotations, *, jagged: bool) -> dict[str, Any]:
    """Rows spread over the entries of their range."""
    entries = one.origin.stop - one.origin.start
    at = one.entry - one.origin.start
    if ((at < 0) | (at >= entries)).any() or (np.diff(at) < 0).any():
        raise DataError("rows out of their range or order", where=one.origin.path)
    counts = np.bincount(at, minlength=entries)
    rows = {"rows": counts.astype(np.int32)}
    if jagged:
        return rows | {n: ak.unflatten(x, counts) for n, x in one.columns.items()}
    if (counts > 1).any():
        raise DataError(
            "several rows of one entry",
            where=one.origin.path,
            fix="Write a jagged tree (jets='all').",
        )
    return rows | {n: _spread(x, at, entries) for n, x in one.columns.items()}


def _spread(values: NDArray[Any], at: NDArray[np.int64], entries: int) -> NDArray[Any]:
    """NaN, or -1 for whole numbers, where an entry has no row."""
    kind = values.dtype if values.dtype.kind in "fi" else np.dtype(np.int64)
    out = np.full(entries, np.nan if kind.kind == "f" else -1, dtype=kind)
    out[at] = values
    return out


def _type(column: Any) -> Any:
    return column.dtype if isinstance(column, np.ndarray) else ak.type(column).content
