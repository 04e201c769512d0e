"""Deterministic kinds: a bottleneck, alone or with what it is shown made worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.corruptions import GaussianNoise
from sciae.autoencoders.kinds.composition import HIDDEN, Body, composed
from sciae.autoencoders.kinds.flat import flat_layout
from sciae.autoencoders.latents import Point
from sciae.autoencoders.nets import DenseEncoder, TiedDecoder

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["denoising", "linear", "plain", "tied", "time_lagged"]


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


def tied(schema: Schema, *, latent: int = 8, **body: Unpack[Body]) -> Autoencoder:
    """The decoder's matrices are the transposes of the encoder's; for continuous fields.

    Raises
    ------
    SpecError
        If there are fields other than flat ones. `fit` raises it if a field takes more than
        one parameter per input: sigma must not be "predicted".
    """
    inputs = flat_layout(schema, "tied").inputs
    sizes, between = (inputs, *body.get("hidden", HIDDEN), latent), body.get("activation", "silu")
    encoder = DenseEncoder(inputs, latent, hidden=sizes[1:-1], activation=between)
    decoder = TiedDecoder(sizes[::-1], between=between)
    return composed(schema, Point(latent), encoder=encoder, decoder=decoder, **body)


def time_lagged(
    schema: Schema, *, latent: int = 1, lag: int = 1, **body: Unpack[Body]
) -> Autoencoder:
    """The target of a frame is the frame `lag` rows later in its trajectory.

    What is slow can be foretold and what is fast cannot: Wehmeyer and Noé, J. Chem. Phys.
    148 (2018) 241703.
    """
    return composed(schema, Point(latent), lag=lag, **body)
