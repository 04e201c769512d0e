"""Deterministic kinds: a bottleneck, alone or with what it is shown made worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.corruptions import GaussianNoise
from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import Point

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["denoising", "linear", "plain"]


def plain(schema: Schema, *, latent: int = 8, **body: Unpack[Body]) -> Autoencoder:
    """A bottleneck of `latent` numbers and nothing else."""
    return composed(schema, Point(latent), **body)


def linear(schema: Schema, *, latent: int = 8, sigma: float | str = "shared") -> Autoencoder:
    """One matrix in, one out: at its optimum the principal subspace."""
    return composed(schema, Point(latent), hidden=(), sigma=sigma)


def denoising(
    schema: Schema, *, latent: int = 8, noise: float = 0.3, **body: Unpack[Body]
) -> Autoencoder:
    """Clean rows from noisy ones; `noise` in standard deviations of each column."""
    return composed(schema, Point(latent), corruption=GaussianNoise(noise), **body)
