"""Penalties: what a loss adds to the likelihood, per row, in nats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from torch import Tensor, nn

from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.latents import Code

__all__ = ["KL", "Penalty", "kl_to_standard_normal"]


class Penalty(Protocol):
    """What a penalty offers: a name, a weight for the step, and nats per row."""

    name: str
    settings: dict[str, object]

    def weight_at(self, step: float) -> float:
        """The factor lambda of this training step."""

    def __call__(self, code: Code) -> Tensor:
        """The penalty of each row, in nats, before its weight; shape (row,)."""


class KL(nn.Module):
    r"""The rate: nats that a row's posterior costs beyond the prior, times beta.

    .. math:: \mathrm{KL} = \sum_j \tfrac12 (\mu_j^2 + \sigma_j^2 - 1) - \ln \sigma_j

    Parameters
    ----------
    beta : float
        1 makes the loss the negative ELBO.
    warm_up : int
        Steps over which beta rises linearly from 0; it changes the path of training only.

    Raises
    ------
    SpecError
        If beta or warm_up is negative.
    """

    name = "kl"

    def __init__(self, beta: float = 1.0, *, warm_up: int = 0) -> None:
        super().__init__()
        if not (beta >= 0 and warm_up >= 0 and math.isfinite(beta)):
            raise SpecError(f"beta {beta}, warm_up {warm_up}", where="KL", expected="both >= 0")
        self.settings: dict[str, object] = {"beta": beta, "warm_up": warm_up}
        self.beta, self.warm_up = beta, warm_up

    def weight_at(self, step: float) -> float:
        """Beta after `step` steps of warm-up."""
        return self.beta * min(1.0, step / self.warm_up) if self.warm_up else self.beta

    def forward(self, code: Code) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each row."""
        return kl_to_standard_normal(code).sum(-1)


def kl_to_standard_normal(code: Code) -> Tensor:
    """KL(q || N(0, 1)) of each latent, shape (row, latent), in nats.

    Raises
    ------
    SpecError
        If the latent has no posterior.
    """
    if code.log_sigma is None:
        raise SpecError("a KL needs a posterior", where="KL", expected="a Gaussian latent")
    return 0.5 * (code.mean.square() + (2 * code.log_sigma).exp() - 1) - code.log_sigma
