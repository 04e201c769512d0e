"""Joint: the likelihood of a whole row, one head per kind of field, sets included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.decoded import Decoded, Elements, Nll
from sciae.autoencoders.heads.likelihoods import LIKELIHOODS, chosen, head_of
from sciae.autoencoders.heads.normal import FLOOR
from sciae.autoencoders.heads.sequence import Sequence
from sciae.autoencoders.heads.sets import MATCHINGS
from sciae.autoencoders.layout import Layout, Place
from sciae.errors import SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.heads import Head

__all__ = ["Decoded", "Elements", "Joint", "Nll"]

MANY = 2  # heads: less need neither split nor cat, which cost a small net time


class Block(NamedTuple):
    """A head with its slices of the targets and of the decoder's output."""

    head: int
    targets: slice
    parameters: slice


class Joint(nn.Module):
    r"""The product of each field's likelihood: composite losses from a schema.

    A set field costs, for each slot, whether an element is there (Bernoulli) and, if so, its
    inner fields; a sequence field each token and its end.

    .. math:: -\ln p(x) = \sum_f -\ln p_f(x_f)

    Parameters
    ----------
    schema : Schema
    sigma : float or str
        Of every Normal head; see `Normal`.
    floor : float
        Of every head that has one.
    likelihoods : mapping of str to mapping, optional
        Other heads than each kind's first, by the name of a field (``set.inner`` in a set) or
        by kind: ``{"count": {"head": "NegativeBinomial"}}``, with settings beside the name.
        See `sciae.autoencoders.heads.likelihoods` for which heads fit which kinds.
    matching : str
        How the elements of sets and the decoder's slots find each other: "ordered",
        "hungarian" or "chamfer"; see `sciae.autoencoders.heads.sets`.

    Raises
    ------
    SpecError
        If a likelihood names an unknown field, head or setting, or a head that does not fit
        the field's kind, or if there is no such matching.

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
    >>> Joint(schema, likelihoods={"x": {"head": "Mixture", "components": 2}}).parameters_flat
    9
    """

    def __init__(
        self,
        schema: Schema,
        *,
        sigma: float | str = "learnt",
        floor: float = FLOOR,
        likelihoods: Mapping[str, Mapping[str, Any]] | None = None,
        matching: str = "ordered",
    ) -> None:
        super().__init__()
        if matching not in MATCHINGS:
            expected = f"one of {', '.join(MATCHINGS)}"
            raise SpecError(f"matching {matching!r}", where="Joint", expected=expected)
        self.schema, self.sigma, self.floor, self.matching = schema, sigma, floor, matching
        self.likelihoods = {key: dict(spec) for key, spec in (likelihoods or {}).items()}
        self.layout = Layout.of(schema)
        self.heads = nn.ModuleList()
        self.blocks: list[Block] = []
        specs = chosen(schema, self.likelihoods)
        for places in _shared(self.layout.places, specs):
            self._add(places, specs[places[0].field.name])
        self.parameters_flat = self.blocks[-1].parameters.stop if self.blocks else 0
        self.inner = nn.ModuleList(self._inner(field, specs) for field in self.layout.sets)

    def _add(self, places: list[Place], spec: Mapping[str, Any]) -> None:
        """One head for adjacent places."""
        at = slice(places[0].targets.start, places[-1].targets.stop)
        columns = at.stop - at.start
        head = head_of(places[0].field, columns, spec, sigma=self.sigma, floor=self.floor)
        start = self.blocks[-1].parameters.stop if self.blocks else 0
        width = cast("Head", head).per_column * columns
        self.blocks.append(Block(len(self.heads), at, slice(start, start + width)))
        self.heads.append(head)

    def _inner(self, field: Field, specs: Mapping[str, Mapping[str, Any]]) -> Joint | Sequence:
        """The likelihood of the elements of a set, or of a sequence's tokens."""
        if self.schema[field.name].kind == "sequence":
            return Sequence(classes=len(field.inner[0].classes))
        own = {part.name: specs[f"{field.name}.{part.name}"] for part in field.inner}
        return Joint(Schema(field.inner), sigma=self.sigma, floor=self.floor, likelihoods=own)

    def element_parameters(self, field: Field) -> int:
        """Numbers per element that a decoder gives: presence (or end), then inner heads."""
        return 1 + self.of_set(field.name).parameters_flat

    def of_set(self, name: str) -> Joint | Sequence:
        """The likelihood of one element of a set, or of a sequence."""
        inner = self.inner[[field.name for field in self.layout.sets].index(name)]
        assert isinstance(inner, (Joint, Sequence))
        return inner

    def nll(self, decoded: Decoded, features: Features) -> Nll:
        """-ln p of each column and of each element, in nats; 0 where not observed or judged."""
        each = zip(self._heads(), self._split(decoded.flat), self._columns(features), strict=True)
        flat = _beside(decoded.flat, [head.nll(x, y) for head, x, y in each])
        for counts in (features.observed, features.judged if features.mask is None else None):
            flat = flat if counts is None else torch.where(counts, flat, 0.0)
        return Nll(flat, {n: self._set(n, decoded.sets[n], s) for n, s in features.sets.items()})

    def _set(self, name: str, parameters: Tensor, elements: Features) -> Tensor:
        """-ln p of each slot, shape (row, element)."""
        inner = self.of_set(name)
        if isinstance(inner, Sequence):
            nats = inner.nll(parameters, elements)
        else:
            nats = MATCHINGS[self.matching](inner, parameters, elements)
        return nats if elements.judged is None else torch.where(elements.judged, nats, 0.0)

    def mean(self, flat: Tensor) -> Tensor:
        """The best single guess of each target column."""
        each = zip(self._heads(), self._split(flat), strict=True)
        return _beside(flat, [head.mean(x) for head, x in each])

    def sample(self, flat: Tensor, rng: torch.Generator) -> Tensor:
        """A draw of each target column."""
        each = zip(self._heads(), self._split(flat), strict=True)
        return _beside(flat, [head.sample(x, rng) for head, x in each])

    def mean_set(self, name: str, parameters: Tensor) -> Elements:
        """The elements likelier there than not, each at its best guess; a sequence's tokens."""
        inner = self.of_set(name)
        if isinstance(inner, Sequence):
            return inner.mean(parameters)
        return Elements(parameters[..., 0] > 0, inner.mean(parameters[..., 1:]))

    def sample_set(self, name: str, parameters: Tensor, rng: torch.Generator) -> Elements:
        """Which elements are there, and what they are, drawn; a sequence's tokens."""
        inner = self.of_set(name)
        if isinstance(inner, Sequence):
            return inner.sample(parameters, rng)
        there = torch.bernoulli(torch.sigmoid(parameters[..., 0]), generator=rng)
        return Elements(there.bool(), inner.sample(parameters[..., 1:], rng))

    def _heads(self) -> Iterable[Head]:
        return cast("Iterable[Head]", self.heads)

    def _split(self, flat: Tensor) -> tuple[Tensor, ...]:
        """The parameters of each head."""
        return _cut(flat, [b.parameters.stop - b.parameters.start for b in self.blocks])

    def _columns(self, features: Features) -> tuple[Tensor, ...]:
        """The targets of each head."""
        return _cut(features.targets, [b.targets.stop - b.targets.start for b in self.blocks])


def _cut(x: Tensor, widths: list[int]) -> tuple[Tensor, ...]:
    """Columns side by side; all of them without the cost of a view."""
    return (x,) if 0 < len(widths) < MANY else torch.split(x, widths, -1)


def _beside(parameters: Tensor, parts: list[Tensor]) -> Tensor:
    """The columns of each head beside each other; none if there is no head."""
    if len(parts) < MANY:
        return parts[0] if parts else parameters[..., :0]
    return torch.cat(parts, -1)


def _shared(places: tuple[Place, ...], specs: Mapping[str, Mapping[str, Any]]) -> list[list[Place]]:
    """Places that one head can serve, in layout order."""
    groups: list[list[Place]] = []
    for place in places:
        if groups and _alike(groups[-1][-1].field, place.field, specs):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _alike(one: Field, other: Field, specs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether one head can serve both fields."""
    same = (one.kind, len(one.classes)) == (other.kind, len(other.classes))
    spec = specs[one.name]
    return same and spec == specs[other.name] and LIKELIHOODS[spec["head"]].shared
