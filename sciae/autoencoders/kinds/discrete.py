"""Discrete kinds: the code is one of a codebook, on a grid, a count, or a few of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import FiniteScalar, Poisson, TopK, VectorQuantised
from sciae.autoencoders.penalties import PoissonRate

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["finite_scalar", "poisson", "quantised", "top_k"]


def quantised(
    schema: Schema, *, latent: int = 8, codes: int = 64, groups: int = 1, **body: Unpack[Body]
) -> Autoencoder:
    """The code is the nearest of `codes` vectors, in each of `groups` parts: a VQ-VAE.

    The commitment in its loss changes with the scale of the code; to judge epochs by,
    ``Training(monitor="reconstruction")`` is better.
    """
    return composed(schema, VectorQuantised(latent, codes, groups=groups), **body)


def finite_scalar(
    schema: Schema, *, latent: int = 8, levels: int = 5, **body: Unpack[Body]
) -> Autoencoder:
    """Each number of the code has one of `levels` values; nothing to learn, none can die."""
    return composed(schema, FiniteScalar([levels] * latent), **body)


def top_k(schema: Schema, *, latent: int = 64, k: int = 2, **body: Unpack[Body]) -> Autoencoder:
    """A dictionary of `latent` features of which each row uses `k` at most.

    Encoder and decoder are linear unless `hidden` says otherwise: behind more layers most
    features die. Sets need hidden layers.
    """
    return composed(schema, TopK(latent, k), **(Body(hidden=()) | body))


def poisson(
    schema: Schema, *, latent: int = 8, beta: float = 1.0, warm_up: int = 0, **body: Unpack[Body]
) -> Autoencoder:
    """A Poisson posterior over whole numbers; beta = 1 makes the loss the negative ELBO."""
    penalties = (PoissonRate(beta, warm_up=warm_up),)
    return composed(schema, Poisson(latent), penalties=penalties, **body)
