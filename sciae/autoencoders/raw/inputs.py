"""Inputs: each number that an encoder reads, as one of six functions of one raw number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sciae.autoencoders.normalise import Normaliser
    from sciae.schema import Field, Schema

__all__ = ["AFFINE", "COSINE", "COUNT", "ONE_HOT", "SHOWN", "SINE", "Inputs", "names"]

# (x - a) / b; (ln(1 + x) - a) / b; cos(a x); sin(a x); 1 if x is class a; 1 if x >= a
AFFINE, COUNT, COSINE, SINE, ONE_HOT, SHOWN = range(6)


@dataclass(frozen=True)
class Inputs:
    """A table of the encoder's inputs; a raw number below `least`, or NaN, is not observed.

    Attributes
    ----------
    function : array of int, shape (input,)
        Which of the six.
    column : array of int, shape (input,)
        Of which raw number.
    a, b, least : array of float64, shape (input,)
        What is not observed gives zero.

    Examples
    --------
    >>> from sciae.autoencoders.normalise import Normaliser
    >>> from sciae.schema import Field, Schema
    >>> angle = Field(name="phi", kind="periodic", period=360.0, unit="deg")
    >>> table = Inputs.of(Normaliser(Schema((angle, Field(name="x", kind="continuous")))))
    >>> table.function.tolist(), table.column.tolist()
    ([0, 2, 3], [1, 0, 0])
    """

    function: NDArray[np.int64]
    column: NDArray[np.int64]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    least: NDArray[np.float64]

    @classmethod
    def of(cls, normaliser: Normaliser, *, shown: bool = False) -> Inputs:
        """The inputs that a normaliser makes of raw rows, in the order of its layout.

        With `shown` there follows, for each target, whether it is observed.

        Raises
        ------
        SpecError
            If a field is a set.
        """
        flat_only(normaliser.schema)
        location, scale = (x.tolist() for x in (normaliser.location, normaliser.scale))
        first = _first(normaliser.schema)
        rows: list[tuple[float, ...]] = []
        flags: list[tuple[float, ...]] = []
        for place in normaliser.layout.places:
            field = place.field
            least = 0.0 if field.kind == "categorical" else -math.inf
            for k in range(field.width):
                at, target = first[field.name] + k, place.targets.start + k
                each = _functions(field, location[target], scale[target])
                rows += [(function, at, a, b, least) for function, a, b in each]
                flags.append((SHOWN, at, least, 1.0, -math.inf))
        table = np.array(rows + flags * shown, np.float64).reshape(-1, 5).T
        function, column = (x.astype(np.int64) for x in table[:2])
        return cls(function, column, *table[2:].copy())


def _functions(field: Field, location: float, scale: float) -> list[tuple[int, float, float]]:
    """Function, a and b of each input that shows one number of a field."""
    if field.kind == "periodic":
        assert field.period is not None
        turn = 2 * math.pi / field.period
        return [(COSINE, turn, 1.0), (SINE, turn, 1.0)]
    if field.kind == "categorical":
        return [(ONE_HOT, float(c), 1.0) for c in range(len(field.classes))]
    if field.kind == "binary":
        return [(AFFINE, 0.5, 0.5)]  # 2 x - 1
    if field.kind == "composition":
        return [(AFFINE, 0.0, 1.0)]
    return [(COUNT if field.kind == "count" else AFFINE, location, scale)]


def flat_only(schema: Schema) -> None:
    """Refuse fields that have no fixed number of numbers."""
    for field in schema:
        if field.kind in ("set", "sequence"):
            raise SpecError(
                f"field {field.name!r} is a {field.kind}",
                where="export",
                expected="flat fields: a matrix of shape (row, number)",
                fix="Export a model of flat fields, or score with sciae itself.",
            )


def names(field: Field) -> Iterator[str]:
    """One name per number of a field: ``x``, or ``x.0``, ``x.1``, ... if it has a shape.

    Examples
    --------
    >>> from sciae.schema import Field
    >>> list(names(Field(name="x", kind="continuous", shape=(1, 2))))
    ['x.0.0', 'x.0.1']
    """
    for index in np.ndindex(*field.shape):
        yield ".".join((field.name, *map(str, index)))


def _first(schema: Schema) -> dict[str, int]:
    """Where each field begins in a raw row: fields in the schema's order, flattened."""
    starts, at = {}, 0
    for field in schema:
        starts[field.name], at = at, at + field.width
    return starts
