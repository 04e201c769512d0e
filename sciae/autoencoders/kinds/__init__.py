"""Kinds of autoencoders: each a composition of parts, none a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.kinds.composite import composite
from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.kinds.deterministic import (
    denoising,
    linear,
    plain,
    tied,
    time_lagged,
)
from sciae.autoencoders.kinds.discrete import finite_scalar, poisson, quantised, top_k
from sciae.autoencoders.kinds.masked import imputing, masked
from sciae.autoencoders.kinds.ring import ring
from sciae.autoencoders.kinds.sparse import contractive, sparse
from sciae.autoencoders.kinds.variational import beta, beta_tc, variational

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

__all__ = [
    "KINDS", "Body", "beta", "beta_tc", "composed", "composite", "contractive", "denoising",
    "finite_scalar", "imputing", "linear", "masked", "plain", "poisson", "quantised", "ring",
    "sparse", "tied", "time_lagged", "top_k", "variational",
]  # fmt: skip

KINDS: dict[str, Callable[..., Autoencoder]] = {
    "plain": plain,
    "linear": linear,
    "denoising": denoising,
    "tied": tied,
    "masked": masked,
    "imputing": imputing,
    "time-lagged": time_lagged,
    "sparse": sparse,
    "contractive": contractive,
    "variational": variational,
    "beta": beta,
    "beta-tc": beta_tc,
    "vq": quantised,
    "finite-scalar": finite_scalar,
    "top-k": top_k,
    "poisson": poisson,
    "ring": ring,
    "composite": composite,
}
