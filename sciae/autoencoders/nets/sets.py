"""Sets: encoders blind to the order of elements, decoders with one slot per element."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.joint import Decoded
from sciae.autoencoders.nets.dense import Dense
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.autoencoders.features import Features

__all__ = ["SetDecoder", "SetEncoder"]


class SetEncoder(nn.Module):
    """One set field, and flat inputs beside it -> hidden vector.

    Each element is embedded, the embeddings that exist are pooled (sum over a typical size,
    and mean), and a second net reads the pool: DeepSets, arXiv:1703.06114. With `attention`
    heads, elements look at each other once before the pooling (Set Transformer,
    arXiv:1810.00825).

    Parameters
    ----------
    name : str
        The set field.
    inputs : int
        Of one element.
    flat : int
        Inputs beside the set.
    width : int
        Of the hidden vector.
    size : int
        Most elements; scales the sum.
    hidden : sequence of int
        Layers of the net per element and, reversed in role, of the net after the pool.
    attention : int
        Heads of the one attention layer; 0 for none.
    """

    def __init__(
        self,
        name: str,
        inputs: int,
        width: int,
        *,
        flat: int = 0,
        size: int = 1,
        hidden: Sequence[int] = (128, 64),
        activation: str = "silu",
        attention: int = 0,
    ) -> None:
        super().__init__()
        if not hidden:
            raise SpecError("no hidden layer", where="SetEncoder", expected="one or more")
        if attention and hidden[-1] % attention:
            raise SpecError(
                f"{attention} attention heads, {hidden[-1]} numbers per element",
                where="SetEncoder",
                expected="a divisor",
            )
        self.name, self.inputs, self.width = name, inputs, width
        self.flat, self.size, self.attention = flat, size, attention
        self.hidden, self.activation = list(hidden), activation
        self.each = Dense((inputs, *hidden), between=activation)
        self.look = (
            nn.MultiheadAttention(hidden[-1], attention, batch_first=True) if attention else None
        )
        self.pooled = Dense((2 * hidden[-1] + 1 + flat, *hidden, width), between=activation)

    def forward(self, features: Features) -> Tensor:
        """The hidden vector, shape (row, width)."""
        elements = features.sets[self.name]
        shown = elements.shown
        there = shown[..., None]
        embedded = self.each(elements.inputs) * there  # (row, element, hidden)
        if self.look is not None:
            embedded = (embedded + self._attend(embedded, shown)) * there
        count = there.sum(1).to(embedded.dtype)  # (row, 1)
        total = embedded.sum(1)
        parts = (total / self.size, total / count.clamp(min=1), count / self.size, features.inputs)
        out: Tensor = self.pooled(torch.cat(parts, -1))
        return out

    def _attend(self, embedded: Tensor, mask: Tensor) -> Tensor:
        assert self.look is not None
        empty = ~mask.any(1, keepdim=True)  # a row without elements attends to its padding
        out: Tensor = self.look(
            embedded, embedded, embedded, need_weights=False, key_padding_mask=~(mask | empty)
        )[0]
        return out


class SetDecoder(nn.Module):
    """Code -> parameters of each slot of one set, and of the flat heads."""

    def __init__(
        self,
        name: str,
        dim: int,
        *,
        size: int,
        element_parameters: int,
        flat_parameters: int = 0,
        hidden: Sequence[int] = (64, 128),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        self.name, self.dim, self.size = name, dim, size
        self.element_parameters, self.flat_parameters = element_parameters, flat_parameters
        self.hidden, self.activation = list(hidden), activation
        out = flat_parameters + size * element_parameters
        self.net = Dense((dim, *hidden, out), between=activation)

    def forward(self, z: Tensor) -> Decoded:
        """Flat parameters (row, parameter) and slots (row, element, parameter)."""
        out = self.net(z)
        flat, slots = out[..., : self.flat_parameters], out[..., self.flat_parameters :]
        return Decoded(flat, {self.name: slots.unflatten(-1, (self.size, -1))})
