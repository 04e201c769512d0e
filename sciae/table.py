"""Table: rows with a schema, weights, groups, and the way back to where they came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.column import as_column, check_values, refuse
from sciae.errors import DataError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.schema import Schema

__all__ = ["Annotations", "Origin", "Table"]

PER_ROW = {"weight": np.float64, "group": np.int64, "origin": np.int64, "entry": np.int64}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A range of entries of one file: where rows came from, and where scores go back to.

    Attributes
    ----------
    path : str
        The file, as it was named by the user.
    tree : str
        The tree or table inside it; "" if the format has none.
    start, stop : int
        The entries that were read, ``start <= entry < stop``, whether or not they
        gave rows.
    uuid : str
        The identity that the file carries inside, if its format has one.
    size : int
        Of the file, in bytes.
    """

    path: str
    tree: str = ""
    start: int = 0
    stop: int = 0
    uuid: str = ""
    size: int = 0


@dataclass(frozen=True)
class Annotations:
    """What was computed for the rows of one range of entries, to be written beside them.

    Attributes
    ----------
    origin : Origin
    entry : array of int, shape (row,)
        The entry of the file that each row came from; not every entry need have a row.
    columns : mapping of str to array, shape (row,)
    """

    origin: Origin
    entry: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, repr=False)
class Table:
    """Columns plus a schema: what every domain hands over.

    Parameters
    ----------
    schema : Schema
    columns : mapping of str to array, shape ``(row, *field.shape)``
        One per stored column of the schema (`Schema.columns`). NaN, or -1 for a
        categorical, means *not observed*; infinity is refused.
    weight : array, shape (row,), optional
        May be signed; where a mean over rows is taken, they must sum to a positive number.
    group : array of int, shape (row,), optional
        Rows of one group (an event, a trajectory) are never parted by a split.
    origins : tuple of Origin
        The entry ranges that were read, in order.
    origin, entry : array of int, shape (row,), optional
        Which of `origins`, and which entry of that file, each row came from.
    carried : mapping of str to array
        Columns that travel along but are never learnt: run and event numbers, labels.
    rejected : mapping of str to int
        How many rows were left out at reading, by reason.

    Raises
    ------
    SchemaError
        If a column is missing, unknown, of the wrong shape or of another length.
    DataError
        If values are infinite or not of their kind, or a weight is not finite.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema((Field(name="x", kind="continuous"),))
    >>> table = Table(schema, {"x": [1.0, 2.0, 3.0]}, weight=[1.0, 1.0, 2.0])
    >>> table, table.take([2])["x"]
    (Table(3 rows of x), array([3.]))
    """

    schema: Schema
    columns: Mapping[str, NDArray[Any]]
    weight: NDArray[np.float64] | None = None
    group: NDArray[np.int64] | None = None
    origins: tuple[Origin, ...] = ()
    origin: NDArray[np.int64] | None = None
    entry: NDArray[np.int64] | None = None
    carried: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = self.schema.columns()
        _check_names(set(wanted), set(self.columns))
        columns = {n: as_column(n, self.columns[n], *wanted[n]) for n in wanted}
        carried = {name: np.asarray(values) for name, values in self.carried.items()}
        per_row: dict[str, NDArray[Any] | None] = {
            name: None if values is None else as_column(name, values, kind).astype(kind, copy=False)
            for name, kind in PER_ROW.items()
            for values in [getattr(self, name)]
        }
        _check_lengths({**columns, **carried, **per_row})
        for one in self.schema:
            check_values(one, columns)
        _check_per_row(per_row["weight"], per_row["origin"], len(self.origins))
        for name, value in {"columns": columns, "carried": carried, **per_row}.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"Table({len(self)} rows of {', '.join(self.schema.names)})"

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        for columns in (self.columns, self.carried):
            if name in columns:
                return columns[name]
        there = ", ".join([*self.columns, *self.carried])
        raise SchemaError("no such column", field=name, expected=f"one of {there}")

    def take(self, rows: ArrayLike) -> Table:
        """The rows at these positions, in that order; rejects stay with the whole table.

        Raises
        ------
        SchemaError
            If `rows` are neither positions nor one truth value per row.
        """
        at = self._positions(np.asarray(rows))
        per_row = {name: getattr(self, name) for name in PER_ROW}
        return self._of_checked(
            columns={name: values[at] for name, values in self.columns.items()},
            carried={name: values[at] for name, values in self.carried.items()},
            rejected={},
            **{name: None if values is None else values[at] for name, values in per_row.items()},
        )

    def _positions(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        if rows.dtype == bool and rows.shape == (len(self),):
            return np.flatnonzero(rows)
        if rows.ndim != 1 or (rows.dtype.kind not in "iu" and len(rows)):
            raise SchemaError(
                f"rows of dtype {rows.dtype} and shape {rows.shape}",
                expected=f"positions, or {len(self)} truth values",
            )
        return rows.astype(np.int64)

    def _of_checked(self, **changes: Any) -> Table:
        """A table of rows that were checked before."""
        other = object.__new__(Table)
        for name, value in {**vars(self), **changes}.items():
            object.__setattr__(other, name, value)
        return other

    def require_weight(self) -> None:
        """Raise unless the weights sum to a positive number, as any mean over rows needs.

        A piece of a table need not: with signed weights, its sum may well be negative.

        Raises
        ------
        DataError
            With the sum.
        """
        if self.weight is not None and not self.weight.sum() > 0:
            raise DataError(
                f"the weights of {len(self)} rows sum to {self.weight.sum():g}",
                where="field 'weight'",
                expected="a positive sum",
                fix="Use more rows, or drop the weights.",
            )

    def chunks(self, rows: int) -> Iterator[Table]:
        """The table in pieces of at most `rows` rows, in order."""
        for start in range(0, len(self), rows):
            yield self.take(np.arange(start, min(start + rows, len(self))))

    @staticmethod
    def concat(tables: Iterable[Table]) -> Table:
        """Tables of one schema below each other; origins and rejects are joined."""
        parts = list(tables)
        if not parts:
            raise DataError("no table to join", expected="one or more")
        if len(parts) == 1:
            return parts[0]
        first = parts[0]
        for part in parts[1:]:
            first.schema.require(part.schema)
        shift = np.cumsum([0, *(len(p.origins) for p in parts)])
        origin = [
            None if p.origin is None else p.origin + s
            for p, s in zip(parts, shift[:-1], strict=True)
        ]
        return Table(
            first.schema,
            {name: np.concatenate([p.columns[name] for p in parts]) for name in first.columns},
            weight=_joined([p.weight for p in parts], "weight"),
            group=_joined([p.group for p in parts], "group"),
            origins=tuple(o for p in parts for o in p.origins),
            origin=_joined(origin, "origin"),
            entry=_joined([p.entry for p in parts], "entry"),
            carried={
                name: np.concatenate([p.carried[name] for p in parts])
                for name in first.carried
                if all(name in p.carried for p in parts)
            },
            rejected=sum((Counter(p.rejected) for p in parts), Counter()),
        )


def _check_names(wanted: set[str], got: set[str]) -> None:
    if missing := sorted(wanted - got):
        raise SchemaError(f"missing columns {missing}", expected=f"{sorted(wanted)}")
    if unknown := sorted(got - wanted):
        raise SchemaError(
            f"unknown columns {unknown}",
            expected=f"only {sorted(wanted)}",
            fix="Put columns that are not learnt into `carried`.",
        )


def _check_lengths(named: Mapping[str, NDArray[Any] | None]) -> None:
    lengths = {name: len(values) for name, values in named.items() if values is not None}
    if len(set(lengths.values())) > 1:
        raise SchemaError(f"columns of different lengths: {lengths}", expected="one length")


def _check_per_row(weight: NDArray[Any] | None, origin: NDArray[Any] | None, origins: int) -> None:
    if weight is not None:
        refuse("weight", ~np.isfinite(weight), "weights", "finite numbers")
    if origin is not None:
        refuse("origin", (origin < 0) | (origin >= origins), "origins", f"0 to {origins - 1}")


def _joined(parts: Sequence[NDArray[Any] | None], name: str) -> NDArray[Any] | None:
    there = [part for part in parts if part is not None]
    if len(there) not in (0, len(parts)):
        raise SchemaError(
            f"{len(there)} of {len(parts)} tables have it", field=name, expected="all or none"
        )
    return np.concatenate(there) if there else None
