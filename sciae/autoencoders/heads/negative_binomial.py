"""NegativeBinomial: counts that vary more than Poisson's, also with too many zeros."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from sciae.autoencoders.heads.gamma import rest
from sciae.autoencoders.heads.poisson import MOST

__all__ = ["NegativeBinomial", "ZeroInflatedNegativeBinomial"]

START = math.log(10.0)  # of ln theta: from 1, counts may be all noise, and codes ignore them


class NegativeBinomial(nn.Module):
    r"""A count from the logarithm of its mean, the dispersion theta learnt per column.

    The variance is :math:`\mu + \mu^2 / \theta`: Poisson's as theta goes to infinity.

    .. math:: -\ln p(x) = \ln \frac{\Gamma(\theta)\, x!}{\Gamma(x + \theta)}
              + (\theta + x) \ln (\theta + \mu) - \theta \ln \theta - x \ln \mu

    In float64, and with the gammas' large parts cancelled on paper: in the form above and
    in float32, a theta of 1e8 leaves nothing but ln x!.

    Lopez et al., Nature Methods 15 (2018) 1053.

    Examples
    --------
    >>> head = NegativeBinomial(1).requires_grad_(False)
    >>> head.log_theta += 7 * torch.tensor(10.0).log()  # theta = 1e8
    >>> mean, count = torch.tensor([[3.0]]), torch.tensor([[5.0]])
    >>> round(head.nll(mean.log(), count).item(), 3)
    2.294
    """

    per_column = 1

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.log_theta = nn.Parameter(torch.full((columns,), START))

    def _theta(self) -> Tensor:
        return self.log_theta.double().clamp(-MOST, MOST).exp()

    def exact(self, log_mean: Tensor, count: Tensor) -> Tensor:
        """-ln p(count) per column, in float64."""
        log_mean, count, theta = log_mean.double().clamp(max=MOST), count.double(), self._theta()
        mean, both = log_mean.exp(), count + theta
        shift = (mean - count) / both
        near = shift.clamp(-0.5, 0.5).log1p()  # ln (theta + mean) / (theta + count)
        ratio = torch.where(shift.abs() < 0.5, near, ((theta + mean) / both).log())  # noqa: PLR2004
        powers = both * ratio + count * (count.clamp(min=1).log() - log_mean)
        return powers + rest(count) + rest(theta) - rest(both) + (both / theta).log()

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        return self.exact(parameters, target).to(parameters.dtype)

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean per column."""
        return parameters.clamp(max=MOST).exp()

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A count per column: Poisson, with a rate drawn from a gamma distribution."""
        theta = self._theta().expand_as(parameters)
        rate = torch._standard_gamma(theta, generator=rng) / theta  # noqa: SLF001 - takes a generator
        return torch.poisson(rate * self.mean(parameters), generator=rng).to(parameters.dtype)


class ZeroInflatedNegativeBinomial(nn.Module):
    r"""A negative binomial count that is 0 instead with a probability from a gate logit.

    .. math:: p(x) = \pi\, [x = 0] + (1 - \pi)\, \mathrm{NB}(x), \qquad
              \pi = \frac{1}{1 + e^{-g}}

    The decoder gives log-means, then gates.

    Examples
    --------
    >>> closed, one = torch.tensor([[0.0, -50.0]]), torch.ones(1, 1)
    >>> gated, plain = ZeroInflatedNegativeBinomial(1), NegativeBinomial(1)
    >>> gated.nll(closed, one) == plain.nll(closed[:, :1], one)
    tensor([[True]])
    """

    per_column = 2

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.ungated = NegativeBinomial(columns)

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        log_mean, gate = parameters.double().chunk(2, -1)
        nats = self.ungated.exact(log_mean, target)
        zero = softplus(-gate) - softplus(-gate - nats)
        return torch.where(target > 0, nats + softplus(gate), zero).to(parameters.dtype)

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean per column."""
        log_mean, gate = parameters.chunk(2, -1)
        return torch.sigmoid(-gate) * self.ungated.mean(log_mean)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A count per column."""
        log_mean, gate = parameters.chunk(2, -1)
        kept = torch.bernoulli(torch.sigmoid(-gate), generator=rng)
        return kept * self.ungated.sample(log_mean, rng)
