"""Evidence: ln p(x) by importance sampling, with its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.model import evaluating
from sciae.diagnostics.columns import shares
from sciae.errors import SpecError
from sciae.rng import Seed, torch_generator

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

__all__ = ["Evidence", "evidence"]

FEW, MANY_ROWS = 10.0, 0.01  # effective draws, and the share of rows that may have fewer


@dataclass(frozen=True)
class Evidence:
    """The evidence of each row, in nats, and how far it can be trusted.

    Attributes
    ----------
    nats : Tensor, shape (row,)
        Estimates of ln p(x); on average too low by half their squared error.
    error : Tensor, shape (row,)
        Standard error of each, from the draws.
    effective : Tensor, shape (row,)
        Number of draws that count, (sum w)^2 / sum w^2.
    share : Tensor, shape (row,)
        Weights of the rows.
    """

    nats: Tensor
    error: Tensor
    effective: Tensor
    share: Tensor

    @property
    def mean(self) -> float:
        """Over the rows."""
        return (self.share @ self.nats).item()

    @property
    def mean_error(self) -> float:
        """Standard error of the mean of just these rows, from the draws."""
        return (self.share * self.error).square().sum().sqrt().item()

    @property
    def verdict(self) -> str:
        """The mean with its error, and whether the draws were enough."""
        text = f"evidence {self.mean:.4f} ± {self.mean_error:.2g} nats per row"
        few = (self.effective < FEW).double().mean().item()
        if few <= MANY_ROWS:
            return text
        return (
            f"{text}, not to be believed: {100 * few:.0f} % of the rows rest on fewer than "
            f"{FEW:.0f} effective draws; take more, or train the encoder further"
        )


@torch.no_grad()
def evidence(
    model: Autoencoder, features: Features, *, draws: int = 256, rng: Seed = None
) -> Evidence:
    r"""The evidence of each row from independent draws of its posterior.

    .. math:: \ln \hat p = \ln \frac1K \sum_k w_k, \qquad w_k = \frac{p(x|z_k)\, p(z_k)}{q(z_k|x)}

    with the delta method's error, the relative error of the mean weight. `score` uses one
    fixed set of points instead, which is more exact but cannot tell how exact.

    Parameters
    ----------
    model : Autoencoder
    features : Features
    draws : int
        K.
    rng : int, SeedSequence, Generator or None

    Raises
    ------
    SpecError
        If the latent has no normal posterior, or there are fewer than two draws.
    """
    if draws < 2:  # noqa: PLR2004 - for an error
        raise SpecError(f"draws {draws}", where="evidence", expected="2 or more")
    noise = torch_generator(rng, device=str(model.device))
    with evaluating(model):
        code = model.encode(features)
        if code.log_sigma is None:
            raise SpecError("no posterior", where="evidence", expected="a Gaussian latent")
        each = []
        for _ in range(draws):
            epsilon = torch.randn(
                code.mean.shape, generator=noise, dtype=code.mean.dtype, device=code.mean.device
            )
            z = code.mean + code.log_sigma.exp() * epsilon
            nll = model.heads.nll(model.decoder(z), features).total()
            gain = (0.5 * (z.square() - epsilon.square()) - code.log_sigma).sum(1)  # ln q/p
            each.append((-nll - gain).double())
    log_w = torch.stack(each)  # (draw, row)
    square = log_w.softmax(0).square().sum(0)  # 1 / effective draws
    variance = ((draws * square - 1) / (draws - 1)).clamp_min(0)
    nats = log_w.logsumexp(0) - math.log(draws)
    return Evidence(nats, variance.sqrt(), 1 / square, shares(features))
