"""Multinomial: shares of a whole, or counts of a known total."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.gamma import rest

__all__ = ["Multinomial"]


class Multinomial(nn.Module):
    r"""The columns are shares of one whole, or counts that add up to a known total.

    Of shares, the cross-entropy per draw; of counts, their probability given the total N:

    .. math:: -\sum_c x_c \ln p_c, \qquad
              -\ln N! + \sum_c \ln x_c! - \sum_c x_c \ln p_c, \qquad
              p = \mathrm{softmax}(\ell)

    What belongs to no column is spread so that each has its own Poisson surprise at the rate
    :math:`N p_c`, less an equal part of what is known of N; only the sum is a likelihood.

    Parameters
    ----------
    columns : int
    counts : bool
        Whether targets are counts; shares otherwise.

    Examples
    --------
    >>> half = torch.tensor([[0.5, 0.5]])
    >>> round(Multinomial(2).nll(torch.zeros(1, 2), half).sum().item(), 4)  # ln 2
    0.6931
    >>> twice = torch.tensor([[1.0, 1.0]])  # in one order or the other
    >>> round(Multinomial(2, counts=True).nll(torch.zeros(1, 2), twice).sum().item(), 4)
    0.6931
    """

    per_column = 1

    def __init__(self, columns: int, *, counts: bool = False) -> None:
        super().__init__()
        self.columns, self.counts = columns, counts

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """Each column's part of -ln p(target), in nats."""
        if not self.counts:
            return -target * parameters.log_softmax(-1)
        x = target.double()
        total = x.sum(-1, keepdim=True)
        log_rate = parameters.double().log_softmax(-1) + total.clamp(min=1).log()
        powers = x * (x.clamp(min=1).log() - log_rate) - x + total.sign() * log_rate.exp()
        return (powers + rest(x) - rest(total) / self.columns).to(parameters.dtype)

    def mean(self, parameters: Tensor) -> Tensor:
        """The expected shares: of one draw, since no total is predicted."""
        return parameters.softmax(-1)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """One draw, as a one-hot vector."""
        p = parameters.softmax(-1)
        drawn = torch.multinomial(p.reshape(-1, self.columns), 1, generator=rng).squeeze(-1)
        onehot = nn.functional.one_hot(drawn, self.columns).to(parameters.dtype)
        return onehot.reshape(p.shape)
