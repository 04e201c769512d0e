"""Kinds of autoencoders: each a composition of parts, none a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.kinds.deterministic import denoising, linear, plain
from sciae.autoencoders.kinds.variational import variational

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

__all__ = ["KINDS", "Body", "composed", "denoising", "linear", "plain", "variational"]

KINDS: dict[str, Callable[..., Autoencoder]] = {
    "plain": plain,
    "linear": linear,
    "denoising": denoising,
    "variational": variational,
}
