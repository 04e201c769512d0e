"""Variational kinds: the code is a distribution, and its rate is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.penalties import KL

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["variational"]


def variational(
    schema: Schema, *, latent: int = 8, beta: float = 1.0, warm_up: int = 0, **body: Unpack[Body]
) -> Autoencoder:
    """A normal posterior over the code; beta = 1 makes the loss the negative ELBO."""
    return composed(schema, Gaussian(latent), penalties=(KL(beta, warm_up=warm_up),), **body)
