"""Field and Schema: what the columns of a table are, with kind, unit and shape."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sciae.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MASK", "Field", "Kind", "Schema"]

Kind = Literal[
    "continuous", "periodic", "binary", "categorical", "count", "composition", "sequence", "set"
]
KINDS: tuple[str, ...] = get_args(Kind)
SCALES = ("column", "field", "none")
MASK = "mask"

DTYPES: dict[str, type] = {
    "continuous": np.float64,
    "periodic": np.float64,
    "binary": np.float64,  # 0, 1, or NaN where not observed
    "categorical": np.int64,  # -1 where not observed
    "count": np.float64,  # whole numbers, or NaN where not observed
    "composition": np.float64,
    "sequence": np.int64,  # -1 beyond the end
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a table: a name, a kind, a unit, and what else its kind needs.

    Parameters
    ----------
    name : str
        Without dots; `set` fields own the columns ``name.inner`` and ``name.mask``.
    kind : str
        continuous, periodic, binary, categorical, count, composition, sequence or set.
    shape : tuple of int
        Shape of one row's value; ``()`` for a number, ``(40, 40)`` for an image.
    unit : str
        As a scientist writes it: "GeV", "nm", "rad"; "1" if none.
    period : float, optional
        Of a periodic field, in its unit.
    classes : tuple of str
        Names of a categorical field's classes, or of a sequence's tokens.
    size : int, optional
        The most elements of a set, or the longest sequence.
    inner : tuple of Field
        The fields of each element of a set.
    scale : str
        How the normaliser scales a continuous field: each "column", the "field" as a
        whole (images: a dim pixel must stay dim), or "none".
    doc : str
        One line for reports.

    Raises
    ------
    SchemaError
        If the parts contradict each other.

    Examples
    --------
    >>> Field(name="mass", kind="continuous", unit="GeV").width
    1
    """

    name: str
    kind: Kind
    shape: tuple[int, ...] = ()
    unit: str = "1"
    period: float | None = None
    classes: tuple[str, ...] = ()
    size: int | None = None
    inner: tuple[Field, ...] = ()
    scale: str = "column"
    doc: str = ""

    def __post_init__(self) -> None:
        self._check(bool(self.name) and "." not in self.name, "a name is not empty and has no dot")
        self._check(self.kind in KINDS, f"kind {self.kind!r} is not one of {', '.join(KINDS)}")
        self._check(self.scale in SCALES, f"scale {self.scale!r} is not one of {SCALES}")
        whole = all(isinstance(n, int) and n > 0 for n in (*self.shape, self.size or 1))
        self._check(whole, f"shape {self.shape}, size {self.size}: not positive whole numbers")
        period_ok = self.period is not None and math.isfinite(self.period) and self.period > 0
        self._check(
            (self.kind == "periodic") == period_ok,
            "periodic fields, and only they, have a positive period",
        )
        classed = self.kind in ("categorical", "sequence")
        self._check(
            classed == (len(self.classes) > 1),
            "categorical and sequence fields, and only they, name two classes or more",
        )
        sized = self.kind in ("set", "sequence")
        self._check(
            sized == (self.size is not None and self.size > 0),
            "set and sequence fields, and only they, have a size",
        )
        self._check(
            (self.kind == "set") == bool(self.inner), "set fields, and only they, have inner fields"
        )
        flat = all(f.kind not in ("set", "sequence") and f.shape == () for f in self.inner)
        self._check(flat, "inner fields of a set are single numbers")
        names = {MASK, *(f.name for f in self.inner)}
        self._check(
            len(names) == len(self.inner) + 1,
            f"inner fields of a set have different names, none of them {MASK!r}",
        )

    def _check(self, ok: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not ok:
            raise SchemaError(what, field=self.name)

    @property
    def width(self) -> int:
        """How many numbers one row holds (of a set: one element)."""
        return math.prod(self.shape) if self.kind != "set" else len(self.inner)

    def columns(self) -> Iterator[tuple[str, type, tuple[int, ...]]]:
        """Name, dtype and row shape of each column that a table stores for this field."""
        if self.kind == "set":
            assert self.size is not None
            yield f"{self.name}.{MASK}", np.bool_, (self.size,)
            for part in self.inner:
                yield f"{self.name}.{part.name}", DTYPES[part.kind], (self.size,)
        elif self.kind == "sequence":
            assert self.size is not None
            yield self.name, np.int64, (self.size,)
        else:
            yield self.name, DTYPES[self.kind], self.shape


@dataclass(frozen=True)
class Schema:
    """The fields of a table, in order.

    Examples
    --------
    >>> schema = Schema((Field(name="x", kind="continuous", unit="nm"),))
    >>> schema["x"].unit
    'nm'
    >>> Schema.from_json(schema.to_json()) == schema
    True
    """

    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SchemaError(f"named twice: {', '.join(twice)}", expected="unique names")

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise SchemaError("no such field", field=name, expected=f"one of {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The fields' names, in order."""
        return tuple(field.name for field in self.fields)

    def columns(self) -> dict[str, tuple[type, tuple[int, ...]]]:
        """Dtype and row shape of each stored column, by name."""
        return {name: (kind, shape) for f in self.fields for name, kind, shape in f.columns()}

    def require(self, other: Schema) -> None:
        """Raise, naming each difference, unless `other` is this schema.

        Raises
        ------
        SchemaError
            With one clause per field that is missing, extra, or different.
        """
        if other == self:
            return
        ours, theirs = ({f.name: f for f in s} for s in (self, other))
        lines = [f"{name!r} is missing" for name in ours if name not in theirs]
        lines += [f"{name!r} is not known" for name in theirs if name not in ours]
        for name in ours.keys() & theirs.keys():
            lines += [f"{name!r} has {d}" for d in _differences(ours[name], theirs[name])]
        raise SchemaError(
            "; ".join(sorted(lines)) or "the fields are in another order",
            expected=f"the fields {', '.join(self.names)}",
            fix="Read the data with the settings that the model was trained with.",
        )

    def to_json(self) -> list[dict[str, Any]]:
        """The schema as plain JSON."""
        return [_field_to_json(field) for field in self.fields]

    @classmethod
    def from_json(cls, rows: list[dict[str, Any]]) -> Schema:
        """The schema that `to_json` wrote."""
        return cls(tuple(_field_from_json(row) for row in rows))


def _differences(want: Field, got: Field) -> list[str]:
    """Each attribute in which two fields of one name differ, `doc` aside."""
    names = [f.name for f in fields(Field) if f.name != "doc"]
    pairs = [(n, getattr(want, n), getattr(got, n)) for n in names]
    return [f"{n} {theirs!r} instead of {ours!r}" for n, ours, theirs in pairs if ours != theirs]


def _field_to_json(field: Field) -> dict[str, Any]:
    defaults = {f.name: f.default for f in fields(Field)}
    row = {k: v for k, v in asdict(field).items() if v != defaults[k]}
    if field.inner:
        row["inner"] = [_field_to_json(part) for part in field.inner]
    return row


def _field_from_json(row: Mapping[str, Any]) -> Field:
    known = {f.name for f in fields(Field)}
    unknown = sorted(set(row) - known)
    if unknown:
        raise SchemaError(f"unknown entries {unknown}", field=str(row.get("name", "?")))
    values = dict(row)
    for name in ("shape", "classes"):
        values[name] = tuple(values.get(name, ()))
    values["inner"] = tuple(_field_from_json(part) for part in values.get("inner", ()))
    return Field(**values)
