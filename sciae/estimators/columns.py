"""Columns: what each column of X is, and the way from X to a table and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sciae.errors import DataError, SchemaError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["KINDS", "Columns", "is_frame"]

KINDS = ("continuous", "periodic", "binary", "categorical", "count")  # that one column can be
NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
SHOWN = 5  # unknown labels named in an error


def is_frame(X: Any) -> bool:
    """Whether X is a data frame whose columns have names: of pandas, of polars.

    Examples
    --------
    >>> import pandas as pd
    >>> is_frame(pd.DataFrame({"mass": [1.0]})), is_frame(np.ones((1, 1)))
    (True, False)
    """
    named = all(isinstance(name, str) for name in getattr(X, "columns", [None]))
    return named and hasattr(X, "__arrow_c_stream__")


@dataclass(frozen=True)
class Columns:
    """What each column of X is, and what to make of rows that go back.

    In an array, a categorical column holds class numbers; in a frame, labels, compared as
    text with the names of the classes.

    Attributes
    ----------
    names : tuple of str
        As X has them.
    schema : Schema
        One field of one number for each column, in this order.
    frame : data frame without rows, or None
        The type and the dtypes that rows go back to; None if X is an array.
    arrow : pyarrow.Schema, or None
        The frame's columns, in words that all kinds of frames share.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"mass": [1.5, 2.5], "flavour": ["b", "c"]})
    >>> flavour = Field(name="flavour", kind="categorical", classes=("b", "c"))
    >>> columns = Columns.of(X.columns, fields={"flavour": flavour}, X=X)
    >>> columns.numbers(X)
    array([[1.5, 0. ],
           [2.5, 1. ]])
    """

    names: tuple[str, ...]
    schema: Schema
    frame: Any = None
    arrow: Any = None

    @classmethod
    def of(cls, names: Sequence[str], *, fields: Mapping[str, Field] | None, X: Any) -> Columns:
        """The columns of X; a column without a field is continuous, or binary if it is boolean.

        Raises
        ------
        SpecError
            If a field is of no column, or is not one number.
        SchemaError
            If a column without a field holds no numbers, or two fields have one name.
        """
        fields, arrow = dict(fields or {}), pa.table(X).schema if is_frame(X) else None
        if unknown := sorted(set(fields) - set(names)):
            raise SpecError(
                f"no columns {unknown}", where="fields", expected=f"some of {list(names)}"
            )
        for name, field in fields.items():
            if field.kind not in KINDS or field.shape != ():
                raise SpecError(
                    f"kind {field.kind!r} of shape {field.shape}",
                    where=f"the field of column {name!r}",
                    expected=f"a single number of kind {', '.join(KINDS)}",
                )
        schema = Schema(tuple(fields.get(name) or _field(name, arrow) for name in names))
        return cls(tuple(names), schema, None if arrow is None else X[:0], arrow)

    def numbers(self, X: Any) -> NDArray[np.float64]:
        """A frame as an array, shape (row, column); NaN where not observed.

        Raises
        ------
        SchemaError
            If a column holds no numbers.
        DataError
            If a label is none of the classes.
        """
        arrow = pa.table(X)
        pairs = zip(self.names, self.schema, strict=True)
        return np.column_stack([_numbers(name, arrow[name], field) for name, field in pairs])

    def table(self, numbers: NDArray[Any], weight: NDArray[np.float64] | None = None) -> Table:
        """The rows of an array as a table."""
        columns = {field.name: x for field, x in zip(self.schema, numbers.T, strict=True)}
        for field in self.schema:
            if field.kind == "categorical":
                columns[field.name] = np.nan_to_num(columns[field.name], nan=-1)
        return Table(self.schema, columns, weight=weight)

    def restored(self, values: Mapping[str, Tensor]) -> Any:
        """Rows as X was: an array, or a frame of the same dtypes, integers rounded."""
        columns = [values[name].numpy() for name in self.schema.names]
        if self.frame is None:
            return np.column_stack(columns)
        content = {
            name: _as_was(x, field, self.arrow.field(name).type)
            for name, x, field in zip(self.names, columns, self.schema, strict=True)
        }
        frame = type(self.frame)(content)
        if hasattr(frame, "astype"):  # pandas
            return frame.astype(dict(self.frame.dtypes))
        return frame.cast(self.frame.schema)  # polars


def _field(name: str, arrow: Any) -> Field:
    """A column's field when none was given; a field's name has no dot."""
    boolean = arrow is not None and pa.types.is_boolean(arrow.field(name).type)
    return Field(name=name.replace(".", "_"), kind="binary" if boolean else "continuous")


def _numbers(name: str, column: Any, field: Field) -> NDArray[np.float64]:
    """One column of a frame, shape (row,)."""
    if field.kind == "categorical":
        column = _codes(name, column, field.classes)
    if not any(is_it(column.type) for is_it in NUMERIC):
        raise SchemaError(
            f"dtype {column.type}",
            field=name,
            expected="numbers",
            fix="Name its classes with a categorical Field in `fields`, or leave it out.",
        )
    numbers: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return numbers


def _codes(name: str, column: Any, classes: tuple[str, ...]) -> Any:
    """The number of the class of each label; null where there is no label."""
    labels = _text(column)
    codes = pc.index_in(labels, value_set=pa.array(classes))
    unknown = pc.unique(labels.filter(pc.and_(labels.is_valid(), codes.is_null()))).to_pylist()
    if unknown:
        raise DataError(
            f"labels {', '.join(map(repr, unknown[:SHOWN]))}",
            where=f"field {name!r}",
            expected=f"one of {', '.join(classes)}",
        )
    return codes


def _text(column: Any) -> Any:
    """Labels as text, through the dictionary that a frame's own categories are kept in."""
    if not pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    chunks = [one.dictionary.cast(pa.string()).take(one.indices) for one in column.chunks]
    return pa.chunked_array(chunks, pa.string())


def _as_was(x: NDArray[np.float64], field: Field, kind: Any) -> Any:
    """Values of one column, as the frame's library can cast them to the column's dtype."""
    if field.kind == "categorical":
        labels = kind.value_type if pa.types.is_dictionary(kind) else kind
        return pa.array(field.classes).take(pa.array(x.astype(int))).cast(labels).to_pylist()
    if pa.types.is_integer(kind):
        most = np.iinfo(kind.to_pandas_dtype())
        return np.rint(x).clip(most.min, most.max)
    return np.rint(x) if pa.types.is_boolean(kind) else x
