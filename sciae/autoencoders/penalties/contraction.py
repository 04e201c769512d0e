"""Contraction: a code that moves little when its row does."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from sciae.autoencoders.penalties.penalty import Penalty
from sciae.autoencoders.penalties.response import response
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder, Pass

__all__ = ["Contraction", "squared_slopes"]


class Contraction(Penalty):
    r"""The squared Frobenius norm of the code's Jacobian at the clean row.

    .. math:: \lVert J \rVert_F^2 = \sum_{j i} \left(\frac{\partial \mu_j}{\partial x_i}\right)^2

    with respect to all inputs, those of a set's elements too. Rifai et al., ICML 2011.

    Exact it takes one backward pass per latent. With `probes` it takes as many as there are:
    for signs v of fair coins :math:`|J^\mathsf{T} v|^2` has the norm as its mean and
    :math:`2 \sum_{j \ne k} (J J^\mathsf{T})_{jk}^2` as its variance (Hutchinson, Commun. Stat.
    Simul. Comput. 19 (1990) 433), which each probe more divides.

    It is cheated by a small code and a large decoder: tie their weights, or let `scaled`
    measure each latent by the `response` of the decoder.

    Parameters
    ----------
    weight : float
    probes : int
        0 for the exact norm.
    scaled : bool
        Whether to multiply each line of J by the decoder's response to that latent.
    warm_up, period : int
        See `Penalty`.

    Raises
    ------
    SpecError
        If `probes` is negative.
    """

    name = "contraction"

    def __init__(
        self,
        weight: float = 1.0,
        *,
        probes: int = 0,
        scaled: bool = False,
        warm_up: int = 0,
        period: int = 0,
    ) -> None:
        super().__init__(weight, warm_up=warm_up, period=period)
        if probes < 0:
            raise SpecError(f"probes {probes}", where="Contraction", expected="0 or more")
        self.probes, self.scaled = probes, scaled

    def forward(self, one: Pass) -> Tensor:
        """The squared norm of each row's Jacobian, or its estimate."""
        directions = self._directions(one)
        if self.scaled:
            directions = directions * response(one)
        return squared_slopes(one.model, one.features, directions)

    def _directions(self, one: Pass) -> Tensor:
        """Shape (direction, row, latent): each axis, or random signs."""
        rows, dim = one.code.mean.shape
        if not self.probes:
            return torch.eye(dim).to(one.code.mean)[:, None].expand(dim, rows, dim)
        shape, device = (self.probes, rows, dim), one.code.mean.device
        coins = torch.randint(2, shape, generator=one.rng, device=device)
        return (2 * coins - 1).to(one.code.mean) / math.sqrt(self.probes)


def squared_slopes(model: Autoencoder, features: Features, directions: Tensor) -> Tensor:
    r"""The sum over directions v of :math:`|J^\mathsf{T} v|^2` of each row, shape (row,).

    Directions have the shape (direction, row, latent). It has a gradient of its own where
    gradients are on, and a value where they are off.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.autoencoders.features import Features
    >>> from sciae.schema import Field, Schema
    >>> model = kinds.linear(Schema((Field(name="x", kind="continuous", shape=(3,)),)), latent=1)
    >>> _ = torch.nn.init.constant_(model.encoder.net.weight_0, 2.0)
    >>> x = torch.zeros(1, 3)
    >>> squared_slopes(model, Features(x, x), torch.ones(1, 1, 1)).tolist()
    [12.0]
    """
    training = torch.is_grad_enabled()
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):  # the only one derived twice
        leaves = _with_leaves(features)
        mean = model.encode(leaves).mean
        inputs = [leaves.inputs, *(one.inputs for one in leaves.sets.values())]
        total = torch.zeros_like(mean[:, 0])
        for v in directions:
            slopes = torch.autograd.grad(
                mean, inputs, v, retain_graph=True, create_graph=training, materialize_grads=True
            )
            total = total + torch.stack([x.square().flatten(1).sum(1) for x in slopes]).sum(0)
    return total if training else total.detach()


def _with_leaves(features: Features) -> Features:
    """The same features, whose inputs derivatives can be taken by."""
    sets = {name: _with_leaves(one) for name, one in features.sets.items()}
    return replace(features, inputs=features.inputs.detach().requires_grad_(), sets=sets)
