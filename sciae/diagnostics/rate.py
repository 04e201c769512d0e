"""Rate: nats that a code tells of a row, and how many a Gaussian world would pay for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from sciae.autoencoders.model import evaluating
from sciae.autoencoders.penalties import kl_to_standard_normal
from sciae.autoencoders.penalties.poisson_rate import kl_to_poisson_prior
from sciae.diagnostics.columns import Columns, shares
from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.penalties import Penalty

__all__ = ["LIVE", "Rate", "directions", "rate", "shannon_rate", "water_filling"]

LIVE = 0.01  # nats below which a latent tells nothing


@dataclass(frozen=True)
class Rate:
    """What each latent tells of a row.

    Attributes
    ----------
    nats : tuple of float
        Mean KL(q(z_j|x) || p(z_j)) of each latent.
    expected : int or None
        How many should live by water-filling; None where no such rule is known.
    """

    nats: tuple[float, ...]
    expected: int | None

    @property
    def total(self) -> float:
        """Nats per row."""
        return sum(self.nats)

    @property
    def live(self) -> int:
        """Latents with at least 0.01 nats."""
        return sum(nats >= LIVE for nats in self.nats)

    @property
    def verdict(self) -> str:
        """How many live, and how many should."""
        known = "" if self.expected is None else f"; water-filling expects {self.expected}"
        return f"{self.live} of {len(self.nats)} latents live, {self.total:.3g} nats{known}"


@torch.no_grad()
def rate(model: Autoencoder, features: Features) -> Rate:
    """The rate of each latent, weighted over the rows, and the number that should live.

    Raises
    ------
    SpecError
        If the latent has neither a normal nor a Poisson posterior.
    """
    with evaluating(model):
        code = model.encode(features)
        counts = code.log_rate is not None
        kl = kl_to_poisson_prior(code, model.latent) if counts else kl_to_standard_normal(code)
    try:
        variances, level = directions(model, features)
    except (SpecError, DataError):
        expected = None  # not a world to which the rule applies
    else:
        expected = None if counts else min(int((variances > level).sum()), model.latent.dim)
    return Rate(tuple((shares(features) @ kl.double()).tolist()), expected)


def directions(model: Autoencoder, features: Features) -> tuple[Tensor, float]:
    r"""Principal variances in units of the noise, largest first, and the level they must pass.

    For a loss :math:`a\,|x - \hat x|^2 + b\,\mathrm{KL}` on Gaussian rows, just the principal
    directions of variance

    .. math:: \lambda > \theta = \frac{b}{2a} = \beta \sigma^2

    are worth their rate (Shannon's reverse water-filling; Lucas et al., arXiv:1911.02469).
    Each column is divided by the width of its normal head, so that the level is beta.

    Raises
    ------
    SpecError
        If there is no KL penalty, not every field is continuous, or a width is predicted.
    """
    penalties = cast("Iterable[Penalty]", model.penalties)
    beta = [p.weight_at(math.inf) for p in penalties if p.name == "kl"]
    columns = Columns.of(model, features)
    sigma = columns.sigma[0]
    whole = columns.x.shape[1] == features.targets.shape[1] and not features.sets
    if not (beta and whole and bool((columns.sigma == sigma).all())):
        raise SpecError(
            "water-filling has no rule",
            where="directions",
            expected="a KL, and continuous fields whose widths are not predicted",
        )
    values = torch.linalg.eigvalsh(columns.covariance / sigma / sigma[:, None])
    return values.flip(0), beta[0]


def water_filling(variances: Tensor, level: float) -> tuple[float, float]:
    r"""Least rate in nats, and squared error, of Gaussian directions at a water level.

    .. math:: R = \sum_i \tfrac12 \left( \ln \frac{\lambda_i}{\theta} \right)_+, \qquad
              D = \sum_i \min(\theta, \lambda_i)

    Cover and Thomas, Elements of Information Theory (2006), theorem 10.3.3.

    Examples
    --------
    >>> water_filling(torch.tensor([4.0, 0.5]), 1.0)  # ln 2, and 1 + 0.5
    (0.6931471824645996, 1.5)
    """
    nats = 0.5 * (variances.clamp_min(0) / level).log().clamp_min(0)
    return nats.sum().item(), variances.clamp_max(level).sum().item()


def shannon_rate(variances: Tensor, square: float) -> float:
    r"""Least rate, in nats, at which Gaussian rows can be told with this squared error.

    The water level solves :math:`\sum_i \min(\theta, \lambda_i) = D`, and so is the largest of
    :math:`(D - \sum_{i>k} \lambda_i) / k`. Rows of the same covariance that are not Gaussian
    need no more.

    Examples
    --------
    >>> round(shannon_rate(torch.tensor([4.0, 0.5]), 1.5), 6)
    0.693147
    """
    if square <= 0:
        return math.inf
    largest = variances.clamp_min(0).sort(descending=True).values
    k = torch.arange(1, len(largest) + 1).to(largest)
    level = ((square - largest.sum() + largest.cumsum(0)) / k).max().item()
    return water_filling(largest, level)[0]
