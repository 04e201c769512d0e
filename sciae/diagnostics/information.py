"""Information: what a rate pays for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.latents import Code
from sciae.autoencoders.model import evaluating
from sciae.autoencoders.penalties.total_correlation import decompose
from sciae.diagnostics.columns import shares
from sciae.errors import DataError, SpecError
from sciae.rng import Seed, torch_generator

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

__all__ = ["Information", "information"]

NEAR = 1.0  # nats below the largest measurable value


@dataclass(frozen=True)
class Information:
    """The mean rate and its three parts, in nats per row, from one set of draws.

    Attributes
    ----------
    rate : float
        Mean of ln q(z|x) - ln p(z); the parts add up to it.
    mutual : float
        Between row and code.
    total_correlation : float
        Between the latents, under the aggregate posterior.
    dimension_wise : float
        Of each latent's aggregate posterior from the prior, summed.
    error : float
        Standard error of `mutual`, from rows and draws.
    most : float
        The entropy of the rows' weights, ln N if they are equal: `mutual` cannot be larger.
    """

    rate: float
    mutual: float
    total_correlation: float
    dimension_wise: float
    error: float
    most: float

    @property
    def verdict(self) -> str:
        """The mutual information, and whether there were rows enough to see it."""
        text = f"{self.mutual:.3f} ± {self.error:.2g} of {self.rate:.3f} nats tell rows apart"
        if self.mutual < self.most - NEAR:
            return text
        return f"{text}; so few rows cannot show more than {self.most:.3f}: take more"


@torch.no_grad()
def information(model: Autoencoder, features: Features, *, rng: Seed = None) -> Information:
    r"""The rate as mutual information, total correlation and dimension-wise divergence.

    .. math:: \langle \mathrm{KL}(q(z|x) \| p) \rangle = I(x; z)
        + \mathrm{KL}\Big(q(z) \Big\| \prod_j q(z_j)\Big) + \sum_j \mathrm{KL}(q(z_j) \| p)

    Hoffman and Johnson (2016); Chen et al., arXiv:1802.04942. The aggregate posterior
    :math:`q(z) = \sum_n w_n q(z|x_n)` is taken over the rows given, each of which is in it:
    the result is exact for a world of just these rows, up to the noise of one draw per row.
    For the world they are from, `mutual` is biased: it cannot exceed ln N, and comes out low
    where the truth is near that; in a minibatch, as in training, N is its size. Memory
    grows with the square of the rows: a few thousand are enough.

    Parameters
    ----------
    model : Autoencoder
    features : Features
    rng : int, SeedSequence, Generator or None

    Raises
    ------
    SpecError
        If the latent has no normal posterior.
    DataError
        If a weight is negative.
    """
    share = shares(features)
    if bool((share < 0).any()):
        raise DataError("negative weights", where="information", expected="weights >= 0")
    noise = torch_generator(rng, device=str(model.device))
    with evaluating(model):
        code = model.encode(features, noise)
    if code.log_sigma is None:
        raise SpecError("no posterior", where="information", expected="a Gaussian latent")
    exact = Code(code.z.double(), code.mean.double(), code.log_sigma.double())
    parts = torch.stack(decompose(exact, weight=share), 1)  # (row, part)
    mutual, correlation, dimension_wise = (share @ parts).tolist()
    spread = share.square() @ (parts[:, 0] - mutual).square()
    return Information(
        rate=mutual + correlation + dimension_wise,
        mutual=mutual,
        total_correlation=correlation,
        dimension_wise=dimension_wise,
        error=spread.sqrt().item(),
        most=torch.special.entr(share).sum().item(),
    )
