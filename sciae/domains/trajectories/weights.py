"""Weights of the frames of a biased trajectory, from the bias in a COLVAR file."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.domains.trajectories.colvar.columns import column_named, read_columns
from sciae.errors import DataError
from sciae.free_energy.weights import FEW, effective_size, log_weight_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.table import Table

    Floats = NDArray[np.float64]

__all__ = ["Bias", "aligned", "effective_frames", "jointly_weighted", "weights_of"]

POOR = 0.01  # share of the frames; fewer effective ones are worth a warning
LATE = 1e-3  # of the spacing of frames, by which two times may differ
log = logging.getLogger(__name__)


class Bias(NamedTuple):
    """Where the bias of each frame is found.

    Attributes
    ----------
    source : str
        A COLVAR file; ``{folder}`` and ``{stem}`` stand for those of the trajectory.
    column : str
        Of the bias in kJ/mol; by default the only one that is called bias.
    offset : str
        Column of what is subtracted: rct, c(t); "" for none.
    temperature : float
        K.
    """

    source: str
    column: str
    offset: str
    temperature: float

    def log_weight(
        self, trajectory: Path, frames: int, promised: int, time: Floats | None
    ) -> Floats:
        """The logarithm of each frame's weight, by the rows of the COLVAR file that fit it.

        Raises
        ------
        SourceError
            If the file lacks a column, or is damaged.
        DataError
            If rows do not fit the frames.
        """
        path = Path(self.source.format(folder=trajectory.parent, stem=trajectory.stem))
        columns = read_columns(path)
        energy = columns[column_named(columns, self.column, "bias", path)]
        offset = columns[column_named(columns, self.offset, "", path)] if self.offset else None
        rows = aligned(
            columns.get("time"),
            time,
            rows=len(energy),
            frames=frames,
            promised=promised,
            path=path,
        )
        shift = 0.0 if offset is None else offset[rows]
        return log_weight_of(energy[rows], temperature=self.temperature, offset=shift)


def aligned(
    rows_time: Floats | None,
    time: Floats | None,
    *,
    rows: int,
    frames: int,
    promised: int,
    path: Path,
) -> NDArray[np.int64]:
    """The row of a COLVAR file for each frame: by time where both say it, or else by count.

    Raises
    ------
    DataError
        If counts differ and times do not help, or if a frame's time has no row.
    """
    same = rows in (frames, promised)
    if rows_time is None or time is None or (np.diff(rows_time) <= 0).any():
        if same:
            return np.arange(frames)
        raise DataError(
            f"{rows} rows",
            where=path,
            expected=f"{frames}, one for each frame (there are no increasing times to go by)",
            fix="Write the COLVAR file as often as the trajectory, both from the same step on.",
        )
    right = np.clip(np.searchsorted(rows_time, time), 1, max(rows - 1, 1))
    left = np.minimum(right - 1, rows - 1)
    right = np.minimum(right, rows - 1)
    nearest = np.where(time - rows_time[left] <= rows_time[right] - time, left, right)
    _require_near(rows_time[nearest], time, path, rows)
    return nearest.astype(np.int64)


def _require_near(found: Floats, time: Floats, path: Path, rows: int) -> None:
    spacing = np.median(np.abs(np.diff(time))) if len(time) > 1 else 1.0
    coarse = 8 * np.finfo(np.float32).eps * np.abs(time)  # times are float32 in most formats
    bad = np.flatnonzero(np.abs(found - time) > LATE * spacing + coarse)
    if len(bad):
        raise DataError(
            f"no row for {len(bad)} of {len(time)} frames; the first is frame {bad[0]} at "
            f"{time[bad[0]]:g} ps, the nearest of {rows} rows at {found[bad[0]]:g} ps",
            where=path,
            expected="a row at the time of each frame",
            fix="Name the COLVAR file of this trajectory, written at least as often; if the "
            "trajectory's own times are wrong, set `timestep`.",
        )


def weights_of(log_weight: Floats, where: object) -> Floats:
    """exp(log weight) over their mean, and a word in the log on how many frames they leave."""
    n_eff, frames = effective_size(log_weight), len(log_weight)
    log.info("%s: %d frames weigh as much as %.1f equal ones", where, frames, n_eff)
    if n_eff < FEW or n_eff < POOR * frames:
        log.warning(
            "%s: only %.1f effective frames of %d: a few of them decide everything",
            where, n_eff, frames,
        )  # fmt: skip
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.mean())


def effective_frames(table: Table) -> float:
    """How many equally weighted frames know as much as those of a table (Kish).

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous"),))
    >>> effective_frames(Table(schema, {"x": [0.0, 1.0, 2.0]}, weight=[1.0, 1.0, 0.0]))
    2.0
    """
    if table.weight is None:
        return float(len(table))
    return float(table.weight.sum() ** 2 / np.square(table.weight).sum())


def jointly_weighted(table: Table) -> Table:
    """A table of several trajectories under one bias, its weights on one scale.

    Each trajectory is read with weights of its own scale; here the logarithms that its rows
    carry are taken together, so that the mean is 1 over all rows.

    Raises
    ------
    DataError
        If the rows carry no "log_weight".
    """
    if "log_weight" not in table.carried:
        raise DataError(
            "no log_weight", where="table", fix="Read the trajectories with `bias`, each one."
        )
    return replace(table, weight=weights_of(table["log_weight"], "all trajectories"))
