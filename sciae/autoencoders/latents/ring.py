"""Ring: the code is a point on each of some circles."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent
from sciae.errors import SpecError

__all__ = ["Ring"]

LEAST = 1e-12  # squared radius below which a direction is numerically none


class Ring(Latent):
    r"""Points on `circles` circles, for rows that come back to where they started.

    Numbers 2c and 2c + 1 of the hidden vector, scaled to length one, are the cosine and sine
    of angle c. A line cannot be mapped onto a circle without a tear; a ring can.

    .. math:: (z_{2c}, z_{2c+1}) = (h_{2c}, h_{2c+1}) / r_c = (\cos\theta_c, \sin\theta_c)

    At radius 0, where there is no direction, the angle is 0 and the gradient too. Davidson
    et al., arXiv:1804.00891, on the mismatch of topology.

    Raises
    ------
    SpecError
        If there is no circle.

    Examples
    --------
    >>> ring = Ring(2)
    >>> z = ring(torch.tensor([[0.0, 3.0, -4.0, 0.0]]), None).z
    >>> z.tolist(), [round(x, 4) for x in ring.coordinates(z)[0].tolist()]
    ([[0.0, 1.0, -1.0, 0.0]], [1.5708, 3.1416])
    """

    def __init__(self, circles: int) -> None:
        super().__init__()
        if circles < 1:
            raise SpecError(f"circles {circles}", where="Ring", expected="1 or more")
        self.circles = circles
        self.dim = self.width = 2 * circles

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:  # noqa: ARG002
        """The nearest point of each circle."""
        points = hidden.reshape(*hidden.shape[:-1], self.circles, 2)
        square = points.square().sum(-1, keepdim=True)
        there = square > LEAST
        radius = torch.where(there, square, 1.0).sqrt()
        z = torch.where(there, points / radius, points.new_tensor([1.0, 0.0])).flatten(-2)
        return Code(z, z)

    def prior(self, rows: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        """Every angle as likely as any other."""
        u = torch.rand(rows, self.circles, generator=rng, dtype=dtype, device=rng.device)
        angle = 2 * math.pi * u
        return torch.stack([angle.cos(), angle.sin()], -1).flatten(-2)

    def coordinates(self, mean: Tensor) -> Tensor:
        """The angle on each circle in (-pi, pi], shape (row, circle), in radians."""
        cosine, sine = mean[..., 0::2], mean[..., 1::2]
        return torch.atan2(sine, cosine)
