"""Features: what a normaliser makes of a batch, and what networks and heads see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.layout import Layout
from sciae.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    visible : Tensor of bool, or None
        Which targets, shape (row, target), or elements of a set, shape (row, seen element),
        the inputs show; None means all that are observed or exist. A corruption may leave
        hidden elements out of a set's inputs.
    judged : Tensor of bool, or None
        Which targets, shape (row, target), or elements, shape (row, element), the loss is
        on; None means all.
    column : Tensor of int, shape (input,), or None
        The target that each input shows; None means that they are the same.
    sets : mapping of str to Features
        The elements of each set field, shape (row, element, ...).
    weight : Tensor, shape (row,), or None
    """

    inputs: Tensor
    targets: Tensor
    observed: Tensor | None = None
    mask: Tensor | None = None
    visible: Tensor | None = None
    judged: Tensor | None = None
    column: Tensor | None = None
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
            _taken(self.visible, rows),
            _taken(self.judged, rows),
            self.column,
            {name: one.take(rows) for name, one in self.sets.items()},
            _taken(self.weight, rows),
        )

    def split(self, sizes: list[int]) -> list[Features]:
        """Consecutive parts of these numbers of rows, as views."""
        inputs = torch.split(self.inputs, sizes)
        same = self.targets is self.inputs
        columns = (
            inputs,
            inputs if same else torch.split(self.targets, sizes),
            _parts(self.observed, sizes),
            _parts(self.mask, sizes),
            _parts(self.visible, sizes),
            _parts(self.judged, sizes),
            [self.column] * len(sizes),
            self._split_sets(sizes),
            _parts(self.weight, sizes),
        )
        return [Features(*each) for each in zip(*columns, strict=True)]

    def _split_sets(self, sizes: list[int]) -> list[dict[str, Features]]:
        named = {name: one.split(sizes) for name, one in self.sets.items()}
        return [{name: parts[n] for name, parts in named.items()} for n in range(len(sizes))]

    def with_inputs(self, inputs: Tensor) -> Features:
        """The same targets, seen through other inputs."""
        return replace(self, inputs=inputs)

    def towards(self, later: Features) -> Features:
        """These inputs, and the targets of other rows: what is to be told differs."""
        sets = {name: one.towards(later.sets[name]) for name, one in self.sets.items()}
        seen = self.visible if self.visible is not None else self.observed
        if self.mask is not None and later.mask is not self.mask:
            seen = self.mask if self.visible is None else self.visible
        return replace(
            self,
            targets=later.targets,
            observed=later.observed,
            mask=later.mask,
            visible=seen,
            judged=later.judged,
            sets=sets,
        )

    @property
    def shown(self) -> Tensor:
        """Which targets the inputs show, shape (row, target); of a set, which elements."""
        for known in (self.visible, self.mask, self.observed):
            if known is not None:
                return known
        return torch.ones_like(self.targets, dtype=torch.bool)


def _parts(tensor: Tensor | None, sizes: list[int]) -> Sequence[Tensor | None]:
    return [None] * len(sizes) if tensor is None else torch.split(tensor, sizes)


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
    return Features(inputs, targets, column=layout.column().to(device), sets=sets)
