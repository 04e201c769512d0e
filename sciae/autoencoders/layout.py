"""Where each field stands among a network's inputs and a likelihood's targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from sciae.schema import Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sciae.schema import Schema

__all__ = ["TOKEN", "Layout", "Place"]

TOKEN = "token"  # noqa: S105 - the one inner field of a sequence, seen as a set

# Network inputs per number of a field, in the order in which the kinds are laid out: equal
# kinds stand together, so that one head serves them all with one call.
INPUTS: dict[str, Callable[[Field], int]] = {
    "continuous": lambda _: 1,
    "periodic": lambda _: 2,  # cosine and sine
    "binary": lambda _: 1,
    "categorical": lambda field: len(field.classes),  # one-hot
    "count": lambda _: 1,
    "composition": lambda _: 1,
}


@dataclass(frozen=True)
class Place:
    """One field's slices of the input vector and of the target vector."""

    field: Field
    inputs: slice
    targets: slice


@dataclass(frozen=True)
class Layout:
    """The places of a schema's flat fields, and its set fields.

    A sequence stands among the sets: elements in order, each of one categorical, `TOKEN`.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema(
    ...     (
    ...         Field(name="phi", kind="periodic", period=6.28, unit="rad"),
    ...         Field(name="mass", kind="continuous", unit="GeV"),
    ...     )
    ... )
    >>> layout = Layout.of(schema)
    >>> [place.field.name for place in layout.places], layout.inputs, layout.targets
    (['mass', 'phi'], 3, 2)
    """

    places: tuple[Place, ...]
    sets: tuple[Field, ...]

    @classmethod
    def of(cls, schema: Schema) -> Layout:
        """The layout of a schema."""
        flat = [field for field in schema if field.kind in INPUTS]
        ordered = sorted(flat, key=lambda field: list(INPUTS).index(field.kind))
        places, start, at = [], 0, 0
        for field in ordered:
            width = field.width * INPUTS[field.kind](field)
            places.append(Place(field, slice(start, start + width), slice(at, at + field.width)))
            start, at = start + width, at + field.width
        return cls(tuple(places), tuple(_as_set(field) for field in schema if field.size))

    @property
    def inputs(self) -> int:
        """Width of the input vector."""
        return self.places[-1].inputs.stop if self.places else 0

    def column(self) -> Tensor:
        """The target that each input shows, shape (input,)."""
        each = torch.zeros(self.inputs, dtype=torch.long)
        for place in self.places:
            columns = torch.arange(place.targets.start, place.targets.stop)
            inputs = place.inputs.stop - place.inputs.start
            each[place.inputs] = columns.repeat_interleave(inputs // len(columns))
        return each

    @property
    def targets(self) -> int:
        """Width of the target vector."""
        return self.places[-1].targets.stop if self.places else 0


def _as_set(field: Field) -> Field:
    """A sequence as a set whose elements stand in order."""
    if field.kind == "set":
        return field
    token = Field(name=TOKEN, kind="categorical", classes=field.classes)
    return replace(field, kind="set", classes=(), inner=(token,))
