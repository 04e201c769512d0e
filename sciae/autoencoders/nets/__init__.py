"""Nets: encoders turn features into a hidden vector, decoders a code into parameters."""

from __future__ import annotations

from sciae.autoencoders.nets.dense import Dense, DenseDecoder, DenseEncoder
from sciae.autoencoders.nets.elements import ElementEncoder
from sciae.autoencoders.nets.images import ImageDecoder, ImageEncoder
from sciae.autoencoders.nets.sequences import SequenceDecoder, SequenceEncoder
from sciae.autoencoders.nets.sets import SetDecoder, SetEncoder
from sciae.autoencoders.nets.tied import TiedDecoder

__all__ = [
    "Dense", "DenseDecoder", "DenseEncoder", "ElementEncoder", "ImageDecoder", "ImageEncoder",
    "SequenceDecoder", "SequenceEncoder", "SetDecoder", "SetEncoder", "TiedDecoder",
]  # fmt: skip
