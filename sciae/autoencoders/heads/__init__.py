"""Heads: likelihoods that turn a decoder's output and a target into nats.

A head owns `columns` targets of one kind and takes `per_column` numbers for each from the
decoder. Its `nll` returns *one number per column*, in nats, with all constants; sums and
weights are taken elsewhere, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sciae.autoencoders.heads.bernoulli import Bernoulli
from sciae.autoencoders.heads.categorical import Categorical
from sciae.autoencoders.heads.joint import Decoded, Elements, Joint
from sciae.autoencoders.heads.laplace import Laplace
from sciae.autoencoders.heads.mixture import Mixture
from sciae.autoencoders.heads.multinomial import Multinomial
from sciae.autoencoders.heads.negative_binomial import (
    NegativeBinomial,
    ZeroInflatedNegativeBinomial,
)
from sciae.autoencoders.heads.normal import Normal
from sciae.autoencoders.heads.poisson import Poisson
from sciae.autoencoders.heads.sequence import Sequence
from sciae.autoencoders.heads.student_t import StudentT
from sciae.autoencoders.heads.von_mises import VonMises

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = [
    "Bernoulli", "Categorical", "Decoded", "Elements", "Head", "Joint", "Laplace", "Mixture",
    "Multinomial", "NegativeBinomial", "Normal", "Poisson", "Sequence", "StudentT", "VonMises",
    "ZeroInflatedNegativeBinomial",
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
