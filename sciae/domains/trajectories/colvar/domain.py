"""Colvar: the domain of time series of collective variables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.domains.trajectories.annotations import Beside, write_colvar
from sciae.domains.trajectories.colvar.columns import column_named, open_series, read_columns
from sciae.domains.trajectories.colvar.rows import TIME, Rows, field_name
from sciae.domains.trajectories.frame import Frame, frames_of
from sciae.domains.trajectories.groups import check_blocks
from sciae.errors import SourceError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sciae.domains.trajectories.colvar.columns import Series
    from sciae.table import Annotations

__all__ = ["Colvar"]

OUTPUTS = (  # of PLUMED's biases: last parts of columns that are not variables
    "acc", "bias", "force2", "maxbias", "neff", "nker", "nlker", "rbias", "rct", "transbias",
    "weights", "work", "zed",
)  # fmt: skip
SAME = 1e-4  # relative difference of two periods that are one: PLUMED prints six digits


@dataclass(frozen=True, kw_only=True)
class Colvar:
    """Columns of COLVAR text, .npy or .npz files: one row per line.

    Columns that are not fields travel along, under their name; so do "time" (ps) and "frame",
    the index of the row. In a field's name, a dot becomes an underscore.

    Parameters
    ----------
    fields : sequence of str
        Columns that are learnt. A .npy file has one array: with one name it is that field,
        with several its columns are them.
    like : str or Path
        A file to take `fields`, `periods`, `units` and `shapes` from, as far as they are not
        given; all columns but the time and what biases print are fields then. It is read once,
        and not needed later.
    periods : mapping of str to (float, float)
        Both ends of each periodic field.
    units : mapping of str to str
        "rad" for a period of 2 pi and "1" else, by default.
    shapes : mapping of str to sequence of int
        Of fields that are more than one number per row.
    blocks : int
        See `Trajectories`.
    allow_truncated : bool
        Leave out a last line that is cut, and count it in ``rejected``.
    bias, offset : str
        Columns of the bias that acted, and of what is subtracted (rct, c(t)), in kJ/mol: rows
        get the weights exp((bias - offset)/kT), scaled to a mean of 1, and carry their
        logarithm as "log_weight".
    temperature : float, optional
        K; needed with `bias`.

    Examples
    --------
    >>> domain = Colvar(fields=("phi", "d1.x"), periods={"phi": (-3.1416, 3.1416)})
    >>> domain.schema.names, domain.schema["phi"].kind
    (('phi', 'd1_x'), 'periodic')
    >>> Colvar(**domain.settings) == domain
    True
    """

    fields: Sequence[str] = ()
    like: str | Path = ""
    periods: Mapping[str, Sequence[float]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    blocks: int = 1
    allow_truncated: bool = False
    bias: str = ""
    offset: str = ""
    temperature: float | None = None

    def __post_init__(self) -> None:
        given = (self.fields,) if isinstance(self.fields, str) else tuple(self.fields)
        self._set(
            fields=given,
            periods={name: tuple(map(float, ends)) for name, ends in self.periods.items()},
            units=dict(self.units),
            shapes={name: tuple(shape) for name, shape in self.shapes.items()},
        )
        if self.like:
            self._set(**_said_by(open_series(self.like, fields=given), self), like="")
        self._check()

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check(self) -> None:
        check_blocks(self.blocks)
        for name in (*self.periods, *self.units, *self.shapes):
            if name not in self.fields:
                raise SpecError(
                    f"{name!r} is no field", where="Colvar", expected=f"one of {self.fields}"
                )
        for name, ends in self.periods.items():
            if len(ends) != 2 or not -math.inf < ends[0] < ends[1] < math.inf:  # noqa: PLR2004
                raise SpecError(f"period {ends} of {name!r}", where="Colvar", expected="low, high")
        if bool(self.bias) != (self.temperature is not None):
            raise SpecError(
                "bias and temperature go together", where="Colvar", expected="both or neither"
            )

    @property
    def settings(self) -> dict[str, Any]:
        """Plain JSON that makes an equal domain."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        plain = {n: {k: list(v) for k, v in values[n].items()} for n in ("periods", "shapes")}
        return values | plain | {"fields": list(self.fields), "units": dict(self.units)}

    @property
    def schema(self) -> Schema:
        """One field for each column that is learnt.

        Raises
        ------
        SpecError
            If none is named.
        """
        if not self.fields:
            raise SpecError(
                "no fields", where="Colvar", fix="Name columns as `fields`, or a file as `like`."
            )
        return Schema(tuple(self._field(name) for name in self.fields))

    def _field(self, name: str) -> Field:
        ends = self.periods.get(name)
        period = None if ends is None else ends[1] - ends[0]
        turn = period is not None and math.isclose(period, 2 * math.pi, rel_tol=SAME)
        return Field(
            name=field_name(name),
            kind="continuous" if period is None else "periodic",
            shape=tuple(self.shapes.get(name, ())),
            unit=self.units.get(name, "rad" if turn else "1"),
            period=period,
        )

    # ---- reading -----------------------------------------------------------------------------

    def read(self, source: str | Path) -> Table:
        """The whole file as one table.

        Raises
        ------
        SourceError
            If the file is missing, damaged, cut, or lacks a column.
        DataError
            If a number is not finite.
        """
        return Table.concat(self.stream(source))

    def stream(self, source: str | Path, *, rows: int = 5_000) -> Iterator[Table]:
        """The file in ranges of at most `rows` rows, in order; memory stays bounded."""
        series = self._open(source)
        row = Rows(self, series)
        start = 0
        for columns in series.pieces(rows):
            stop = start + len(next(iter(columns.values())))
            yield row.table(columns, start, stop)
            start = stop
        if start != series.rows:
            raise SourceError(f"{start} rows", where=source, expected=f"{series.rows}")

    def _open(self, source: str | Path) -> Series:
        series = open_series(
            source, fields=tuple(self.fields), allow_truncated=self.allow_truncated
        )
        for name in self.fields:
            if name not in series.names:
                _ = column_named(series.names, name, "", series.path)  # raises unless it is short
                raise SourceError(f"no column {name!r}", where=source, fix="Give its whole name.")
            self._check_column(name, series)
        return series

    def _check_column(self, name: str, series: Series) -> None:
        """Raise if a file says another shape or period than the settings do."""
        shape = tuple(self.shapes.get(name, ()))
        if series.shapes[name] != shape:
            raise SourceError(
                f"column {name!r} of shape {series.shapes[name]} per row",
                where=series.path,
                expected=f"{shape}",
                fix="Name the shape in `shapes`, or the file as `like`.",
            )
        said, ours = series.header.period(name), self.periods.get(name)
        if said is not None and (ours is None or not np.allclose(said, ours, rtol=SAME)):
            raise SourceError(
                f"column {name!r} is periodic from {said[0]:g} to {said[1]:g}",
                where=series.path,
                expected="a column that is not" if ours is None else f"{ours[0]:g} to {ours[1]:g}",
                fix="Name the period in `periods`, or the file as `like`.",
            )

    # ---- and back ----------------------------------------------------------------------------

    def restore(self, table: Table) -> list[Frame]:
        """One frame per row: file, index, time and values."""
        self.schema.require(table.schema)
        return frames_of(table)

    def write(self, path: str | Path, annotations: Iterable[Annotations]) -> int:
        """A COLVAR file beside the source; see `write_colvar`."""

        @cache
        def of_file(source: str) -> Beside:
            series = self._open(source)
            timed = TIME in series.names
            time = read_columns(series.path, [TIME], allow_truncated=True)[TIME] if timed else None
            return Beside(series.rows, time, series.path.stat().st_size)

        return write_colvar(Path(path), annotations, beside=lambda origin: of_file(origin.path))


def _said_by(series: Series, domain: Colvar) -> dict[str, Any]:
    """Fields, periods, units and shapes as a file says them; what is given stands."""
    chosen = tuple(domain.fields) or tuple(
        name for name in series.names if name != TIME and name.rpartition(".")[2] not in OUTPUTS
    )
    header = series.header
    periods = {name: ends for name in chosen if (ends := header.period(name))}
    units = {n: header.constants[f"unit_{n}"] for n in chosen if f"unit_{n}" in header.constants}
    shapes = {n: series.shapes[n] for n in chosen if series.shapes.get(n)}
    return {
        "fields": chosen,
        "periods": periods | dict(domain.periods),
        "units": units | dict(domain.units),
        "shapes": shapes | dict(domain.shapes),
    }
