"""KL: the rate, nats that a row's posterior costs beyond the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.penalties.average import average
from sciae.autoencoders.penalties.penalty import Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.latents import Code
    from sciae.autoencoders.model import Pass

__all__ = ["KL", "kl_to_standard_normal"]


class KL(Penalty):
    r"""The rate: nats that a row's posterior costs beyond the prior, times beta.

    .. math:: \mathrm{KL} = \sum_j \tfrac12 (\mu_j^2 + \sigma_j^2 - 1) - \ln \sigma_j

    Parameters
    ----------
    beta : float
        1 makes the loss the negative ELBO.
    warm_up, period : int
        See `Penalty`; they change the path of training only.
    free_bits : float
        Nats per latent that cost no more than having them: a latent whose mean over the
        batch is below gets no gradient (Kingma et al., arXiv:1606.04934).

    Raises
    ------
    SpecError
        If a number is negative, or the latent has no normal posterior.
    """

    name = "kl"

    def __init__(
        self, beta: float = 1.0, *, warm_up: int = 0, period: int = 0, free_bits: float = 0.0
    ) -> None:
        super().__init__(beta, warm_up=warm_up, period=period)
        if not free_bits >= 0:
            raise SpecError(f"free_bits {free_bits}", where="KL", expected=">= 0")
        self.beta, self.free_bits = beta, free_bits

    def forward(self, one: Pass) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each row."""
        each = kl_to_standard_normal(one.code)
        if self.free_bits:
            live = average(each, one.features) > self.free_bits
            each = torch.where(live, each, self.free_bits)
        return each.sum(-1)


def kl_to_standard_normal(code: Code) -> Tensor:
    """KL(q || N(0, 1)) of each latent, shape (row, latent), in nats.

    Raises
    ------
    SpecError
        If the latent has no posterior.
    """
    if code.log_sigma is None:
        raise SpecError("a KL needs a posterior", where="KL", expected="a Gaussian latent")
    return 0.5 * (code.mean.square() + (2 * code.log_sigma).exp() - 1) - code.log_sigma
