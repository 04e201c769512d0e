"""Rows of a time series: fields, weights, groups, and what travels along."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.domains.trajectories.colvar.columns import column_named, read_columns
from sciae.domains.trajectories.groups import groups_of, number_of, restarts
from sciae.domains.trajectories.weights import weights_of
from sciae.errors import DataError
from sciae.free_energy.weights import log_weight_of
from sciae.table import Origin, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sciae.domains.trajectories.colvar.columns import Series
    from sciae.domains.trajectories.colvar.domain import Colvar

    Columns = Mapping[str, NDArray[np.float64]]

__all__ = ["TIME", "Rows", "field_name"]

TIME = "time"
TRUNCATED = "truncated"
log = logging.getLogger(__name__)


class Rows:
    """What the rows of one file have beside their values."""

    def __init__(self, domain: Colvar, series: Series) -> None:
        self._domain, self._series = domain, series
        self._size, self._number = series.path.stat().st_size, number_of(series.path)
        self._last, self._stretch = -math.inf, 0
        self._log_weight = self._weight = None
        if domain.bias:
            assert domain.temperature is not None  # checked with the settings
            bias = column_named(series.names, domain.bias, "", series.path)
            offset = domain.offset and column_named(series.names, domain.offset, "", series.path)
            found = read_columns(series.path, {bias, offset}, allow_truncated=True)
            self._log_weight = log_weight_of(
                found[bias], temperature=domain.temperature, offset=found[offset] if offset else 0.0
            )
            self._weight = weights_of(self._log_weight, series.path)

    def table(self, columns: Columns, start: int, stop: int) -> Table:
        """The rows ``start <= row < stop``; to be called in their order."""
        domain, series = self._domain, self._series
        frame = np.arange(start, stop)
        self._check(columns, start)
        carried: dict[str, NDArray[Any]] = {
            n: values for n, values in columns.items() if n not in domain.fields
        }
        carried["frame"] = frame
        if self._log_weight is not None:
            carried["log_weight"] = self._log_weight[start:stop]
        is_last = stop == series.rows
        return Table(
            domain.schema,
            {field_name(name): columns[name] for name in domain.fields},
            weight=None if self._weight is None else self._weight[start:stop],
            group=self._groups(columns.get(TIME), frame),
            origins=(Origin(path=str(series.path), start=start, stop=stop, size=self._size),),
            origin=np.zeros(len(frame), np.int64),
            entry=frame,
            carried=carried,
            rejected={TRUNCATED: series.lost} if series.lost and is_last else {},
        )

    def _groups(self, time: Any, frame: NDArray[np.int64]) -> NDArray[np.int64]:
        blocks, rows = self._domain.blocks, self._series.rows
        breaks = np.zeros(0, np.int64)
        if time is not None and len(time):
            breaks = restarts(np.concatenate([[self._last], time])) - 1 + frame[0]
            self._last = float(time[-1])
        for row in breaks:
            log.warning("%s: time goes back at row %d: a new group begins", self._series.path, row)
        number = self._number + self._stretch
        self._stretch += len(breaks)
        return groups_of(number, frame, rows, blocks=blocks, breaks=breaks)

    def _check(self, columns: Columns, start: int) -> None:
        for name in self._domain.fields:
            values = columns[name].reshape(len(columns[name]), -1)
            bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
            if len(bad):
                raise DataError(
                    f"{len(bad)} values of column {name!r} are not finite",
                    where=f"{self._series.path}, row {start + bad[0]}",
                    fix="The simulation failed there: leave these rows out.",
                )


def field_name(column: str) -> str:
    """The name of a column's field, which has no dots."""
    return column.replace(".", "_")
