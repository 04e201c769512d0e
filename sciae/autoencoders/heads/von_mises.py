"""VonMises: angles, without a seam at plus or minus pi."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["VonMises"]


class VonMises(nn.Module):
    r"""An angle in radians; the decoder gives the vector :math:`\kappa (\cos \mu, \sin \mu)`.

    .. math:: -\ln p(x) = \ln 2\pi I_0(\kappa) - \kappa \cos(x - \mu)

    With :math:`\ln I_0(\kappa) = \kappa + \ln I_0^e(\kappa)` and the difference
    :math:`\kappa - \kappa \cos(x - \mu)` in float64, it is right for any kappa: `I_0` itself
    overflows float32 at 89.

    Examples
    --------
    >>> flat = VonMises(1).nll(torch.zeros(1, 2), torch.ones(1, 1)).item()
    >>> round(math.exp(-flat) * 2 * math.pi, 6)
    1.0
    """

    per_column = 2

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        a, b = parameters.double().chunk(2, -1)
        kappa = (a.square() + b.square() + 1e-20).sqrt()  # a gradient at zero, too
        angle = target.double()
        away = kappa - (a * angle.cos() + b * angle.sin())
        nats: Tensor = away + torch.special.i0e(kappa).log() + math.log(2 * math.pi)
        return nats.to(parameters.dtype)

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean direction, in (-pi, pi]."""
        a, b = parameters.chunk(2, -1)
        return torch.atan2(b, a)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """An angle per column, by inversion on a grid of 4096 cells."""
        a, b = parameters.double().chunk(2, -1)
        grid = torch.linspace(-math.pi, math.pi, 4097, dtype=a.dtype, device=a.device)
        middle = (grid[1:] + grid[:-1]) / 2
        log_p = a[..., None] * middle.cos() + b[..., None] * middle.sin()
        cell = torch.multinomial(log_p.softmax(-1).reshape(-1, 4096), 1, generator=rng)
        jitter = torch.rand(cell.shape, generator=rng, dtype=a.dtype, device=a.device)
        angle = grid[cell] + jitter * (2 * math.pi / 4096)
        return angle.reshape(a.shape).to(parameters.dtype)
