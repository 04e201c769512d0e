"""PoissonRate: nats that a row's counts cost beyond the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sciae.autoencoders.penalties.penalty import Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.latents import Code, Latent, Poisson
    from sciae.autoencoders.model import Pass

__all__ = ["PoissonRate", "kl_to_poisson_prior"]


class PoissonRate(Penalty):
    r"""The rate of a Poisson latent, times beta; see `kl_to_poisson_prior`.

    Vafaii et al., arXiv:2405.14473.

    Parameters
    ----------
    beta : float
        1 makes the loss the negative ELBO.
    warm_up, period : int
        See `Penalty`.

    Examples
    --------
    >>> PoissonRate(2.0, warm_up=10).weight_at(5)
    1.0
    """

    name = "kl"

    def __init__(self, beta: float = 1.0, *, warm_up: int = 0, period: int = 0) -> None:
        super().__init__(beta, warm_up=warm_up, period=period)
        self.beta = beta

    def forward(self, one: Pass) -> Tensor:
        """KL(Pois(r) || Pois(r0)) of each row."""
        return kl_to_poisson_prior(one.code, one.model.latent).sum(-1)


def kl_to_poisson_prior(code: Code, latent: Latent) -> Tensor:
    r"""KL of the posterior from the prior of each latent, shape (row, latent), in nats.

    .. math:: \mathrm{KL} = r \ln\frac{r}{r_0} - r + r_0

    Raises
    ------
    SpecError
        If the latent is not Poisson.

    Examples
    --------
    >>> import torch
    >>> from sciae.autoencoders.latents import Poisson
    >>> latent = Poisson(1)  # of prior rate 1
    >>> code = latent(torch.tensor([[3.0]]).log(), None)
    >>> round(kl_to_poisson_prior(code, latent).item(), 5)
    1.29584
    """
    if code.log_rate is None:
        raise SpecError(
            "a rate of counts needs counts", where="PoissonRate", expected="a Poisson latent"
        )
    log_prior = cast("Poisson", latent).log_prior
    return code.mean * (code.log_rate - log_prior) - code.mean + log_prior.exp()
