"""Poisson: the code is a count of events, relaxed in training."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent
from sciae.errors import SpecError

__all__ = ["Poisson", "arrivals"]

MOST = 5.0  # |ln of posterior over prior rate|: as in the authors' code
RATE = 1000.0  # events of a latent: relaxed, each is drawn and kept


class Poisson(Latent):
    r"""Counts with a posterior rate per row and a learnt prior rate per latent.

    .. math:: q(z|x) = \mathrm{Pois}(r), \qquad r_j(x) = r_{0j}\, e^{h_j(x)}

    In training the counts are relaxed, so that they have a gradient (see `arrivals`); else
    they are whole. Without a generator the code is its rate. No rate exceeds 1000. To go with
    the penalty `PoissonRate`. Vafaii et al., arXiv:2405.14473.

    Parameters
    ----------
    dim : int
    temperature : float
        Width of the relaxed threshold, in units of the counting time; the variance of a
        relaxed count is smaller by about this share.

    Raises
    ------
    SpecError
        If the temperature is not positive.

    Examples
    --------
    >>> latent = Poisson(2).eval()
    >>> latent(torch.tensor([[0.0, 1.0]]), None).z.detach()  # prior rates are 1 at first
    tensor([[1.0000, 2.7183]])
    >>> latent(torch.tensor([[0.0, 1.0]]), torch.Generator().manual_seed(1)).z.detach()
    tensor([[2., 5.]])
    """

    def __init__(self, dim: int, *, temperature: float = 0.1) -> None:
        super().__init__()
        if not temperature > 0:
            raise SpecError(f"temperature {temperature}", where="Poisson", expected="> 0")
        self.dim = self.width = dim
        self.temperature = temperature
        self.log_prior = nn.Parameter(torch.zeros(dim))

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        """Counts with `rng`, their rate without."""
        log_rate = self.log_prior + hidden.clamp(-MOST, MOST)
        log_rate = log_rate.clamp(max=math.log(RATE))
        rate = log_rate.exp()
        if rng is None:
            return Code(rate, rate, log_rate=log_rate)
        count = arrivals(rate, rng, temperature=self.temperature if self.training else 0.0)
        return Code(count, rate, log_rate=log_rate)

    def prior(self, rows: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        """Counts at the prior rates."""
        rate = self.log_prior.detach().exp().to(dtype)
        return torch.poisson(rate.expand(rows, -1), generator=rng)


def arrivals(rate: Tensor, rng: torch.Generator, *, temperature: float) -> Tensor:
    r"""How many events come before time 1, with exponential times :math:`\Delta_i` between.

    .. math:: n = \sum_i \sigma\left(\frac{1 - t_i}{T}\right), \quad
              t_i = \sum_{j \le i} \Delta_j, \qquad
              \mathrm{E}\, n = r\,T \ln(1 + e^{1/T})

    Temperature 0 counts whole events: n is Poisson. Shape of `rate` in and out.
    """
    top = float(rate.detach().max().nan_to_num()) if len(rate) else 0.0
    most = top * (1 + 10 * temperature)  # relaxed, later events count a little, too
    events = int(most + 7 * most**0.5) + 8  # more come with a probability below 1e-9
    unit = torch.empty((events, *rate.shape), dtype=rate.dtype, device=rate.device)
    time = (unit.exponential_(generator=rng) / rate).cumsum(0)
    if temperature == 0:
        return (time < 1).sum(0).to(rate.dtype)
    return torch.sigmoid((1 - time) / temperature).sum(0)
