"""Likelihoods: the heads by name, what kinds they fit, and which one a field gets."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from sciae.autoencoders.heads.bernoulli import Bernoulli
from sciae.autoencoders.heads.categorical import Categorical
from sciae.autoencoders.heads.laplace import Laplace
from sciae.autoencoders.heads.mixture import Mixture
from sciae.autoencoders.heads.multinomial import Multinomial
from sciae.autoencoders.heads.negative_binomial import (
    NegativeBinomial,
    ZeroInflatedNegativeBinomial,
)
from sciae.autoencoders.heads.normal import Normal
from sciae.autoencoders.heads.poisson import Poisson
from sciae.autoencoders.heads.student_t import StudentT
from sciae.autoencoders.heads.von_mises import VonMises
from sciae.errors import SpecError
from sciae.schema import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

    from sciae.schema import Field, Schema

    Spec = Mapping[str, Any]

__all__ = ["DEFAULTS", "LIKELIHOODS", "Likelihood", "chosen", "head_of"]


class Likelihood(NamedTuple):
    """A head and the kinds of fields that it fits."""

    head: type[nn.Module]
    kinds: tuple[str, ...]
    shared: bool = True
    """Whether one can serve the columns of several fields."""


LIKELIHOODS: dict[str, Likelihood] = {
    "Bernoulli": Likelihood(Bernoulli, ("binary",)),
    "Categorical": Likelihood(Categorical, ("categorical",)),
    "Laplace": Likelihood(Laplace, ("continuous",)),
    "Mixture": Likelihood(Mixture, ("continuous",)),
    "Multinomial": Likelihood(Multinomial, ("composition", "count"), shared=False),
    "NegativeBinomial": Likelihood(NegativeBinomial, ("count",)),
    "Normal": Likelihood(Normal, ("continuous",)),
    "Poisson": Likelihood(Poisson, ("count",)),
    "StudentT": Likelihood(StudentT, ("continuous",)),
    "VonMises": Likelihood(VonMises, ("periodic",)),
    "ZeroInflatedNegativeBinomial": Likelihood(ZeroInflatedNegativeBinomial, ("count",)),
}
DEFAULTS = {
    "continuous": "Normal",
    "periodic": "VonMises",
    "binary": "Bernoulli",
    "categorical": "Categorical",
    "count": "Poisson",
    "composition": "Multinomial",
}
OF_THE_FIELD = ("columns", "classes", "counts")  # arguments that no setting changes


def chosen(schema: Schema, likelihoods: Mapping[str, Spec]) -> dict[str, Spec]:
    """The head and settings of each field by name; of a set's, by ``set.inner``.

    A key is the name of a field if there is one, else a kind; a name goes before a kind.

    Raises
    ------
    SpecError
        If a field, head or setting is unknown, or a head does not fit the field's kind.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> schema = Schema(tuple(Field(name=n, kind="count") for n in ("hits", "clusters")))
    >>> both = {"count": {"head": "NegativeBinomial"}, "hits": {"head": "Poisson"}}
    >>> {name: spec["head"] for name, spec in chosen(schema, both).items()}
    {'hits': 'Poisson', 'clusters': 'NegativeBinomial'}
    """
    fields = dict(_named(schema))
    for key in likelihoods:
        if key not in fields and key not in KINDS:
            expected = f"a field ({', '.join(fields)}) or a kind"
            raise SpecError(f"no field {key!r}", where="likelihoods", expected=expected)
    by_kind = {key: spec for key, spec in likelihoods.items() if key not in fields}
    found = {}
    for name, field in fields.items():
        spec = likelihoods.get(name, by_kind.get(field.kind, {"head": DEFAULTS[field.kind]}))
        _check(name, field, spec)
        found[name] = spec
    return found


def head_of(field: Field, columns: int, spec: Spec, **defaults: Any) -> nn.Module:
    """The head that a checked `spec` describes; `defaults` where it takes them."""
    head = LIKELIHOODS[spec["head"]].head
    facts = {"classes": len(field.classes), "counts": field.kind == "count"}
    settings = {**defaults, **{k: v for k, v in spec.items() if k != "head"}, **facts}
    wanted = inspect.signature(head).parameters
    return head(columns, **{k: v for k, v in settings.items() if k in wanted})


def _named(schema: Schema) -> Iterator[tuple[str, Field]]:
    """Each field that has a head, with its name."""
    for field in schema:
        if field.kind in DEFAULTS:
            yield field.name, field
        yield from ((f"{field.name}.{part.name}", part) for part in field.inner)


def _check(name: str, field: Field, spec: Spec) -> None:
    where, head = f"likelihoods, field {name!r}", spec.get("head")
    fitting = [other for other, one in LIKELIHOODS.items() if field.kind in one.kinds]
    if head not in fitting:
        expected = f"one of {', '.join(fitting)}"
        raise SpecError(f"head {head!r} of kind {field.kind!r}", where=where, expected=expected)
    known = set(inspect.signature(LIKELIHOODS[head].head).parameters) - set(OF_THE_FIELD)
    unknown = sorted(set(spec) - {"head"} - known)
    if unknown:
        expected = f"only {', '.join(sorted(known))}" if known else "none"
        raise SpecError(f"{head} has no settings {unknown}", where=where, expected=expected)
