"""RateTarget: the rate, with a weight that finds itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.penalties.average import average
from sciae.autoencoders.penalties.penalty import Penalty
from sciae.autoencoders.penalties.rate import kl_to_standard_normal
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.model import Pass

__all__ = ["RateTarget"]

MOST = 10.0  # of |ln beta|: a target that cannot be reached must not overflow


class RateTarget(Penalty):
    r"""The rate, times a multiplier that moves until the mean rate is `nats`.

    .. math:: \ln\beta \leftarrow \ln\beta + \eta\,(\langle\mathrm{KL}\rangle - R)

    at each training step: dual ascent on the distortion subject to a rate, so that a model
    has the best reconstruction at R nats instead of some rate at a given beta. On linear
    normal data it lies on Shannon's curve. Rezende and Viola, arXiv:1810.00597, with the
    rate constrained instead of the distortion.

    The total of an epoch is at that epoch's beta, so totals do not compare: let training be
    judged by ``monitor="reconstruction"``, or stop by epochs alone.

    Parameters
    ----------
    nats : float
        R, the mean KL per row.
    rate : float
        eta, per step and nat; an excess beyond one nat counts as one.
    beta : float
        The multiplier at the start. It is saved with the model, as ``exp(log_beta)``.

    Raises
    ------
    SpecError
        If a number is not positive, or the latent has no normal posterior.

    Examples
    --------
    >>> round(RateTarget(4.0, beta=2.0).weight_at(0), 6)
    2.0
    """

    name = "kl"
    log_beta: Tensor

    def __init__(self, nats: float, *, rate: float = 0.01, beta: float = 1.0) -> None:
        super().__init__(beta)
        if not (0 < nats < math.inf and 0 < rate < math.inf and beta > 0):
            raise SpecError(
                f"nats {nats}, rate {rate}, beta {beta}",
                where="RateTarget",
                expected="positive numbers",
            )
        self.nats, self.rate, self.beta = nats, rate, beta
        self.register_buffer("log_beta", torch.tensor(math.log(beta)))

    def weight_at(self, step: float) -> float:  # noqa: ARG002 - it goes by the rate, not by time
        """Beta as it is now."""
        return math.exp(self.log_beta.item())

    def forward(self, one: Pass) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each row."""
        each = kl_to_standard_normal(one.code).sum(-1)
        if self.training:
            with torch.no_grad():
                excess = (average(each, one.features) - self.nats).clamp(-1, 1)
                self.log_beta.add_(self.rate * excess).clamp_(-MOST, MOST)
        return each
