"""Where each field stands among a network's inputs and a likelihood's targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sciae.schema import Field, Schema

__all__ = ["Layout", "Place"]

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
        """The layout of a schema.

        Raises
        ------
        SpecError
            If a field's kind has no place in a fixed-size vector.
        """
        flat = [field for field in schema if field.kind != "set"]
        for field in flat:
            if field.kind not in INPUTS:
                raise SpecError(
                    f"kind {field.kind!r}",
                    where=f"field {field.name!r}",
                    expected=f"one of {', '.join(INPUTS)} or set",
                    fix="Encode it as one of these.",
                )
        ordered = sorted(flat, key=lambda field: list(INPUTS).index(field.kind))
        places, start, at = [], 0, 0
        for field in ordered:
            width = field.width * INPUTS[field.kind](field)
            places.append(Place(field, slice(start, start + width), slice(at, at + field.width)))
            start, at = start + width, at + field.width
        return cls(tuple(places), tuple(field for field in schema if field.kind == "set"))

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
