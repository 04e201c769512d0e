"""Columns of a table: arrays of the right dtype and shape, holding what their kind allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError, SchemaError
from sciae.schema import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sciae.schema import Field

__all__ = ["as_column", "check_values", "refuse"]

SHOWN = 5  # offending rows named in an error


def as_column(
    name: str, values: ArrayLike, kind: type, shape: tuple[int, ...] = ()
) -> NDArray[Any]:
    """The values as an array of dtype `kind`; float32 is kept where floats are wanted.

    Raises
    ------
    SchemaError
        If they are no numbers, not one of `shape` per row, or not whole where they must be.
    """
    array = _as_numbers(name, values)
    if array.ndim == 0 or array.shape[1:] != shape:
        wanted = ", ".join(["row", *map(str, shape)])
        raise SchemaError(f"shape {array.shape}", field=name, expected=f"({wanted})")
    if kind is np.float64 and array.dtype == np.float32:
        return array
    if kind is np.int64 and array.dtype.kind == "f" and not (array == np.rint(array)).all():
        raise SchemaError("numbers that are not whole", field=name, expected="whole numbers")
    if kind is np.bool_ and not ((array == 0) | (array == 1)).all():
        raise SchemaError("numbers beside 0 and 1", field=name, expected="true or false")
    return array.astype(kind, copy=False)


def _as_numbers(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:  # NumPy's word for it is "inhomogeneous"
        raise SchemaError("rows of different lengths", field=name, expected="one shape") from error
    if array.dtype.kind not in "fiub":
        raise SchemaError(f"dtype {array.dtype}", field=name, expected="numbers")
    return array


def check_values(field: Field, columns: Mapping[str, NDArray[Any]]) -> None:
    """Raise unless a field's values are finite or NaN, and what their kind allows.

    Raises
    ------
    DataError
        Naming the field, how many rows are wrong, and the first of them.
    """
    if field.kind != "set":
        _check(field, field.name, columns[field.name])
        return
    there = columns[f"{field.name}.{MASK}"]
    for part in field.inner:
        name = f"{field.name}.{part.name}"
        _check(part, name, np.where(there, columns[name], 0))  # padding may be anything


def _check(field: Field, name: str, values: NDArray[Any]) -> None:
    if values.dtype.kind == "f":
        refuse(name, np.isinf(values), "infinite values", "finite numbers, or NaN if unobserved")
    if field.kind == "binary":
        refuse(name, ~(np.isnan(values) | (values == 0) | (values == 1)), "values", "0, 1 or NaN")
    elif field.kind == "count":
        whole = np.isnan(values) | ((values >= 0) & (values == np.rint(values)))
        refuse(name, ~whole, "values", "whole numbers >= 0, or NaN")
    elif field.kind in ("categorical", "sequence"):
        bad = (values < -1) | (values >= len(field.classes))
        refuse(name, bad, "classes", f"-1 (not observed) or 0 to {len(field.classes) - 1}")
        if field.kind == "sequence":
            late = (values[:, 1:] >= 0) & (values[:, :-1] < 0)
            refuse(name, late, "tokens: some follow an end", "-1 after the last token only")
    elif field.kind == "composition":
        refuse(name, values < 0, "negative parts", "parts >= 0")


def refuse(name: str, bad: NDArray[np.bool_], what: str, expected: str) -> None:
    """Raise a DataError that names the first rows in which anything is `bad`."""
    if not bad.any():
        return
    rows = np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1))
    more = ", ..." if len(rows) > SHOWN else ""
    raise DataError(
        f"{len(rows)} rows with wrong {what} (rows {', '.join(map(str, rows[:SHOWN]))}{more})",
        where=f"field {name!r}",
        expected=expected,
    )
