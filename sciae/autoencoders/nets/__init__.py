"""Nets: encoders turn features into a hidden vector, decoders a code into parameters."""

from __future__ import annotations

from sciae.autoencoders.nets.dense import Dense, DenseDecoder, DenseEncoder
from sciae.autoencoders.nets.images import ImageDecoder, ImageEncoder
from sciae.autoencoders.nets.sets import SetDecoder, SetEncoder

__all__ = [
    "Dense", "DenseDecoder", "DenseEncoder", "ImageDecoder", "ImageEncoder", "SetDecoder",
    "SetEncoder",
]  # fmt: skip
