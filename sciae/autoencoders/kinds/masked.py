"""Masked kinds: parts of a row are hidden, and told from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from sciae.autoencoders.corruptions import ElementMasking, Masking
from sciae.autoencoders.kinds.composition import HIDDEN, Body, composed
from sciae.autoencoders.kinds.flat import flat_layout
from sciae.autoencoders.latents import Point
from sciae.autoencoders.layout import Layout
from sciae.autoencoders.nets import DenseEncoder, ElementEncoder
from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Schema

__all__ = ["imputing", "masked"]


def masked(
    schema: Schema, *, latent: int = 8, ratio: float = 0.75, **body: Unpack[Body]
) -> Autoencoder:
    """Asymmetric: the encoder computes visible elements only, the loss is on the hidden ones.

    Elements are the columns of a flat schema, or the elements of its set. What it learns is to
    tell many from few: shown more than in training, it knows no better. To fill gaps, take
    `imputing`.

    Raises
    ------
    SpecError
        If there is a sequence: what is left of one would lose its places.
    """
    layout, hidden = Layout.of(schema), body.get("hidden", HIDDEN)
    for field in schema:
        if field.kind == "sequence":
            expected = "flat fields or a set"
            raise SpecError(f"{field.name}: a sequence", where="kind 'masked'", expected=expected)
    encoder = None
    if not layout.sets:
        columns = layout.column().bincount().tolist()
        between = body.get("activation", "silu")
        encoder = ElementEncoder(columns, latent, hidden=hidden, activation=between)
    corruption = ElementMasking(ratio)
    return composed(schema, Point(latent), corruption=corruption, encoder=encoder, **body)


def imputing(
    schema: Schema, *, latent: int = 8, ratio: float = 0.3, **body: Unpack[Body]
) -> Autoencoder:
    """For tables with gaps: the input says what is observed, the loss is on observed entries.

    In training, a share `ratio` of the observed entries is hidden beside the gaps. For flat
    fields.
    """
    layout, hidden = flat_layout(schema, "imputing"), body.get("hidden", HIDDEN)
    encoder = DenseEncoder(
        layout.inputs,
        latent,
        hidden=hidden,
        activation=body.get("activation", "silu"),
        columns=layout.targets,
    )
    return composed(schema, Point(latent), corruption=Masking(ratio), encoder=encoder, **body)
