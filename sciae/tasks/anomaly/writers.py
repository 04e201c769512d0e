"""Scores as Parquet or CSV, piece by piece, under the final name only when whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from sciae.errors import SpecError
from sciae.run import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sciae.tasks.anomaly.scores import Scores

__all__ = ["write_flat"]


def write_flat(path: Path, stream: Iterable[Scores], *, text: bool) -> int:
    """One row per scored row: file, entry, score, p-value, parts, and what was carried.

    Parameters
    ----------
    path : Path
    stream : iterable of Scores
    text : bool
        CSV instead of Parquet.

    Returns
    -------
    int
        Entries read, with or without a row.

    Raises
    ------
    SpecError
        If a carried column has the name of one of the others.
    """
    entries = 0
    with write_atomic(path) as temporary:
        writer = None
        try:
            for one in stream:
                table = pa.table(_flat(one))
                if writer is None:
                    writer = _writer(temporary, table.schema, text=text)
                writer.write_table(table)
                entries += sum(origin.stop - origin.start for origin in one.origins)
        finally:
            if writer is not None:
                writer.close()
    return entries


def _writer(path: Path, schema: pa.Schema, *, text: bool) -> Any:
    return csv.CSVWriter(path, schema) if text else pq.ParquetWriter(path, schema)


def _flat(scores: Scores) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if scores.origin is not None and scores.entry is not None:
        paths = np.array([origin.path for origin in scores.origins], object)
        place = {"file": pa.array(paths[scores.origin], pa.string()), "entry": scores.entry}
    columns = {**place, **scores.columns}
    twice = sorted(columns.keys() & scores.carried.keys())
    if twice:
        raise SpecError(
            f"the carried column {twice[0]!r} has the name of a column of scores",
            fix="Do not keep it, or rename it in the source.",
        )
    return {**columns, **scores.carried}
