"""TotalCorrelation: how far the latents of all rows together are from independent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from sciae.autoencoders.penalties.penalty import Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.latents import Code
    from sciae.autoencoders.model import Pass

__all__ = ["Decomposition", "TotalCorrelation", "decompose"]

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Decomposition(NamedTuple):
    """The rate of each draw in three parts, each of shape (row,), in nats."""

    mutual_information: Tensor
    """ln q(z|x) / q(z): what the codes tell of the rows."""
    total_correlation: Tensor
    """ln q(z) / prod_j q(z_j): what the latents share."""
    dimension_wise: Tensor
    """ln prod_j q(z_j) / p(z_j): how far each latent is from its prior."""


def decompose(code: Code, *, rows: int = 0, weight: Tensor | None = None) -> Decomposition:
    r"""The rate as mutual information, total correlation and dimension-wise divergence.

    .. math:: \ln\frac{q(z|x)}{p(z)} = \ln\frac{q(z|x)}{q(z)}
              + \ln\frac{q(z)}{\prod_j q(z_j)} + \ln\prod_j \frac{q(z_j)}{p(z_j)}

    at each row's draw z, an identity to rounding; its mean is the KL. The aggregate posterior
    :math:`q(z) = \frac1N \sum_n q(z|x_n)` is estimated from the batch by stratified sampling,
    Chen et al., arXiv:1802.04942, averaged over the choice of the last row: the row itself
    counts 1/N, the others share the rest, and the mean over batches is exactly q(z). All
    constants are kept. The logarithm of an estimate is low by a bias that falls with the
    batch, and no estimate of the mutual information exceeds ln N.

    Parameters
    ----------
    code : Code
        With `z` drawn from the posterior, not its mean.
    rows : int
        N, of which the batch is a sample; 0: the batch is all there is.
    weight : Tensor, shape (row,), optional
        Signed weights count by their size.

    Raises
    ------
    SpecError
        If the latent has no normal posterior.

    Examples
    --------
    >>> from sciae.autoencoders.latents import Gaussian
    >>> hidden = torch.zeros(5, 4)  # five rows with the prior as their posterior
    >>> code = Gaussian(2)(hidden, torch.Generator().manual_seed(1))
    >>> bool(torch.stack(decompose(code)).abs().max() < 1e-5)
    True
    """
    if code.log_sigma is None:
        raise SpecError("no posterior", where="TotalCorrelation", expected="a Gaussian latent")
    share = _shares(code.z, rows, weight).log()
    joint, each, prior = share.new_zeros(share.shape), share.new_zeros(1), share.new_zeros(1)
    for z, mean, log_sigma in zip(code.z.T, code.mean.T, code.log_sigma.T, strict=True):
        log_q = -0.5 * ((z[:, None] - mean) / log_sigma.exp()).square() - log_sigma - HALF_LOG_2PI
        joint = joint + log_q  # (row of the draw, row of the posterior)
        each = each + (log_q + share).logsumexp(1)
        prior = prior - 0.5 * z.square() - HALF_LOG_2PI
    aggregate = (joint + share).logsumexp(1)
    return Decomposition(joint.diagonal() - aggregate, aggregate - each, each - prior)


def _shares(z: Tensor, rows: int, weight: Tensor | None) -> Tensor:
    """What each posterior counts in the mixture at each row's draw; lines sum to one."""
    size = torch.ones_like(z[:, 0]) if weight is None else weight.abs().to(z)
    others = size.sum() - size
    own = size / (max(rows, len(z)) * size.mean())
    own = torch.where(others > 0, own, 1.0)
    shared = torch.where(others > 0, (1 - own) / others, 0.0)[:, None] * size
    return shared.diagonal_scatter(own)


class TotalCorrelation(Penalty):
    r"""KL between the aggregate posterior and the product of its marginals.

    .. math:: \mathrm{TC}(z) = \mathrm{KL}\Big(q(z) \Big\| \prod_j q(z_j)\Big)

    0 for independent latents, :math:`-\tfrac12 \ln\det R` for normal ones of correlation
    matrix R. With `KL`, a weight of beta - 1 makes the loss that of the beta-TCVAE,
    arXiv:1802.04942. See `decompose` for the estimate; each process of a distributed run
    makes its own, from its own rows.

    Parameters
    ----------
    weight : float
    rows : int
        Rows of the training table; 0: as if a batch were all there is.
    warm_up, period : int
        See `Penalty`.

    Raises
    ------
    SpecError
        If `rows` is negative, or the latent has no normal posterior.
    """

    name = "total-correlation"

    def __init__(
        self, weight: float = 1.0, *, rows: int = 0, warm_up: int = 0, period: int = 0
    ) -> None:
        super().__init__(weight, warm_up=warm_up, period=period)
        if rows < 0:
            raise SpecError(f"rows {rows}", where="TotalCorrelation", expected="0 or more")
        self.rows = rows

    def forward(self, one: Pass) -> Tensor:
        """The log ratio of the densities at each row's draw; negative for some rows."""
        return decompose(one.code, rows=self.rows, weight=one.features.weight).total_correlation
