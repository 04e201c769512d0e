"""Sequences: recurrent nets for one sequence field per row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.decoded import Decoded
from sciae.autoencoders.nets.dense import Dense
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.autoencoders.features import Features

__all__ = ["SequenceDecoder", "SequenceEncoder"]


class SequenceEncoder(nn.Module):
    """One sequence field, and flat inputs beside it -> hidden vector.

    Tokens are embedded and read in order by a gated recurrent unit (Cho et al.,
    arXiv:1406.1078). Its state after the last token has seen no padding; with the length and
    the flat inputs it goes through a second net.

    Parameters
    ----------
    name : str
        The sequence field.
    inputs : int
        Classes of tokens.
    width : int
        Of the hidden vector.
    flat : int
        Inputs beside the sequence.
    size : int
        The longest sequence; scales the length.
    hidden : sequence of int
        The first is the width of the embedding, the last that of the state.
    activation : str
        In the second net.

    Raises
    ------
    SpecError
        If there is no hidden layer.
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
    ) -> None:
        super().__init__()
        _check(hidden, "SequenceEncoder")
        self.name, self.inputs, self.width = name, inputs, width
        self.flat, self.size = flat, size
        self.hidden, self.activation = list(hidden), activation
        self.embedding = nn.Linear(inputs, hidden[0], bias=False)
        self.recurrent = nn.GRU(hidden[0], hidden[-1], batch_first=True)
        self.after = Dense((hidden[-1] + 1 + flat, hidden[-1], width), between=activation)

    def forward(self, features: Features) -> Tensor:
        """The hidden vector, shape (row, width)."""
        tokens = features.sets[self.name]
        shown = tokens.shown
        states = self.recurrent(self.embedding(tokens.inputs))[0]  # (row, position, hidden)
        count = shown.sum(1, keepdim=True)  # (row, 1)
        last = (count - 1).clamp(min=0)[..., None].expand(-1, -1, states.shape[-1])
        read = states.gather(1, last).squeeze(1) * (count > 0)
        length = count.to(read.dtype) / self.size
        out: Tensor = self.after(torch.cat((read, length, features.inputs), -1))
        return out


class SequenceDecoder(nn.Module):
    """Code -> logits of the token at each position, END first, and of the flat heads.

    A gated recurrent unit is unrolled from the code and a learnt vector per position; it
    sees no token, so positions are independent of each other given the code.

    Parameters
    ----------
    name : str
        The sequence field.
    dim : int
        Of the code.
    size : int
        The longest sequence.
    element_parameters : int
        Logits per position.
    flat_parameters : int
        Of the heads beside the sequence.
    hidden : sequence of int
        The first is the width of what the recurrent unit reads, the last that of its state.
    activation : str
        In the net of the flat heads.

    Raises
    ------
    SpecError
        If there is no hidden layer.
    """

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
        _check(hidden, "SequenceDecoder")
        self.name, self.dim, self.size = name, dim, size
        self.element_parameters, self.flat_parameters = element_parameters, flat_parameters
        self.hidden, self.activation = list(hidden), activation
        self.begin = nn.Linear(dim, hidden[0])
        self.position = nn.Parameter(torch.randn(size, hidden[0]))
        self.recurrent = nn.GRU(hidden[0], hidden[-1], batch_first=True)
        self.logits = nn.Linear(hidden[-1], element_parameters)
        self.beside = Dense((dim, *hidden, flat_parameters), between=activation)

    def forward(self, z: Tensor) -> Decoded:
        """Flat parameters (row, parameter) and logits (row, position, END and classes)."""
        states = self.recurrent(self.begin(z)[:, None] + self.position)[0]
        return Decoded(self.beside(z), {self.name: self.logits(states)})


def _check(hidden: Sequence[int], where: str) -> None:
    if not hidden:
        raise SpecError("no hidden layer", where=where, expected="one or more")
