"""Joint: the likelihood of a whole row, one head per kind of field, sets included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.bernoulli import Bernoulli
from sciae.autoencoders.heads.categorical import Categorical, Multinomial
from sciae.autoencoders.heads.normal import FLOOR, Normal
from sciae.autoencoders.heads.poisson import Poisson
from sciae.autoencoders.heads.von_mises import VonMises
from sciae.autoencoders.layout import Layout, Place
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.heads import Head

__all__ = ["Decoded", "Joint", "Nll"]

HEAD_OF_KIND: dict[str, Callable[[int, Field], nn.Module]] = {
    "periodic": lambda columns, _: VonMises(columns),
    "binary": lambda columns, _: Bernoulli(columns),
    "categorical": lambda columns, field: Categorical(columns, classes=len(field.classes)),
    "count": lambda columns, _: Poisson(columns),
    "composition": lambda columns, _: Multinomial(columns),
}
SHARED = ("continuous", "periodic", "binary", "count")  # kinds whose fields share one head


class Decoded(NamedTuple):
    """What a decoder puts out: parameters of the flat heads, and of each set's elements."""

    flat: Tensor
    sets: Mapping[str, Tensor] = {}


class Nll(NamedTuple):
    """-ln p of each target column, and of each element of each set, in nats."""

    flat: Tensor  # (row, target)
    sets: Mapping[str, Tensor] = {}  # each (row, element)

    def total(self) -> Tensor:
        """Summed over everything in a row, shape (row,)."""
        total = self.flat.sum(-1)
        for one in self.sets.values():
            total = total + one.sum(-1)
        return total


class Block(NamedTuple):
    """A head with its slices of the targets and of the decoder's output."""

    head: int
    targets: slice
    parameters: slice


class Joint(nn.Module):
    r"""The product of each field's likelihood: composite losses from a schema.

    A set field costs, for each slot, whether an element is there (Bernoulli) and, if so, its
    inner fields; elements are compared in order.

    .. math:: -\ln p(x) = \sum_f -\ln p_f(x_f)

    Parameters
    ----------
    schema : Schema
    sigma, floor : float or str, float
        Of every Normal head; see `Normal`.

    Examples
    --------
    >>> schema = Schema(
    ...     (
    ...         Field(name="x", kind="continuous"),
    ...         Field(name="element", kind="categorical", classes=("C", "N", "O")),
    ...     )
    ... )
    >>> Joint(schema).parameters_flat
    4
    """

    def __init__(
        self, schema: Schema, *, sigma: float | str = "learnt", floor: float = FLOOR
    ) -> None:
        super().__init__()
        self.schema, self.sigma, self.floor = schema, sigma, floor
        self.layout = Layout.of(schema)
        self.heads = nn.ModuleList()
        self.blocks: list[Block] = []
        for places in _shared(self.layout.places):
            self._add(places)
        self.parameters_flat = self.blocks[-1].parameters.stop if self.blocks else 0
        self.inner = nn.ModuleList(
            Joint(Schema(f.inner), sigma=sigma, floor=floor) for f in self.layout.sets
        )

    def _add(self, places: list[Place]) -> None:
        """One head for adjacent places of one kind."""
        field, at = places[0].field, slice(places[0].targets.start, places[-1].targets.stop)
        columns = at.stop - at.start
        if field.kind == "continuous":
            head: nn.Module = Normal(columns, sigma=self.sigma, floor=self.floor)
        else:
            head = HEAD_OF_KIND[field.kind](columns, field)
        start = self.blocks[-1].parameters.stop if self.blocks else 0
        width = cast("Head", head).per_column * columns
        self.blocks.append(Block(len(self.heads), at, slice(start, start + width)))
        self.heads.append(head)

    def element_parameters(self, field: Field) -> int:
        """Numbers per element that a decoder gives for a set: presence, then inner heads."""
        return 1 + self.of_set(field.name).parameters_flat

    def of_set(self, name: str) -> Joint:
        """The likelihood of one element of a set."""
        inner = self.inner[[field.name for field in self.layout.sets].index(name)]
        assert isinstance(inner, Joint)
        return inner

    def nll(self, decoded: Decoded, features: Features) -> Nll:
        """-ln p of each column and of each element, in nats; 0 where not observed or judged."""
        x, y = decoded.flat, features.targets
        parts = [h.nll(_cut(x, b.parameters), _cut(y, b.targets)) for h, b in self._heads()]
        flat = _beside(x, parts)
        for counts in (features.observed, features.judged if features.mask is None else None):
            flat = flat if counts is None else torch.where(counts, flat, 0.0)
        return Nll(flat, {n: self._set(n, decoded.sets[n], s) for n, s in features.sets.items()})

    def _set(self, name: str, parameters: Tensor, elements: Features) -> Tensor:
        """-ln p of each slot, shape (row, element)."""
        assert elements.mask is not None
        there = elements.mask[..., None].to(parameters.dtype)
        presence = Bernoulli(1).nll(parameters[..., :1], there).squeeze(-1)
        inner = self.of_set(name).nll(Decoded(parameters[..., 1:]), elements).flat.sum(-1)
        nats = presence + torch.where(elements.mask, inner, 0.0)
        return nats if elements.judged is None else torch.where(elements.judged, nats, 0.0)

    def mean(self, flat: Tensor) -> Tensor:
        """The best single guess of each target column."""
        return _beside(flat, [h.mean(_cut(flat, b.parameters)) for h, b in self._heads()])

    def sample(self, flat: Tensor, rng: torch.Generator) -> Tensor:
        """A draw of each target column."""
        return _beside(flat, [h.sample(_cut(flat, b.parameters), rng) for h, b in self._heads()])

    def _heads(self) -> Iterator[tuple[Head, Block]]:
        return zip(cast("Iterable[Head]", self.heads), self.blocks, strict=True)


def _cut(x: Tensor, columns: slice) -> Tensor:
    """These columns; all of them without the cost of a view."""
    return x if columns == slice(0, x.shape[-1]) else x[..., columns]


def _beside(parameters: Tensor, parts: Sequence[Tensor]) -> Tensor:
    """The columns of each head beside each other; none if there is no head."""
    return parts[0] if len(parts) == 1 else torch.cat([parameters[..., :0], *parts], -1)


def _shared(places: tuple[Place, ...]) -> list[list[Place]]:
    """Places that one head can serve, in layout order."""
    groups: list[list[Place]] = []
    for place in places:
        last = groups[-1][-1].field if groups else None
        if last is not None and last.kind == place.field.kind and last.kind in SHARED:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
