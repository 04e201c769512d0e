"""Sparse and contractive kinds: deterministic codes held down by a penalty, not by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.kinds.flat import flat_layout
from sciae.autoencoders.latents import Point
from sciae.autoencoders.nets import DenseDecoder
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
    """A dictionary of `latent` features, few of them at work in a row; for flat fields.

    The decoder is linear, its columns the dictionary. `penalty` is "l1" (`L1`, in the units of
    the output, so that scale is no way out) or "kl" (`KLSparsity` about a mean activation of
    `rho`). Most codes become small; with `top_k` they are zero.

    Raises
    ------
    SpecError
        If `penalty` is neither, or a field is not flat.
    """
    choices: dict[str, Penalty] = {"l1": L1(weight, scaled=True), "kl": KLSparsity(rho, weight)}
    if penalty not in choices:
        raise SpecError(f"penalty {penalty!r}", where="sparse", expected="'l1' or 'kl'")
    flat_layout(schema, "sparse")
    model = composed(schema, Point(latent), penalties=(choices[penalty],), **body)
    model.decoder = DenseDecoder(latent, model.heads.parameters_flat, hidden=())
    return model


def contractive(
    schema: Schema, *, latent: int = 8, weight: float = 0.1, probes: int = 1, **body: Unpack[Body]
) -> Autoencoder:
    """A reconstruction that moves little when its row does: `Contraction` of the output.

    The slopes of the code alone, as in the first contractive autoencoders, are cheated by a
    small code and a large decoder: for those, add ``Contraction(of="code")`` to `tied`.
    """
    penalty = Contraction(weight, of="output", probes=probes)
    return composed(schema, Point(latent), penalties=(penalty,), **body)
