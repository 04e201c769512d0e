"""Module: raw numbers -> latent coordinates, or -> their reconstruction, as pure modules."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.features import Features
from sciae.autoencoders.nets import ElementEncoder
from sciae.autoencoders.raw.inputs import (
    AFFINE,
    COSINE,
    COUNT,
    ONE_HOT,
    Inputs,
    flat_only,
)
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.heads import Decoded
    from sciae.autoencoders.latents import Code
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.normalise import Normaliser

__all__ = ["CV", "RawInputs", "RawOutputs", "Reconstruction"]


class Exact(nn.Module):
    """Buffers follow a model to its device, but keep their dtype whatever the nets have."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Exact:  # noqa: FBT001, FBT002 - as torch has it
        exact = dict(self.named_buffers())
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, was in exact.items():
            self._buffers[name] = was.to(self.get_buffer(name).device)
        return self


class RawInputs(Exact):
    """Raw rows -> features, as the normaliser does it, for a matrix of flat fields.

    Computed in the dtype of the rows, from constants kept in float64, and rounded once to
    `dtype`. NaN, and a negative class, is not observed; a class is a whole number.

    Parameters
    ----------
    normaliser : Normaliser

    Attributes
    ----------
    table : Inputs
        The same as plain arrays, followed by which targets are observed.
    """

    column: Tensor
    a: Tensor
    b: Tensor
    least: Tensor
    target: Tensor
    seen_from: Tensor
    shows: Tensor
    blank: Tensor

    def __init__(self, normaliser: Normaliser) -> None:
        super().__init__()
        self.table = table = Inputs.of(normaliser, shown=True)
        width, layout = normaliser.layout.inputs, normaliser.layout
        for name in ("column", "a", "b", "least"):
            self.register_buffer(name, torch.from_numpy(getattr(table, name)[:width].copy()))
        self.register_buffer("target", torch.from_numpy(table.column[width:].copy()))
        self.register_buffer("seen_from", torch.from_numpy(table.a[width:].copy()))
        self.register_buffer("shows", layout.column())
        self.plain = table.column[:width].tolist() == list(range(width))
        self.blocks = _blocks(table.function[:width].tolist())
        self.affine = self.blocks == [(AFFINE, slice(0, width))]
        blank = self.a if self.affine else torch.zeros_like(self.a)  # (a - a) / b is 0
        self.register_buffer("blank", blank.clone())

    def forward(self, x: Tensor, dtype: torch.dtype) -> Features:
        """Features of raw rows, shape (row, number)."""
        a, b, least, blank = (y.type_as(x) for y in (self.a, self.b, self.least, self.blank))
        each = x if self.plain else x[:, self.column]  # (row, input)
        seen = each >= least  # NaN is not
        each = torch.where(seen, each, blank)  # before any arithmetic
        inputs = (each - a) / b if self.affine else self._mixed(each, seen)
        targets = x[:, self.target]
        observed = targets >= self.seen_from.type_as(x)
        return Features(inputs.to(dtype), targets, observed=observed, column=self.shows)

    def _mixed(self, each: Tensor, seen: Tensor) -> Tensor:
        a, b = self.a.type_as(each), self.b.type_as(each)
        parts = [_apply_function(f, each[:, at], a[at], b[at]) for f, at in self.blocks]
        return torch.where(seen, torch.cat(parts, 1), 0.0)


def _blocks(functions: list[int]) -> list[tuple[int, slice]]:
    """Adjacent inputs of one function; a cosine and its sine stay together."""
    blocks: list[tuple[int, slice]] = []
    for at, function in enumerate(functions):
        kind = min(function, COSINE) if function <= COSINE + 1 else function
        if blocks and blocks[-1][0] == kind:
            blocks[-1] = kind, slice(blocks[-1][1].start, at + 1)
        else:
            blocks.append((kind, slice(at, at + 1)))
    return blocks


def _apply_function(function: int, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    if function == AFFINE:
        return (x - a) / b
    if function == COUNT:
        return (torch.log1p(x) - a) / b
    if function == ONE_HOT:
        return ((x - a).abs() < 0.5).type_as(x)  # noqa: PLR2004 - nearest whole number
    angle = (x * a)[:, ::2]  # each angle stands there twice
    return torch.stack((torch.cos(angle), torch.sin(angle)), -1).flatten(1)


class RawOutputs(Exact):
    """Means of the targets -> raw rows in the order of the schema."""

    stretch: Tensor
    offset: Tensor
    order: Tensor

    def __init__(self, normaliser: Normaliser) -> None:
        super().__init__()
        table = Inputs.of(normaliser, shown=True)
        raw = torch.from_numpy(table.column[normaliser.layout.inputs :].copy())
        stretch = torch.ones_like(normaliser.scale, device="cpu")
        offset = torch.zeros_like(stretch)
        for place in normaliser.layout.places:
            at = place.targets
            if place.field.kind == "continuous":
                stretch[at], offset[at] = normaliser.scale[at], normaliser.location[at]
            elif place.field.kind == "periodic":
                assert place.field.period is not None
                stretch[at] = place.field.period / (2 * math.pi)
        self.register_buffer("stretch", stretch)
        self.register_buffer("offset", offset)
        self.register_buffer("order", raw.argsort())
        self.plain = raw.tolist() == list(range(len(raw)))

    def forward(self, means: Tensor, x: Tensor) -> Tensor:
        """Raw numbers in the dtype of `x`."""
        raw = means.type_as(x) * self.stretch.type_as(x) + self.offset.type_as(x)
        return raw if self.plain else raw[:, self.order]


class CV(nn.Module):
    r"""Raw numbers -> latent coordinates: a model's collective variables.

    .. math:: x \mapsto \mathrm{coordinates}(E[z | x])

    One matrix in, one out, both in raw units and in the dtype of the input: the fields in
    the order of the schema, each flattened. NaN (and a negative class) is not observed. The
    weights are a copy, and do not ask for gradients. Without branches on data, so it can be
    traced.

    Parameters
    ----------
    model : Autoencoder
        Of flat fields, with a smooth latent.

    Raises
    ------
    SpecError
        If a field is a set, the encoder is not the same for all rows, or the code is not a
        smooth function of the row.

    Notes
    -----
    float32 rows have seven digits: a column such as 1e6 +- 1e-3 must come in float64, in
    which the normaliser then computes.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema(tuple(Field(name=n, kind="continuous", unit="nm") for n in "abc"))
    >>> CV(kinds.plain(schema, latent=1))(torch.zeros(5, 3)).shape
    torch.Size([5, 1])
    """

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        _check_traceable(model)
        if not model.latent.smooth:
            raise SpecError(
                f"the code of {type(model.latent).__name__} is not a smooth function of the row",
                where="cv",
                expected="a latent whose gradient is a force",
                fix="Export the reconstruction, or train with another latent.",
            )
        own = _frozen(model)
        self.schema = own.schema
        self.raw = RawInputs(own.normaliser).to(model.device)
        self.encoder, self.latent = own.encoder, own.latent

    def forward(self, x: Tensor) -> Tensor:
        """Coordinates of raw rows: (row, number) -> (row, coordinate)."""
        code: Code = self.latent(self.encoder(self.raw(x, _dtype(self))), None)
        return self.latent.coordinates(code.mean).type_as(x)


class Reconstruction(nn.Module):
    """Raw numbers -> the mean reconstruction of each, in raw units; see `CV`.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema((Field(name="phi", kind="periodic", period=360.0, unit="deg"),))
    >>> Reconstruction(kinds.plain(schema, latent=1))(torch.zeros(5, 1)).shape
    torch.Size([5, 1])
    """

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        _check_traceable(model)
        own = _frozen(model)
        self.schema = own.schema
        self.raw = RawInputs(own.normaliser).to(model.device)
        self.restore = RawOutputs(own.normaliser).to(model.device)
        self.encoder, self.latent = own.encoder, own.latent
        self.decoder, self.heads = own.decoder, own.heads

    def forward(self, x: Tensor) -> Tensor:
        """Means of raw rows: (row, number) -> (row, number)."""
        code: Code = self.latent(self.encoder(self.raw(x, _dtype(self))), None)
        decoded: Decoded = self.decoder(code.mean)
        out: Tensor = self.restore(self.heads.mean(decoded.flat), x)
        return out


def _check_traceable(model: Autoencoder) -> None:
    flat_only(model.schema)
    if isinstance(model.encoder, ElementEncoder):
        raise SpecError(
            "ElementEncoder computes other things for other gaps",
            where="export",
            expected="an encoder that computes the same for all rows",
            fix="Score with sciae itself, or train another kind, such as imputing.",
        )


def _dtype(module: nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype


def _frozen(model: Autoencoder) -> Autoencoder:
    """A copy, because evaluation mode and constants are not for the model in training."""
    return copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
