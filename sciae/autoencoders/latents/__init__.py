"""Latents: what happens to the encoder's output before the decoder sees it."""

from __future__ import annotations

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.finite_scalar import FiniteScalar
from sciae.autoencoders.latents.gaussian import Gaussian
from sciae.autoencoders.latents.latent import Latent
from sciae.autoencoders.latents.point import Point
from sciae.autoencoders.latents.poisson import Poisson
from sciae.autoencoders.latents.quantised import VectorQuantised
from sciae.autoencoders.latents.ring import Ring
from sciae.autoencoders.latents.top_k import TopK

__all__ = [
    "Code", "FiniteScalar", "Gaussian", "Latent", "Point", "Poisson", "Ring", "TopK",
    "VectorQuantised",
]  # fmt: skip
