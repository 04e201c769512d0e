"""Composition: the nets and heads that fit a schema, around a latent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from sciae.autoencoders.heads import Joint
from sciae.autoencoders.heads.normal import FLOOR
from sciae.autoencoders.layout import Layout
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.nets import (
    DenseDecoder,
    DenseEncoder,
    ImageDecoder,
    ImageEncoder,
    SequenceDecoder,
    SequenceEncoder,
    SetDecoder,
    SetEncoder,
)
from sciae.errors import SpecError
from sciae.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from sciae.autoencoders.corruptions import Corruption
    from sciae.autoencoders.latents import Latent
    from sciae.autoencoders.penalties import Penalty

__all__ = ["HIDDEN", "Body", "composed"]

HIDDEN = (128, 64)


class Body(TypedDict, total=False):
    """What every kind can be told about its nets and heads.

    Attributes
    ----------
    hidden : sequence of int
        Layers of the encoder; the decoder mirrors them. Channels if `net` convolves. By
        default (128, 64).
    net : str
        "dense" (the default), or "convolutional" for one square image. A set or sequence
        field chooses a net of its own.
    activation : str
        Between layers; "silu" by default.
    sigma, floor : float or str, float
        Width of continuous fields, "learnt" by default, and the least width in standard
        deviations: the resolution below which a difference says nothing. See
        `sciae.autoencoders.heads.Normal`.
    likelihoods : mapping of str to mapping
        Other heads, by name of field or by kind; see `sciae.autoencoders.heads.Joint`.
    matching : str
        Of a set's elements and the decoder's slots: "ordered" (the default), "hungarian" or
        "chamfer".
    """

    hidden: Sequence[int]
    net: str
    activation: str
    sigma: float | str
    floor: float
    likelihoods: Mapping[str, Mapping[str, Any]]
    matching: str


def composed(
    schema: Schema,
    latent: Latent,
    *,
    penalties: Sequence[Penalty] = (),
    corruption: Corruption | None = None,
    encoder: nn.Module | None = None,
    decoder: nn.Module | None = None,
    lag: int = 0,
    **body: Unpack[Body],
) -> Autoencoder:
    """An autoencoder with this latent, and nets that fit the schema unless they are given.

    Raises
    ------
    SpecError
        If there is no such setting, or no net for these fields.
    """
    if unknown := sorted(set(body) - set(Body.__annotations__)):
        expected = f"those of its kind, or {', '.join(Body.__annotations__)}"
        raise SpecError(f"no settings {', '.join(unknown)}", where="kinds", expected=expected)
    heads = Joint(
        schema,
        sigma=body.get("sigma", "learnt"),
        floor=body.get("floor", FLOOR),
        likelihoods=body.get("likelihoods"),
        matching=body.get("matching", "ordered"),
    )
    if encoder is None or decoder is None:
        fitting = _nets(schema, latent, heads, body)
        encoder, decoder = encoder or fitting[0], decoder or fitting[1]
    return Autoencoder(
        schema,
        encoder=encoder,
        latent=latent,
        decoder=decoder,
        heads=heads,
        penalties=penalties,
        corruption=corruption,
        lag=lag,
    )


def _nets(schema: Schema, latent: Latent, heads: Joint, body: Body) -> tuple[nn.Module, nn.Module]:
    """The encoder and decoder that fit a schema."""
    layout = Layout.of(schema)
    hidden, net = tuple(body.get("hidden", HIDDEN)), body.get("net", "dense")
    between = body.get("activation", "silu")
    if layout.sets:
        return _set_nets(schema, latent, heads, hidden, between)
    if net == "convolutional":
        return _image_nets(schema, latent, heads, hidden, between)
    if net != "dense":
        raise SpecError(f"net {net!r}", expected="'dense' or 'convolutional'")
    encoder = DenseEncoder(layout.inputs, latent.width, hidden=hidden, activation=between)
    return encoder, DenseDecoder(
        latent.dim, heads.parameters_flat, hidden=hidden[::-1], activation=between
    )


def _image_nets(
    schema: Schema, latent: Latent, heads: Joint, channels: Sequence[int], between: str
) -> tuple[nn.Module, nn.Module]:
    shape = schema.fields[0].shape if len(schema) == 1 else ()
    square = len(shape) == 2 and shape[0] == shape[1]  # noqa: PLR2004 - an image has two axes
    if not square or heads.parameters_flat != schema.fields[0].width:
        raise SpecError(
            f"fields {', '.join(schema.names)}",
            where="a convolutional net",
            expected="one square image with one parameter per pixel",
        )
    encoder = ImageEncoder(shape[0], latent.width, channels=channels, activation=between)
    return encoder, ImageDecoder(latent.dim, shape[0], channels=channels[::-1], activation=between)


def _set_nets(
    schema: Schema, latent: Latent, heads: Joint, hidden: Sequence[int], between: str
) -> tuple[nn.Module, nn.Module]:
    layout = heads.layout
    if len(layout.sets) > 1:
        raise SpecError(
            f"{len(layout.sets)} set fields",
            expected="at most one",
            fix="Compose an Autoencoder with nets of your own for more.",
        )
    field = layout.sets[0]
    assert field.size is not None
    in_order = schema[field.name].kind == "sequence"
    encoder = (SequenceEncoder if in_order else SetEncoder)(
        field.name,
        Layout.of(Schema(field.inner)).inputs,
        latent.width,
        flat=layout.inputs,
        size=field.size,
        hidden=hidden,
        activation=between,
    )
    decoder = (SequenceDecoder if in_order else SetDecoder)(
        field.name,
        latent.dim,
        size=field.size,
        hidden=hidden[::-1],
        activation=between,
        element_parameters=heads.element_parameters(field),
        flat_parameters=heads.parameters_flat,
    )
    return encoder, decoder
