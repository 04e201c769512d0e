"""FlowPrior: noise that flows into codes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from sciae.autoencoders.adam import AdamW
from sciae.autoencoders.nets.dense import Dense
from sciae.autoencoders.prior.prior import Prior, location_and_scale
from sciae.rng import Seed, generator, seeded, torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["FlowPrior"]


class FlowPrior(Prior):
    r"""Normal noise carried along a learnt velocity for a unit of time; any shape of density.

    .. math:: \dot x = v(x, t), \quad x(0) \sim N(0, 1), \quad z = \mu + s\, x(1)

    Flow matching on straight paths: Lipman et al., arXiv:2210.02747. The velocity is fitted to
    :math:`x_1 - x_0` at :math:`(1 - t) x_0 + t x_1`.

    Parameters
    ----------
    dim : int
    hidden : sequence of int
        Layers of the velocity.
    steps : int
        Of the classical Runge-Kutta method, from noise to code.

    Examples
    --------
    >>> FlowPrior(2, hidden=(8,)).sample(5, torch.Generator()).shape
    torch.Size([5, 2])
    """

    location: Tensor
    scale: Tensor

    def __init__(self, dim: int, *, hidden: Sequence[int] = (64, 64, 64), steps: int = 20) -> None:
        super().__init__()
        self.dim, self.hidden, self.steps = dim, list(hidden), steps
        self.net = Dense((dim + 1, *hidden, dim))
        self.register_buffer("location", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    @classmethod
    def fitted(
        cls,
        codes: Tensor,
        *,
        hidden: Sequence[int] = (64, 64, 64),
        updates: int = 3000,
        batch: int = 256,
        rate: float = 1e-2,
        rng: Seed = None,
    ) -> Self:
        """The flow fitted to codes, shape (row, dim), in so many updates of `batch` rows.

        The learning rate falls from `rate` to zero along half a cosine.

        Raises
        ------
        DataError
            If there are fewer than two codes, or one is not finite.
        """
        rng = generator(rng)
        with seeded(rng):
            prior = cls(codes.shape[1], hidden=hidden).to(codes)
        prior.location, prior.scale = location_and_scale(codes)
        x, noise = (
            (codes - prior.location) / prior.scale,
            torch_generator(rng, device=str(codes.device)),
        )
        optimiser = AdamW(prior.net.parameters())
        for update in range(updates):
            rows = torch.randint(len(x), (batch,), generator=noise, device=x.device)
            miss = prior.miss(x[rows], noise).mean()
            slope = torch.autograd.grad(miss, optimiser.parameters)
            optimiser.step(slope, rate=rate * 0.5 * (1 + math.cos(math.pi * update / updates)))
        return prior

    def miss(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Squared error of the velocity on a random path to each point, shape (row,)."""
        start = torch.randn(x.shape, generator=rng, dtype=x.dtype, device=x.device)
        t = torch.rand(len(x), 1, generator=rng, dtype=x.dtype, device=x.device)
        return (self.velocity(torch.lerp(start, x, t), t) - (x - start)).square().sum(-1)

    def velocity(self, x: Tensor, t: Tensor) -> Tensor:
        """dx/dt at these points and times, shape (row, dim), (row, 1) -> (row, dim)."""
        out: Tensor = self.net(torch.cat([x, t], -1))
        return out

    @torch.no_grad()
    def sample(self, rows: int, rng: torch.Generator) -> Tensor:
        """Codes drawn from it."""
        like = self.location
        x = torch.randn(rows, self.dim, generator=rng, dtype=like.dtype, device=like.device)
        return self.location + self.scale * _carried(self.velocity, x, 0.0, 1.0, self.steps)

    @torch.no_grad()
    def log_prob(self, z: Tensor) -> Tensor:
        """The ln p(z) of each code, by the trace of the flow's derivative; `dim` times the cost."""
        x = (z - self.location) / self.scale
        still = torch.zeros_like(x[:, :1])
        end = _carried(self._widening, torch.cat([x, still], -1), 1.0, 0.0, self.steps)
        x, gained = end[:, :-1], end[:, -1]
        normal = -0.5 * (x.square() + math.log(2 * math.pi)).sum(-1)
        return normal + gained - self.scale.log().sum()

    @torch.enable_grad()
    def _widening(self, state: Tensor, t: Tensor) -> Tensor:
        """The velocity and its divergence, beside each other."""
        x = state[:, :-1].detach().requires_grad_()
        v = self.velocity(x, t)
        slopes = [torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i]
                  for i in range(self.dim)]  # fmt: skip
        return torch.cat([v, torch.stack(slopes, 1).sum(1, keepdim=True)], -1).detach()


def _carried(
    velocity: Callable[[Tensor, Tensor], Tensor], x: Tensor, start: float, end: float, steps: int
) -> Tensor:
    """`x` after the time from `start` to `end`, by the classical Runge-Kutta method."""
    h = (end - start) / steps
    for step in range(steps):
        t = torch.full_like(x[:, :1], start + step * h)
        a = velocity(x, t)
        b = velocity(x + h / 2 * a, t + h / 2)
        c = velocity(x + h / 2 * b, t + h / 2)
        d = velocity(x + h * c, t + h)
        x = x + h / 6 * (a + 2 * b + 2 * c + d)
    return x
