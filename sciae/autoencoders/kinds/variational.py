"""Variational kinds: the code is a distribution, and its rate is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.penalties import KL, RateTarget, TotalCorrelation

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["beta", "beta_tc", "variational"]


def variational(
    schema: Schema,
    *,
    latent: int = 8,
    beta: float = 1.0,
    warm_up: int = 0,
    period: int = 0,
    free_bits: float = 0.0,
    **body: Unpack[Body],
) -> Autoencoder:
    """A normal posterior over the code; beta = 1 makes the loss the negative ELBO.

    `warm_up`, `period` and `free_bits` are those of `KL`.
    """
    rate = KL(beta, warm_up=warm_up, period=period, free_bits=free_bits)
    return composed(schema, Gaussian(latent), penalties=(rate,), **body)


def beta(
    schema: Schema,
    *,
    latent: int = 8,
    beta: float = 4.0,
    nats: float | None = None,
    **body: Unpack[Body],
) -> Autoencoder:
    """Reconstruction traded for rate at `beta` nats of it per nat; Higgins et al., ICLR 2017.

    With `nats`, beta is only where training starts: it moves until the mean rate is so many
    nats per row, see `RateTarget`.
    """
    rate = KL(beta) if nats is None else RateTarget(nats, beta=beta)
    return composed(schema, Gaussian(latent), penalties=(rate,), **body)


def beta_tc(
    schema: Schema, *, latent: int = 8, beta: float = 4.0, rows: int = 0, **body: Unpack[Body]
) -> Autoencoder:
    """The ELBO, and beta - 1 times what the latents share; Chen et al., arXiv:1802.04942.

    `rows` is the length of the training table, see `TotalCorrelation`.
    """
    penalties = (KL(), TotalCorrelation(beta - 1, rows=rows))
    return composed(schema, Gaussian(latent), penalties=penalties, **body)
