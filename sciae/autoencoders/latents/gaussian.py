"""Gaussian: the code is a normal posterior, sampled by reparameterisation."""

from __future__ import annotations

import torch
from torch import Tensor

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent

__all__ = ["Gaussian"]

LEAST, MOST = -12.0, 6.0  # of ln sigma: beyond these a posterior is numerically a point or flat


class Gaussian(Latent):
    r"""A diagonal normal posterior over `dim` numbers, with a standard normal prior.

    .. math:: q(z|x) = N(\mu(x), \sigma(x)^2), \qquad z = \mu + \sigma \epsilon

    Kingma and Welling, arXiv:1312.6114.

    Examples
    --------
    >>> Gaussian(1)(torch.tensor([[3.0, 0.0]]), None).z
    tensor([[3.]])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim, self.width = dim, 2 * dim

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        """A draw with `rng`, the mean without."""
        mean, log_sigma = hidden.chunk(2, -1)
        log_sigma = log_sigma.clamp(LEAST, MOST)
        if rng is None:
            return Code(mean, mean, log_sigma)
        noise = torch.randn(mean.shape, generator=rng, dtype=mean.dtype, device=mean.device)
        return Code(mean + log_sigma.exp() * noise, mean, log_sigma)

    def prior(self, rows: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        """Draws from N(0, 1)."""
        return torch.randn(rows, self.dim, generator=rng, dtype=dtype, device=rng.device)
