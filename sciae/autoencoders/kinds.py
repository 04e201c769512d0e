"""Kinds of autoencoders: each a composition of parts, none a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.corruptions import Corruption, GaussianNoise
from sciae.autoencoders.heads import Joint
from sciae.autoencoders.heads.normal import FLOOR
from sciae.autoencoders.latents import Gaussian, Latent, Point
from sciae.autoencoders.layout import Layout
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.nets import (
    DenseDecoder,
    DenseEncoder,
    ImageDecoder,
    ImageEncoder,
    SetDecoder,
    SetEncoder,
)
from sciae.autoencoders.penalties import KL, Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from sciae.schema import Schema

__all__ = ["KINDS", "denoising", "linear", "plain", "variational"]

HIDDEN = (128, 64)


def plain(
    schema: Schema,
    *,
    latent: int = 8,
    hidden: Sequence[int] = HIDDEN,
    sigma: float | str = "learnt",
    net: str = "dense",
) -> Autoencoder:
    """A bottleneck and nothing else.

    Parameters
    ----------
    schema : Schema
    latent : int
        Numbers in the code.
    hidden : sequence of int
        Layers of the encoder; the decoder mirrors them. Channels if `net` convolves.
    sigma : float or str
        Of continuous fields; see `sciae.autoencoders.heads.Normal`.
    net : str
        "dense", or "convolutional" for one square image. Set fields choose a set net by
        themselves.
    """
    return _composed(schema, Point(latent), hidden=hidden, sigma=sigma, net=net)


def linear(schema: Schema, *, latent: int = 8, sigma: float | str = "shared") -> Autoencoder:
    """One matrix in, one out: at its optimum the principal subspace."""
    return _composed(schema, Point(latent), hidden=(), sigma=sigma, net="dense")


def denoising(
    schema: Schema,
    *,
    latent: int = 8,
    noise: float = 0.3,
    hidden: Sequence[int] = HIDDEN,
    sigma: float | str = "learnt",
    net: str = "dense",
) -> Autoencoder:
    """Clean rows from noisy ones; `noise` in standard deviations of each column."""
    return _composed(
        schema, Point(latent), hidden=hidden, sigma=sigma, net=net, corruption=GaussianNoise(noise)
    )


def variational(
    schema: Schema,
    *,
    latent: int = 8,
    beta: float = 1.0,
    warm_up: int = 0,
    hidden: Sequence[int] = HIDDEN,
    sigma: float | str = "learnt",
    floor: float = FLOOR,
    net: str = "dense",
) -> Autoencoder:
    """A normal posterior over the code; beta = 1 makes the loss the negative ELBO.

    `floor` is the least width of a column, in standard deviations: the resolution below
    which a difference says nothing.
    """
    return _composed(
        schema,
        Gaussian(latent),
        hidden=hidden,
        sigma=sigma,
        floor=floor,
        net=net,
        penalties=(KL(beta, warm_up=warm_up),),
    )


KINDS = {"plain": plain, "linear": linear, "denoising": denoising, "variational": variational}


def _composed(
    schema: Schema,
    latent: Latent,
    *,
    hidden: Sequence[int],
    sigma: float | str,
    net: str,
    floor: float = FLOOR,
    penalties: Sequence[Penalty] = (),
    corruption: Corruption | None = None,
) -> Autoencoder:
    heads = Joint(schema, sigma=sigma, floor=floor)
    encoder, decoder = _nets(schema, latent, heads, hidden, net)
    return Autoencoder(
        schema,
        encoder=encoder,
        latent=latent,
        decoder=decoder,
        heads=heads,
        penalties=penalties,
        corruption=corruption,
    )


def _nets(
    schema: Schema, latent: Latent, heads: Joint, hidden: Sequence[int], net: str
) -> tuple[nn.Module, nn.Module]:
    """The encoder and decoder that fit a schema."""
    layout = Layout.of(schema)
    if layout.sets:
        return _set_nets(layout, latent, heads, hidden)
    if net == "convolutional":
        return _image_nets(schema, latent, heads, hidden)
    if net != "dense":
        raise SpecError(f"net {net!r}", expected="'dense' or 'convolutional'")
    encoder = DenseEncoder(layout.inputs, latent.width, hidden=hidden)
    return encoder, DenseDecoder(latent.dim, heads.parameters_flat, hidden=hidden[::-1])


def _image_nets(
    schema: Schema, latent: Latent, heads: Joint, channels: Sequence[int]
) -> tuple[nn.Module, nn.Module]:
    shape = schema.fields[0].shape if len(schema) == 1 else ()
    square = len(shape) == 2 and shape[0] == shape[1]  # noqa: PLR2004 - an image has two axes
    if not square or heads.parameters_flat != schema.fields[0].width:
        raise SpecError(
            f"fields {', '.join(schema.names)}",
            where="a convolutional net",
            expected="one square image with one parameter per pixel",
        )
    encoder = ImageEncoder(shape[0], latent.width, channels=channels)
    return encoder, ImageDecoder(latent.dim, shape[0], channels=channels[::-1])


def _set_nets(
    layout: Layout, latent: Latent, heads: Joint, hidden: Sequence[int]
) -> tuple[nn.Module, nn.Module]:
    if len(layout.sets) > 1:
        raise SpecError(
            f"{len(layout.sets)} set fields",
            expected="at most one",
            fix="Compose an Autoencoder with nets of your own for more.",
        )
    field = layout.sets[0]
    assert field.size is not None
    inputs = heads.of_set(field.name).layout.inputs
    encoder = SetEncoder(
        field.name, inputs, latent.width, flat=layout.inputs, size=field.size, hidden=hidden
    )
    decoder = SetDecoder(
        field.name,
        latent.dim,
        size=field.size,
        hidden=hidden[::-1],
        element_parameters=heads.element_parameters(field),
        flat_parameters=heads.parameters_flat,
    )
    return encoder, decoder
