"""MixturePrior: codes in clusters, each a normal distribution with a covariance of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from sciae.autoencoders.prior.prior import Prior, location_and_scale
from sciae.errors import DataError
from sciae.rng import Seed, generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["COMPONENTS", "MixturePrior"]

COMPONENTS = (1, 2, 3, 4, 6, 8, 12, 16)


class MixturePrior(Prior):
    r"""A mixture of `components` normal distributions.

    .. math:: p(z) = \sum_k w_k\, N(z;\, \mu_k,\, F_k F_k^\top)

    Parameters
    ----------
    dim, components : int

    Examples
    --------
    >>> prior = MixturePrior(2, 3)  # standard normals, until it is fitted
    >>> round(prior.log_prob(torch.zeros(1, 2)).item(), 4)  # -ln 2 pi
    -1.8379
    >>> prior.sample(5, torch.Generator()).shape
    torch.Size([5, 2])
    """

    log_weight: Tensor
    mean: Tensor
    factor: Tensor

    def __init__(self, dim: int, components: int) -> None:
        super().__init__()
        self.dim, self.components = dim, components
        uniform = torch.full((components,), -math.log(components))
        self.register_buffer("log_weight", uniform)
        self.register_buffer("mean", torch.zeros(components, dim))
        self.register_buffer("factor", torch.eye(dim).repeat(components, 1, 1))  # lower triangle

    @classmethod
    def fitted(
        cls, codes: Tensor, *, components: Sequence[int] = COMPONENTS, rng: Seed = None
    ) -> Self:
        """The mixture of the number of components with the least BIC.

        Parameters
        ----------
        codes : Tensor, shape (row, dim)
        components : sequence of int
            To choose from; those with fewer than two rows each are left out.
        rng : int, SeedSequence, Generator or None
            Where the fits start.

        Raises
        ------
        DataError
            If there are too few codes, or one is not finite.
        """
        codes = codes.detach()
        location, scale = (one.double().cpu() for one in location_and_scale(codes))
        x = ((codes.double().cpu() - location) / scale).numpy()  # as the least variance is fixed
        rng = generator(rng)
        fits = [_fit(x, k, int(rng.integers(2**31))) for k in components if 2 * k <= len(x)]
        if not fits:
            raise DataError(f"{len(x)} codes", where="MixturePrior", expected="two per component")
        best = min(fits, key=lambda fit: float(fit.bic(x)))
        prior = cls(codes.shape[1], len(best.weights_))
        prior.log_weight = torch.from_numpy(best.weights_).log()
        prior.mean = location + scale * torch.from_numpy(best.means_)
        covariance = torch.from_numpy(best.covariances_)
        prior.factor = scale[:, None] * torch.linalg.cholesky(covariance)
        return prior.to(codes)

    def log_prob(self, z: Tensor) -> Tensor:
        """The ln p(z) of each code."""
        away = z.t() - self.mean[..., None]  # (component, dim, row)
        unit = torch.linalg.solve_triangular(self.factor, away, upper=False)
        volume = self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        normal = -0.5 * (unit.square().sum(1) + self.dim * math.log(2 * math.pi))
        each: Tensor = normal + (self.log_weight - volume)[:, None]
        return each.logsumexp(0)

    def sample(self, rows: int, rng: torch.Generator) -> Tensor:
        """Codes drawn from it."""
        at = self.log_weight.exp().multinomial(rows, replacement=True, generator=rng)
        mean = self.mean[at]
        noise = torch.randn(mean.shape, generator=rng, dtype=mean.dtype, device=mean.device)
        return mean + (self.factor[at] @ noise[..., None]).squeeze(-1)


def _fit(x: NDArray[Any], components: int, seed: int) -> Any:
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(components, max_iter=500, random_state=seed).fit(x)
