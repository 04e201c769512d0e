"""The default detector: one recipe for any background, chosen without looking at a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training
from sciae.rng import Seed, seeded

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["TRAINING", "default_model"]

TRAINING = Training(
    epochs=60, batch=512, learning_rate=2e-3, schedule="cosine", clip=1.0, patience=60
)
LATENTS, IMAGE_LATENTS = 4, 8
RESOLUTION = 0.1  # least width of a column, in standard deviations
IMAGE = 2  # axes


def default_model(
    schema: Schema, *, kind: str = "", latent: int = 0, sigma: str = "", rng: Seed = None
) -> Autoencoder:
    """The model that `sciae fit` trains, by what the schema holds; parts can be chosen.

    Numbers per row get a variational autoencoder with predicted widths: its evidence is a
    density, and a density knows both directions of complexity, which a reconstruction error
    does not. Images, sets and sequences get a plain bottleneck with one learnt width.
    """
    ragged = ("set", "sequence")
    numbers = all(len(field.shape) < IMAGE and field.kind not in ragged for field in schema)
    chosen = kind or ("variational" if numbers else "plain")
    width = sigma or ("predicted" if numbers and chosen != "tied" else "shared")
    size = latent or (LATENTS if numbers else IMAGE_LATENTS)
    with seeded(rng):
        if chosen == "variational":
            return kinds.variational(schema, latent=size, sigma=width, floor=RESOLUTION)
        return kinds.KINDS[chosen](schema, latent=size, sigma=width)
