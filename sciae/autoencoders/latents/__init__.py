"""Latents: what happens to the encoder's output before the decoder sees it."""

from __future__ import annotations

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.gaussian import Gaussian
from sciae.autoencoders.latents.latent import Latent
from sciae.autoencoders.latents.point import Point

__all__ = ["Code", "Gaussian", "Latent", "Point"]
