"""Sparsity: few latents at work in each row, by L1 or by a small mean activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.penalties.average import average
from sciae.autoencoders.penalties.penalty import Penalty
from sciae.autoencoders.penalties.response import response
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.model import Pass

__all__ = ["L1", "KLSparsity"]


class L1(Penalty):
    r"""The sum of the sizes of a row's codes: most of them become zero.

    .. math:: \sum_j |z_j| \quad\text{or, scaled,}\quad \sum_j |z_j|\, r_j

    It is the logarithm of a Laplace prior, up to a constant: with normal noise of width
    sigma and an orthonormal decoder the best code is the projection with its size lowered
    by ``weight * sigma**2``, and zero below.

    The plain sum is cheated by small codes and large decoder columns, which reconstruct as
    well and cost nothing. `scaled` measures each code in the units of the output, by the
    `response` r of the decoder, so that nothing is won (Conerly et al., "Update on how we
    train SAEs", Transformer Circuits, April 2024): the decoder must be linear, as the
    dictionary of `kinds.sparse` is.

    Parameters
    ----------
    weight : float
        Nats per unit of code.
    scaled : bool
        Whether to multiply each code by the decoder's response to it.
    warm_up, period : int
        See `Penalty`.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema((Field(name="x", kind="continuous", shape=(4,)),))
    >>> kinds.sparse(schema, latent=8, weight=0.1).penalties[0].scaled
    True
    """

    name = "l1"

    def __init__(
        self, weight: float = 1.0, *, scaled: bool = False, warm_up: int = 0, period: int = 0
    ) -> None:
        super().__init__(weight, warm_up=warm_up, period=period)
        self.scaled = scaled

    def forward(self, one: Pass) -> Tensor:
        """The sum of the codes' sizes of each row."""
        size = one.code.z.abs()
        return (size * response(one) if self.scaled else size).sum(-1)


class KLSparsity(Penalty):
    r"""Nats by which each unit's mean activation differs from `rho`; the same for every row.

    .. math:: \sum_j \rho \ln\frac{\rho}{\hat\rho_j}
              + (1 - \rho) \ln\frac{1 - \rho}{1 - \hat\rho_j},
              \qquad \hat\rho_j = \langle \operatorname{sigmoid}(z_j) \rangle

    A unit's activation is the sigmoid of its code, whatever the latent, so the code is the
    log-odds that the unit is on; the mean is over the rows of a step, with their weights.
    It says how often a unit is on, not that it is off at all other times: a unit that stays
    at rho and varies little costs nothing either. `L1` has no such way out.

    Ng, "Sparse autoencoder", CS294A lecture notes, Stanford 2011.

    Parameters
    ----------
    rho : float
        The mean activation that costs nothing.
    weight : float
    decay : float
        In training, the mean activation is an exponential average over steps with this
        decay, which a small batch needs; 0: of the step alone. It starts at rho. The
        gradient is that of the step's own mean, taken at the average.
    dim : int
        Latents; needed with a decay only.
    warm_up, period : int
        See `Penalty`.

    Raises
    ------
    SpecError
        If `rho` or `decay` is not a share, or a decay has no `dim`.

    Examples
    --------
    >>> off_target = KLSparsity(0.05).divergence(torch.tensor([0.5]))
    >>> round(off_target.item(), 4)  # .05 ln .1 + .95 ln 1.9
    0.4946
    """

    name = "kl-sparsity"
    mean: Tensor

    def __init__(
        self,
        rho: float = 0.05,
        weight: float = 1.0,
        *,
        decay: float = 0.0,
        dim: int = 0,
        warm_up: int = 0,
        period: int = 0,
    ) -> None:
        super().__init__(weight, warm_up=warm_up, period=period)
        if not (0 < rho < 1 and 0 <= decay < 1 and (not decay or dim > 0)):
            raise SpecError(
                f"rho {rho}, decay {decay}, dim {dim}",
                where="KLSparsity",
                expected="0 < rho < 1, 0 <= decay < 1, and dim with a decay",
            )
        self.rho, self.decay, self.dim = rho, decay, dim
        self.register_buffer("mean", torch.full((dim,), rho))

    def forward(self, one: Pass) -> Tensor:
        """The divergence of this step, shape (row,)."""
        mean = average(one.code.z.sigmoid(), one.features)
        if self.decay and self.training:
            with torch.no_grad():
                self.mean.lerp_(mean, 1 - self.decay)
            mean = self.mean + (mean - mean.detach())
        return self.divergence(mean).expand(len(one.code.z))

    def divergence(self, mean: Tensor) -> Tensor:
        """The sum over units of KL(rho || mean), mean of shape (latent,)."""
        on, off = (x.clamp(min=torch.finfo(x.dtype).tiny) for x in (mean, 1 - mean))
        rho = mean.new_tensor(self.rho)
        return (rho.xlogy(rho / on) + (1 - rho).xlogy((1 - rho) / off)).sum()
