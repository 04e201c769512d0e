"""Frame: where a row came from, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sciae.table import Table

__all__ = ["Frame", "frames_of"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One row of a table. Descriptors cannot be turned back into coordinates: these are there.

    Attributes
    ----------
    path : str
        The file; "" if the table does not say.
    index : int
        Of the frame in that file, from 0; -1 if the table does not say.
    time : float
        ps; NaN if the file does not say.
    values : mapping of str to array
        By field.
    """

    path: str
    index: int
    time: float
    values: Mapping[str, NDArray[np.float64]]


def frames_of(table: Table) -> list[Frame]:
    """One frame for each row."""
    rows = len(table)
    unknown = np.full(rows, -1)
    paths = [origin.path for origin in table.origins] + [""]  # of which -1 is the last
    origin = unknown if table.origin is None else table.origin
    entry = unknown if table.entry is None else table.entry
    time = table.carried.get("time", np.full(rows, np.nan))
    return [
        Frame(
            paths[origin[row]],
            int(entry[row]),
            float(time[row]),
            {name: values[row] for name, values in table.columns.items()},
        )
        for row in range(rows)
    ]
