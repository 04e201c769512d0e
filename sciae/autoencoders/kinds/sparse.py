"""Sparse and contractive kinds: deterministic codes held down by a penalty, not by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import Point
from sciae.autoencoders.penalties import L1, Contraction, KLSparsity
from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.penalties import Penalty
    from sciae.schema import Schema

__all__ = ["contractive", "sparse"]


def sparse(
    schema: Schema,
    *,
    latent: int = 32,
    penalty: str = "l1",
    weight: float = 0.1,
    rho: float = 0.05,
    **body: Unpack[Body],
) -> Autoencoder:
    """Many latents, few of them at work in a row.

    `penalty` is "l1" (`L1`, in the units of the output, so that scale is no way out) or "kl"
    (`KLSparsity` about a mean activation of `rho`).

    Raises
    ------
    SpecError
        If `penalty` is neither.
    """
    choices: dict[str, Penalty] = {"l1": L1(weight, scaled=True), "kl": KLSparsity(rho, weight)}
    if penalty not in choices:
        raise SpecError(f"penalty {penalty!r}", where="sparse", expected="'l1' or 'kl'")
    return composed(schema, Point(latent), penalties=(choices[penalty],), **body)


def contractive(
    schema: Schema,
    *,
    latent: int = 8,
    weight: float = 0.1,
    probes: int = 0,
    **body: Unpack[Body],
) -> Autoencoder:
    """A code that moves little when its row does, `Contraction`, in the units of the output.

    `probes` estimates the penalty in so many backward passes instead of one per latent.
    """
    penalty = Contraction(weight, probes=probes, scaled=True)
    return composed(schema, Point(latent), penalties=(penalty,), **body)
