"""Contraction: a code, or a reconstruction, that moves little when its row does."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from sciae.autoencoders.penalties.penalty import Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.heads import Decoded
    from sciae.autoencoders.model import Autoencoder, Pass

__all__ = ["Contraction", "squared_slopes"]

OF = ("code", "output")


class Contraction(Penalty):
    r"""The squared Frobenius norm of a Jacobian at the clean row.

    .. math:: \lVert J \rVert_F^2 = \sum_{j i} \left(\frac{\partial f_j}{\partial x_i}\right)^2

    with respect to all inputs, those of a set's elements too. f is the mean code (Rifai et al.,
    ICML 2011) or what the decoder makes of it (Alain and Bengio, arXiv:1211.4246): noise of
    width s shown in training acts like a weight of :math:`s^2 / 2 \sigma^2` on the latter.

    Exact it takes one backward pass per number of f. With `probes` it takes as many as there
    are: for signs v of fair coins :math:`|J^\mathsf{T} v|^2` has the norm as its mean and
    :math:`2 \sum_{j \ne k} (J J^\mathsf{T})_{jk}^2` as its variance (Hutchinson, Commun. Stat.
    Simul. Comput. 19 (1990) 433), which each probe more divides.

    Parameters
    ----------
    weight : float
    of : str
        "code", which a small code and a large decoder cheat unless their weights are tied, or
        "output", which nothing cheats.
    probes : int
        0 for the exact norm.
    warm_up, period : int
        See `Penalty`.

    Raises
    ------
    SpecError
        If `probes` is negative, or `of` is neither word.
    """

    name = "contraction"

    def __init__(
        self,
        weight: float = 1.0,
        *,
        of: str = "code",
        probes: int = 0,
        warm_up: int = 0,
        period: int = 0,
    ) -> None:
        super().__init__(weight, warm_up=warm_up, period=period)
        if probes < 0 or of not in OF:
            raise SpecError(
                f"of {of!r}, probes {probes}",
                where="Contraction",
                expected="'code' or 'output', 0 or more",
            )
        self.of, self.probes = of, probes

    def forward(self, one: Pass) -> Tensor:
        """The squared norm of each row's Jacobian, or its estimate."""
        directions = self._directions(one)
        return squared_slopes(one.model, one.features, directions, of=self.of)

    def _directions(self, one: Pass) -> Tensor:
        """Shape (direction, row, number): each axis, or random signs."""
        like = one.code.mean if self.of == "code" else _flat(one.decoded)
        rows, width = like.shape
        if not self.probes:
            return torch.eye(width).to(like)[:, None].expand(width, rows, width)
        coins = torch.randint(2, (self.probes, rows, width), generator=one.rng, device=like.device)
        return (2 * coins - 1).to(like) / math.sqrt(self.probes)


def squared_slopes(
    model: Autoencoder, features: Features, directions: Tensor, *, of: str = "code"
) -> Tensor:
    r"""The sum over directions v of :math:`|J^\mathsf{T} v|^2` of each row, shape (row,).

    Directions have the shape (direction, row, number of the code or output). It has a gradient
    of its own where gradients are on, and a value where they are off.

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
        f = model.encode(leaves).mean
        if of == "output":
            f = _flat(model.decoder(f))
        inputs = [leaves.inputs, *(one.inputs for one in leaves.sets.values())]
        total = torch.zeros_like(f[:, 0])
        for v in directions:
            slopes = torch.autograd.grad(
                f, inputs, v, retain_graph=True, create_graph=training, materialize_grads=True
            )
            total = total + torch.stack([x.square().flatten(1).sum(1) for x in slopes]).sum(0)
    return total if training else total.detach()


def _flat(decoded: Decoded) -> Tensor:
    """All that a decoder puts out, shape (row, number)."""
    return torch.cat([decoded.flat, *(x.flatten(1) for x in decoded.sets.values())], 1)


def _with_leaves(features: Features) -> Features:
    """The same features, whose inputs derivatives can be taken by."""
    sets = {name: _with_leaves(one) for name, one in features.sets.items()}
    return replace(features, inputs=features.inputs.detach().requires_grad_(), sets=sets)
