"""Lag: how many rows a time is, and the pairs of frames that far apart, with their weight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.autoencoders.lagged import pairs
from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.table import Table

__all__ = ["Pairs", "lag_in_rows", "lagged", "row_time"]

PICOSECONDS = {"fs": 1e-3, "ps": 1.0, "ns": 1e3, "us": 1e6}
UNEVEN = 1e-3  # relative difference of steps
WHOLE = 0.01  # of a row


@dataclass(frozen=True, eq=False)
class Pairs:
    r"""Frames `now` and `later`, and what each pair counts.

    A pair counts as much as its first frame: under a bias that changes slowly, the pair is
    one of the reweighted ensemble if its beginning is. What happens within the lag is still
    the dynamics under the bias, so time scales from biased runs are those of the biased
    system.

    Attributes
    ----------
    now, later : array of int, shape (pair,)
    weight : array, shape (pair,)
    """

    now: NDArray[np.int64]
    later: NDArray[np.int64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.now)


def lagged(group: NDArray[np.int64], weight: NDArray[np.float64], lag: int) -> Pairs:
    """All pairs `lag` rows apart in one group.

    Raises
    ------
    DataError
        If there are none of positive weight.

    Examples
    --------
    >>> found = lagged(np.array([0, 0, 0, 1, 1]), np.ones(5), 2)
    >>> found.now, found.later
    (array([0]), array([2]))
    """
    now, later = pairs(group, len(group), lag)
    if not len(now):
        longest = int(np.unique(group, return_counts=True)[1].max(initial=0))
        raise DataError(
            f"no two frames {lag} rows apart: the longest trajectory or block has {longest}",
            where="lag",
            expected=f"a lag below {longest} rows",
            fix="Take a shorter lag, or longer trajectories.",
        )
    if not weight[now].sum() > 0:
        raise DataError(f"all {len(now)} pairs at lag {lag} have weight zero", where="lag")
    return Pairs(now, later, weight[now])


def row_time(table: Table) -> float | None:
    """Picoseconds from row to row, from the carried column "time"; None without it.

    Raises
    ------
    DataError
        If the rows of a trajectory are not evenly spaced.
    """
    if "time" not in table.carried:
        return None
    time = np.asarray(table.carried["time"], np.float64)
    now, later = pairs(table.group, len(table), 1)
    steps = time[later] - time[now]
    if not len(steps):
        return None
    step = float(np.median(steps))
    if not step > 0 or np.abs(steps - step).max() > UNEVEN * step:
        raise DataError(
            f"steps from {steps.min():g} to {steps.max():g} ps",
            where="carried column 'time'",
            expected="rows of one trajectory in order, evenly spaced in time",
            fix="Give each piece a group of its own.",
        )
    return step


def lag_in_rows(table: Table, lag: int | str) -> int:
    """A lag given in rows, or as text such as "20 ps" if the table carries the time.

    Raises
    ------
    SpecError
        If it is not a positive time, or no whole number of rows.
    DataError
        If the table carries no time.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous"),))
    >>> table = Table(schema, {"x": [1.0, 2.0, 3.0]}, carried={"time": [0.0, 0.5, 1.0]})
    >>> lag_in_rows(table, "1 ps")
    2
    """
    if not isinstance(lag, str):
        if lag < 1:
            raise SpecError(f"lag {lag}", where="learn", expected="1 row or more")
        return int(lag)
    match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*(fs|ps|ns|us)\s*", lag)
    if match is None:
        raise SpecError(f"lag {lag!r}", where="learn", expected="rows, or a time such as '20 ps'")
    step = row_time(table)
    if step is None:
        raise DataError("no carried column 'time'", where=f"lag {lag!r}", expected="picoseconds")
    rows = float(match[1]) * PICOSECONDS[match[2]] / step
    if round(rows) < 1 or abs(rows - round(rows)) > WHOLE:
        raise SpecError(
            f"lag {lag!r} is {rows:g} rows of {step:g} ps",
            where="learn",
            expected="a whole number of rows, 1 or more",
        )
    return round(rows)
