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
        angle, own = target.double(), parameters.dtype
        away = kappa - torch.addcmul(a * angle.cos(), b, angle.sin())
        nats: Tensor = torch.special.i0e(kappa.to(own)).log() + math.log(2 * math.pi)
        return away.to(own) + nats

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean direction, in (-pi, pi]."""
        a, b = parameters.chunk(2, -1)
        return torch.atan2(b, a)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """An angle per column, in [-pi, pi)."""
        a, b = parameters.double().chunk(2, -1)
        angle = torch.atan2(b, a) + _around_zero(torch.hypot(a, b), rng)
        return (torch.remainder(angle + math.pi, 2 * math.pi) - math.pi).to(parameters.dtype)


def _around_zero(kappa: Tensor, rng: torch.Generator) -> Tensor:
    """Angles of mean 0: Best and Fisher, Applied Statistics 28 (1979) 152, by rejection."""
    kappa = kappa.clamp(min=1e-5)  # less is uniform to the last digit that draws can show
    tau = 1 + (1 + 4 * kappa.square()).sqrt()
    rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
    r = (1 + rho.square()) / (2 * rho)
    angle, wanted = torch.zeros_like(kappa), kappa.isfinite()
    while bool(wanted.any()):  # two of three are accepted each time
        u = torch.rand(3, *kappa.shape, generator=rng, dtype=kappa.dtype, device=kappa.device)
        z = torch.cos(math.pi * u[0])
        f = (1 + r * z) / (r + z)
        c = kappa * (r - f)
        accepted = wanted & ((c * (2 - c) > u[1]) | (torch.log(c / u[1]) + 1 - c >= 0))
        angle = torch.where(accepted, torch.sign(u[2] - 0.5) * torch.acos(f.clamp(-1, 1)), angle)
        wanted = wanted & ~accepted
    return angle
