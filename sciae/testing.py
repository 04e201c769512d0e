"""Checks that a domain of your own keeps the contract: run them in your tests."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError, SchemaError
from sciae.table import Annotations, Table

if TYPE_CHECKING:
    from sciae.domains import Domain

__all__ = ["check_domain"]

STEPS = (7, 100)  # entries per piece: odd enough to cut anything that may not be cut


def check_domain(domain: Domain, source: str | Path) -> Table:
    """Raise, saying what is wrong, unless a domain keeps the contract on this source.

    Checked: settings are plain JSON and make an equal domain; every table has the domain's
    schema; streaming in small pieces gives the same rows as reading at once; entry ranges
    follow each other without a gap and rows stay inside theirs; every row knows its origin;
    reading twice gives the same; `restore` gives one object per row; `write` answers with
    the number of entries.

    Parameters
    ----------
    domain : Domain
    source : str or Path
        A small file of the domain, with ten rows or more.

    Returns
    -------
    Table
        What `read` gave.

    Raises
    ------
    SchemaError, DataError
        What is broken, in words.
    """
    _check_settings(domain)
    whole = domain.read(source)
    domain.schema.require(whole.schema)
    if len(whole) == 0:
        raise DataError("no rows", where=source, expected="a file with ten rows or more")
    _check_equal(whole, domain.read(source), "reading twice")
    _check_origin(whole)
    for step in STEPS:
        _check_stream(domain, whole, list(domain.stream(source, rows=step)), step)
    restored = len(domain.restore(whole))
    if restored != len(whole):
        raise DataError(f"restore gave {restored} objects", expected=f"{len(whole)}, one per row")
    return whole


def _check_stream(domain: Domain, whole: Table, pieces: list[Table], step: int) -> None:
    what = f"streaming {step} entries at a time"
    entries, wanted = _check_ranges(pieces), whole.origins[-1].stop
    if entries != wanted:
        raise DataError(
            f"{what} ends at {entries}", expected=f"{wanted}, also where entries give no rows"
        )
    joined = Table.concat(pieces)
    _check_origin(joined)
    _check_equal(whole, joined, what)
    _check_write(domain, pieces, entries)


def _check_settings(domain: Any) -> None:
    try:
        again = type(domain)(**json.loads(json.dumps(domain.settings, allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise SchemaError(
            f"settings do not survive JSON ({error})",
            expected="plain numbers, texts, lists and mappings",
        ) from error
    if again != domain:
        raise SchemaError("settings make another domain", expected="an equal one")


def _check_equal(whole: Table, other: Table, what: str) -> None:
    whole.schema.require(other.schema)
    if len(whole) != len(other):
        raise DataError(f"{what} gives {len(other)} rows", expected=f"{len(whole)}")
    for name in whole.columns:
        if not np.array_equal(whole[name], other[name], equal_nan=whole[name].dtype.kind == "f"):
            raise DataError(f"{what} gives other values", where=f"column {name!r}")
    if dict(whole.rejected) != dict(other.rejected):
        raise DataError(f"{what} rejects {dict(other.rejected)}", expected=f"{whole.rejected}")
    for name in ("group", "weight", "entry"):
        ours, theirs = getattr(whole, name), getattr(other, name)
        if (ours is None) != (theirs is None) or not np.array_equal(ours, theirs):
            raise DataError(f"{what} gives another {name}")


def _check_ranges(pieces: list[Table]) -> int:
    """How many entries there are, if the ranges of the pieces follow each other."""
    stop = 0
    for piece in pieces:
        if len(piece.origins) != 1:
            raise DataError(f"a piece with {len(piece.origins)} origins", expected="one")
        origin = piece.origins[0]
        if origin.start != stop or origin.stop < origin.start:
            raise DataError(
                f"a piece of entries {origin.start} to {origin.stop}",
                expected=f"to go on at entry {stop}",
            )
        stop = origin.stop
    return stop


def _check_write(domain: Domain, pieces: list[Table], entries: int) -> None:
    """A number for each row, written beside the entries."""
    numbered = (
        Annotations(piece.origins[0], piece.entry, {"row": np.arange(len(piece), dtype=float)})
        for piece in pieces
        if piece.entry is not None
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "annotations"
        written = domain.write(path, numbered)
        if written != entries:
            raise DataError(f"write answers {written}", expected=f"{entries}, all entries")
        if not path.exists():
            raise DataError("write leaves nothing", where=path, expected="what it was to write")


def _check_origin(table: Table) -> None:
    if table.origin is None or table.entry is None:
        raise DataError("rows without origin and entry", expected="both, for every row")
    start = np.array([o.start for o in table.origins])[table.origin]
    stop = np.array([o.stop for o in table.origins])[table.origin]
    if not ((start <= table.entry) & (table.entry < stop)).all():
        raise DataError("entries outside the range of their origin")
