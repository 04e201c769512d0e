"""Decoded: what a decoder puts out, and what the heads make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["Decoded", "Elements", "Nll"]


class Decoded(NamedTuple):
    """What a decoder puts out: parameters of the flat heads, and of each set's elements."""

    flat: Tensor
    sets: Mapping[str, Tensor] = {}


class Nll(NamedTuple):
    """-ln p of each target column, and of each element of each set, in nats."""

    flat: Tensor  # (row, target)
    sets: Mapping[str, Tensor] = {}  # each (row, element)

    def total(self) -> Tensor:
        """Summed over everything in a row, shape (row,)."""
        total = self.flat.sum(-1)
        for one in self.sets.values():
            total = total + one.sum(-1)
        return total


class Elements(NamedTuple):
    """The elements of a set, or the tokens of a sequence, that a decoder tells of."""

    mask: Tensor  # (row, element), which exist
    targets: Tensor  # (row, element, target)
