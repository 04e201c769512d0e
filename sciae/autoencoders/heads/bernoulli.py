"""Bernoulli: yes or no, from a logit."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

__all__ = ["Bernoulli"]


class Bernoulli(nn.Module):
    r"""A binary target, from its logit, exact where a probability would have saturated.

    .. math:: -\ln p(x) = \mathrm{softplus}(\ell) - x \ell

    Examples
    --------
    >>> Bernoulli(1).nll(torch.tensor([[20.0]]), torch.tensor([[0.0]])).item()
    20.0
    """

    per_column = 1

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        # softplus of the signed logit: no difference of large numbers at either end
        return softplus((1 - 2 * target) * parameters)

    def mean(self, parameters: Tensor) -> Tensor:
        """The probability of one."""
        return torch.sigmoid(parameters)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """0 or 1 per column."""
        return torch.bernoulli(torch.sigmoid(parameters), generator=rng)
