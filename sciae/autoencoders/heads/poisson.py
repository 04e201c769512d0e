"""Poisson: counts, from a log-rate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Poisson"]

MOST = 40.0  # of the log-rate: exp(40) = 2e17 is beyond any count, exp(89) overflows float32


class Poisson(nn.Module):
    r"""A count, from the logarithm of its rate (at most 40).

    .. math:: -\ln p(x) = e^{\ell} - x \ell + \ln \Gamma(x + 1)

    Computed in float64: the three terms cancel almost wholly for large counts.

    Examples
    --------
    >>> Poisson(1).nll(torch.zeros(1, 1), torch.zeros(1, 1)).item()  # rate 1, count 0
    1.0
    """

    per_column = 1

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        log_rate, count = parameters.double().clamp(max=MOST), target.double()
        nats = log_rate.exp() - count * log_rate + torch.lgamma(count + 1)
        return nats.to(parameters.dtype)

    def mean(self, parameters: Tensor) -> Tensor:
        """The rate."""
        return parameters.clamp(max=MOST).exp()

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A count per column."""
        return torch.poisson(self.mean(parameters), generator=rng)
