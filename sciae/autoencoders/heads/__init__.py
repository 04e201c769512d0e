"""Heads: likelihoods that turn a decoder's output and a target into nats.

A head owns `columns` targets of one kind and takes `per_column` numbers for each from the
decoder. Its `nll` returns *one number per column*, in nats, with all constants; sums and
weights are taken elsewhere, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sciae.autoencoders.heads.bernoulli import Bernoulli
from sciae.autoencoders.heads.categorical import Categorical, Multinomial
from sciae.autoencoders.heads.joint import Decoded, Joint
from sciae.autoencoders.heads.normal import Normal
from sciae.autoencoders.heads.poisson import Poisson
from sciae.autoencoders.heads.von_mises import VonMises

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = [
    "Bernoulli", "Categorical", "Decoded", "Head", "Joint", "Multinomial", "Normal", "Poisson",
    "VonMises",
]  # fmt: skip


class Head(Protocol):
    """What a likelihood of `columns` numbers offers."""

    columns: int
    per_column: int

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target | parameters) per column, in nats.

        `parameters` has shape (..., column * per_column), `target` and the result
        (..., column).
        """

    def mean(self, parameters: Tensor) -> Tensor:
        """The best single guess per column, shape (..., column)."""

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A draw per column, shape (..., column)."""
