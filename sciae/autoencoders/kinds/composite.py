"""Composite kinds: a likelihood for each kind of field, around a distribution over codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.kinds.composition import Body, composed
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.penalties import KL

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["composite"]

TYPED = {"count": {"head": "NegativeBinomial"}}


def composite(
    schema: Schema, *, latent: int = 8, beta: float = 1.0, warm_up: int = 0, **body: Unpack[Body]
) -> Autoencoder:
    """Variational, for tables of many kinds of fields.

    Counts may vary more than Poisson's, the elements of sets have no order, and `likelihoods`
    says which other heads fields get.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema((Field(name="x", kind="continuous"), Field(name="n", kind="count")))
    >>> model = composite(schema, likelihoods={"x": {"head": "StudentT"}})
    >>> [type(head).__name__ for head in model.heads.heads]
    ['StudentT', 'NegativeBinomial']
    """
    body.setdefault("matching", "hungarian")
    body["likelihoods"] = {**TYPED, **body.get("likelihoods", {})}
    return composed(schema, Gaussian(latent), penalties=(KL(beta, warm_up=warm_up),), **body)
