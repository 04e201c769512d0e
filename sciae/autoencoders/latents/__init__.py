"""Latents: what happens to the encoder's output before the decoder sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.gaussian import Gaussian
from sciae.autoencoders.latents.point import Point

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Code", "Gaussian", "Latent", "Point"]


class Latent(Protocol):
    """What a latent offers."""

    dim: int
    width: int
    settings: dict[str, object]

    def __call__(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        """The code of each row from the encoder's output of shape (row, width).

        With a generator the code may be random; without, it is its mean.
        """
