"""The normaliser inside a model: raw columns -> features, and means back to raw units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from sciae.autoencoders.features import Features
from sciae.autoencoders.layout import TOKEN, Layout, Place
from sciae.autoencoders.moments import Moments
from sciae.batch import Batch, to_batch
from sciae.errors import DataError
from sciae.schema import MASK, Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sciae.autoencoders.heads import Elements
    from sciae.table import Table

__all__ = ["Normaliser"]

SCALED = ("continuous", "count")


class Normaliser(nn.Module):
    r"""Location and scale of each column, fitted in float64, weighted, chunk by chunk.

    Continuous columns become :math:`(x - \mu) / s`, counts :math:`(\ln(1 + x) - \mu) / s`
    on input and stay counts as targets, angles become :math:`(\cos, \sin)`, categories one-hot.
    A column that does not vary is scaled by its size. What is not observed becomes 0 on
    input. Signed weights count by their size here: a scale must be positive.

    Parameters
    ----------
    schema : Schema
        Set fields get a normaliser of their own, over the elements that exist.

    Examples
    --------
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous", unit="nm"),))
    >>> table = Table(schema, {"x": [1.0, 2.0, 3.0]})
    >>> normaliser = Normaliser(schema).fit([table])
    >>> normaliser(to_batch(table)).inputs.squeeze(1)
    tensor([-1.2247,  0.0000,  1.2247])
    """

    location: Tensor
    scale: Tensor
    fitted: Tensor

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self.schema = schema
        self.layout = Layout.of(schema)
        width = self.layout.targets
        self.register_buffer("location", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(width, dtype=torch.float64))
        self.register_buffer("fitted", torch.tensor(False))
        self.inner = nn.ModuleList(Normaliser(Schema(f.inner)) for f in self.layout.sets)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Normaliser:  # noqa: FBT001, FBT002 - as torch has it
        """Follow a model to its device, but stay in float64 whatever the nets compute in."""
        exact = self.location, self.scale
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.location, self.scale = (x.to(self.fitted.device) for x in exact)
        return self

    # ---- fitting -----------------------------------------------------------------------------

    def fit(self, chunks: Iterable[Table]) -> Normaliser:
        """Location and scale from all chunks, in one pass; returns itself.

        Raises
        ------
        DataError
            If there is no row, a column is never observed, or its variance overflows.
        """
        moments = [Moments(part.layout.targets) for part in self._parts()]
        rows = 0
        for chunk in chunks:
            rows += len(chunk)
            batch = to_batch(chunk)
            batches = [batch, *(_elements(field, batch) for field in self.layout.sets)]
            for part, own, one in zip(self._parts(), moments, batches, strict=True):
                own.add(part.values(one), None if one.weight is None else one.weight.abs())
        if rows == 0:
            raise DataError("no rows to fit the normaliser to", expected="one or more")
        for part, own in zip(self._parts(), moments, strict=True):
            part.settle(own)
        return self

    def _parts(self) -> list[Normaliser]:
        """Itself, and one for the elements of each set."""
        return [self, *cast("Iterable[Normaliser]", self.inner)]

    def values(self, batch: Batch) -> Tensor:
        """What location and scale are fitted to, shape (row, target); 0 for other kinds."""
        columns = [_fitted_values(place.field, batch) for place in self.layout.places]
        rows = len(next(iter(batch.columns.values())))
        return torch.cat([torch.zeros(rows, 0, dtype=torch.float64), *columns], 1)

    def settle(self, moments: Moments) -> None:
        """Location and scale from the moments of `values`."""
        for place in self.layout.places:
            if place.field.kind in SCALED:
                self._settle_place(place, moments)
        self.fitted.fill_(value=True)

    def _settle_place(self, place: Place, moments: Moments) -> None:
        field, at = place.field, place.targets
        mean, variance = moments.mean[at], moments.variance[at]
        self._check(field, moments.weight[at] > 0, "never observed", "a number in one row or more")
        finite = mean.isfinite() & variance.isfinite()
        self._check(field, finite, "values too large to square", "another unit")
        if field.scale == "none":
            return  # 0 and 1, as constructed
        if field.scale == "field":
            variance = variance.mean().expand_as(variance)
        sigma, size = variance.sqrt(), mean.abs()
        varies = sigma > 1e-12 * size  # or only rounding is left
        self.location[at] = mean
        self.scale[at] = torch.where(varies, sigma, torch.where(size > 0, size, 1.0))

    @staticmethod
    def _check(field: Field, ok: Tensor, what: str, expected: str) -> None:
        if not bool(ok.all()):
            raise DataError(what, where=f"field {field.name!r}", expected=expected)

    # ---- use ---------------------------------------------------------------------------------

    def forward(self, batch: Batch, dtype: torch.dtype = torch.float32) -> Features:
        """The batch as features of `dtype`; computed in each column's precision, rounded once."""
        mask = batch.columns.get(MASK)
        inputs, targets, seen = self._encode(batch)
        if seen is not None and bool((seen if mask is None else seen[mask]).all()):
            seen = None
        same = targets is inputs
        inputs = inputs.to(dtype)
        sets = {
            field.name: part(_inner_batch(field, batch), dtype)
            for field, part in zip(self.layout.sets, self.inner, strict=True)
        }
        return Features(
            inputs=inputs,
            targets=inputs if same else targets.to(dtype),
            observed=seen,
            mask=mask,
            column=self.layout.column().to(inputs.device),
            sets=sets,
            weight=None if batch.weight is None else batch.weight.to(dtype),
        )

    def _encode(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Inputs, targets, and which targets are observed (None: all), place by place."""
        parts = [self._encode_place(place, batch) for place in self.layout.places]
        if len(parts) == 1:
            return parts[0]
        if not parts:
            one = next(iter(batch.columns.values()))
            none = one.new_zeros(len(one), 0, dtype=torch.float64)
            return none, none, None
        inputs = torch.cat([part[0] for part in parts], -1)
        plain = all(part[0] is part[1] for part in parts)
        targets = inputs if plain else torch.cat([part[1] for part in parts], -1)
        if all(part[2] is None for part in parts):
            return inputs, targets, None
        seen = [torch.ones_like(x, dtype=torch.bool) if y is None else y for _, x, y in parts]
        return inputs, targets, torch.cat(seen, -1)

    def _encode_place(self, place: Place, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        x = _flat(place.field, batch)
        seen = _observed(x)
        if seen is not None:  # before any arithmetic: 0 * NaN is NaN
            x = torch.where(seen, x, torch.zeros_like(x))
        own = torch.float32 if x.dtype == torch.float32 else torch.float64
        location, scale = (y[place.targets].to(own) for y in (self.location, self.scale))
        inputs, targets = _codec(place.field, x, location, scale)
        if seen is not None:
            each = inputs.shape[-1] // seen.shape[-1]
            hidden = (~seen).repeat_interleave(each, -1) if each > 1 else ~seen
            inputs = inputs.masked_fill(hidden, 0.0)
        return inputs, inputs if place.field.kind == "continuous" else targets, seen

    def restore(self, means: Tensor, place: Place) -> Tensor:
        """The means of one field's targets in raw units, shape ``(row, *field.shape)``."""
        x = means.to(torch.float64)
        if place.field.kind == "continuous":
            x = x * self.scale[place.targets] + self.location[place.targets]
        elif place.field.kind == "periodic":
            assert place.field.period is not None
            x = x * (place.field.period / (2 * math.pi))
        return x.reshape(*x.shape[:-1], *place.field.shape)

    def restore_set(self, name: str, elements: Elements) -> dict[str, Tensor]:
        """The columns of a set or sequence field, raw; 0 where there is no element, or -1."""
        mask, targets = elements
        if self.schema[name].kind == "sequence":
            return {name: torch.where(mask, targets.squeeze(-1).long(), -1)}
        part = self._parts()[1 + [field.name for field in self.layout.sets].index(name)]
        columns = {
            f"{name}.{place.field.name}": part.restore(targets[..., place.targets], place)
            for place in part.layout.places
        }
        return {f"{name}.{MASK}": mask} | {n: x * mask for n, x in columns.items()}


def _flat(field: Field, batch: Batch) -> Tensor:
    """A field's column with its shape flattened into the last axis."""
    x = batch.columns[field.name]
    if MASK in batch.columns:  # elements of a set: numbers, one axis deeper
        return x[..., None]
    return x.reshape(len(x), field.width)


def _observed(x: Tensor) -> Tensor | None:
    """Which values are observed; None, after one cheap pass, if all are."""
    if not x.is_floating_point():
        return None if bool((x >= 0).all()) else x >= 0
    return None if bool(x.sum().isfinite()) else ~x.isnan()


def _fitted_values(field: Field, batch: Batch) -> Tensor:
    x = _flat(field, batch).to(torch.float64)
    if field.kind == "count":
        return torch.log1p(x)
    return x if field.kind == "continuous" else torch.zeros_like(x)


def _codec(field: Field, x: Tensor, location: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs and targets of one field from its observed values."""
    if field.kind == "continuous":
        z = (x - location) / scale
        return z, z
    if field.kind == "periodic":
        assert field.period is not None
        angle = x * (2 * math.pi / field.period)
        pair = torch.stack((torch.cos(angle), torch.sin(angle)), -1)
        return pair.flatten(-2), torch.remainder(angle + math.pi, 2 * math.pi) - math.pi
    if field.kind == "binary":
        return 2 * x - 1, x
    if field.kind == "categorical":
        onehot = nn.functional.one_hot(x, len(field.classes)).to(torch.float64)
        return onehot.flatten(-2), x.to(torch.float64)
    if field.kind == "count":
        return (torch.log1p(x) - location) / scale, x
    return x, x  # composition


def _inner_batch(field: Field, batch: Batch) -> Batch:
    """The elements of a set field, shape (row, element); padding, whatever it was, is 0."""
    if field.name in batch.columns:
        return _tokens(batch.columns[field.name])
    prefix = f"{field.name}."
    own = {n.removeprefix(prefix): x for n, x in batch.columns.items() if n.startswith(prefix)}
    mask = own[MASK]
    return Batch({n: torch.where(mask, x, torch.zeros_like(x)) for n, x in own.items()})


def _tokens(tokens: Tensor) -> Batch:
    """A sequence, with -1 beyond its end, as elements in order."""
    there = tokens >= 0
    return Batch({TOKEN: tokens.clamp(min=0), MASK: there})


def _elements(field: Field, batch: Batch) -> Batch:
    """The existing elements of a set field as rows, with the weight of their row."""
    inner = _inner_batch(field, batch)
    mask, weight = inner.columns[MASK], batch.weight
    columns = {name: x[mask] for name, x in inner.columns.items() if name != MASK}
    return Batch(columns, None if weight is None else weight[:, None].expand_as(mask)[mask])
