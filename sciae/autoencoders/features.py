"""Features: what a normaliser makes of a batch, and what networks and heads see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.layout import Layout
from sciae.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["Features", "blank"]


@dataclass(frozen=True)
class Features:
    """A normalised batch; a set's elements are features of their own, one axis deeper.

    Attributes
    ----------
    inputs : Tensor, shape (row, input)
        What the encoder sees; zero where not observed.
    targets : Tensor, shape (row, target)
        What the heads judge; finite everywhere.
    observed : Tensor of bool, shape (row, target), or None
        Which targets count; None means all.
    mask : Tensor of bool, shape (row, element), or None
        In a set: which elements exist.
    sets : mapping of str to Features
        The elements of each set field, shape (row, element, ...).
    weight : Tensor, shape (row,), or None
    """

    inputs: Tensor
    targets: Tensor
    observed: Tensor | None = None
    mask: Tensor | None = None
    sets: Mapping[str, Features] = field(default_factory=dict)
    weight: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Tensor) -> Features:
        """These rows, in this order."""
        inputs = self.inputs.index_select(0, rows)
        same = self.targets is self.inputs  # one gather is enough if nothing was encoded
        return Features(
            inputs,
            inputs if same else self.targets.index_select(0, rows),
            _taken(self.observed, rows),
            _taken(self.mask, rows),
            {name: one.take(rows) for name, one in self.sets.items()},
            _taken(self.weight, rows),
        )

    def with_inputs(self, inputs: Tensor) -> Features:
        """The same targets, seen through other inputs."""
        return replace(self, inputs=inputs)


def _taken(tensor: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if tensor is None else tensor.index_select(0, rows)


def blank(
    schema: Schema, shape: tuple[int, ...], *, dtype: torch.dtype, device: torch.device
) -> Features:
    """Features of a schema's shape, all zero and all observed, for trying parts out."""
    layout = Layout.of(schema)
    inputs, targets = (
        torch.zeros(*shape, width, dtype=dtype, device=device)
        for width in (layout.inputs, layout.targets)
    )
    sets = {}
    for one in layout.sets:
        assert one.size is not None
        elements = blank(Schema(one.inner), (*shape, one.size), dtype=dtype, device=device)
        mask = torch.ones(*shape, one.size, dtype=torch.bool, device=device)
        sets[one.name] = replace(elements, mask=mask)
    return Features(inputs, targets, sets=sets)
