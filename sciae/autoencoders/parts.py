"""Parts: what models are made of, by name, with the settings that make them again."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from sciae.autoencoders.corruptions import ElementMasking, GaussianNoise, Masking, SaltAndPepper
from sciae.autoencoders.latents import (
    FiniteScalar,
    Gaussian,
    Point,
    Poisson,
    Ring,
    TopK,
    VectorQuantised,
)
from sciae.autoencoders.nets import (
    DenseDecoder,
    DenseEncoder,
    ElementEncoder,
    ImageDecoder,
    ImageEncoder,
    SequenceDecoder,
    SequenceEncoder,
    SetDecoder,
    SetEncoder,
    TiedDecoder,
)
from sciae.autoencoders.penalties import (
    KL,
    L1,
    Contraction,
    FeatureLoss,
    KLSparsity,
    LinearFeatures,
    PoissonRate,
    RateTarget,
    TotalCorrelation,
)
from sciae.errors import SpecError

__all__ = ["PARTS", "build", "describe", "register", "settings_of"]

PARTS: dict[str, type[nn.Module]] = {
    part.__name__: part
    for part in (
        # corruptions
        ElementMasking, GaussianNoise, Masking, SaltAndPepper,
        # latents
        FiniteScalar, Gaussian, Point, Poisson, Ring, TopK, VectorQuantised,
        # nets
        DenseDecoder, DenseEncoder, ElementEncoder, ImageDecoder, ImageEncoder,
        SequenceDecoder, SequenceEncoder, SetDecoder, SetEncoder, TiedDecoder,
        # penalties
        Contraction, FeatureLoss, KL, KLSparsity, L1, LinearFeatures, PoissonRate,
        RateTarget, TotalCorrelation,
    )
}  # fmt: skip


def register(part: type[nn.Module]) -> type[nn.Module]:
    """Let models with a part of your own be loaded; usable as a decorator.

    The part keeps each argument of its constructor as an attribute of that name: plain JSON,
    or another registered part.
    """
    if PARTS.get(part.__name__, part) is not part:
        raise SpecError(f"a part named {part.__name__!r} is already registered")
    PARTS[part.__name__] = part
    return part


def settings_of(part: nn.Module) -> dict[str, Any]:
    """The arguments that make an equal part.

    Examples
    --------
    >>> settings_of(Gaussian(3))
    {'dim': 3}
    """
    arguments = inspect.signature(type(part)).parameters.values()
    named = [a.name for a in arguments if a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)]
    return {name: getattr(part, name) for name in named}


def describe(part: nn.Module) -> dict[str, Any]:
    """A part as plain JSON.

    Raises
    ------
    SpecError
        If it is not registered.
    """
    name = type(part).__name__
    if PARTS.get(name) is not type(part):
        raise SpecError(
            f"part {name!r} is not registered",
            where="save",
            fix="Call sciae.autoencoders.parts.register on its class.",
        )
    inner = {
        key: describe(value) if isinstance(value, nn.Module) else value
        for key, value in settings_of(part).items()
    }
    return {"part": name, **inner}


def build(spec: dict[str, Any]) -> Any:
    """The part that `describe` described.

    Raises
    ------
    SpecError
        If none is registered under its name.
    """
    settings = {
        key: build(value) if isinstance(value, dict) and "part" in value else value
        for key, value in spec.items()
        if key != "part"
    }
    name = spec["part"]
    if name not in PARTS:
        raise SpecError(f"unknown part {name!r}: register it before loading")
    return PARTS[name](**settings)
