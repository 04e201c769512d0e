"""The ring kind: the code lives on circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import Ring

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["ring"]


def ring(schema: Schema, *, latent: int = 1, **body: Unpack[Body]) -> Autoencoder:
    """`latent` angles, each on a circle of its own: for rows that return to where they began.

    A start may wind round the rows in a way that training cannot undo: train a few, and keep
    the one with the best validation loss.
    """
    return composed(schema, Ring(latent), **body)
