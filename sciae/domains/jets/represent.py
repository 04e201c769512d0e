"""Representations: what a jet looks like to a model. Each is a documented choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from sciae.domains.jets.images import Image, images
from sciae.domains.jets.observables import OBSERVABLES, observables
from sciae.domains.jets.particles import particles
from sciae.errors import SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.entries import Candidates
    from sciae.domains.jets.ragged import Constituents


__all__ = ["Images", "Observables", "Particles", "Representation"]

Columns = dict[str, "NDArray[Any]"]


class Seen(NamedTuple):
    """Columns of the schema, and columns that say what the representation left out."""

    columns: Columns
    carried: Columns


class Representation(Protocol):
    """What a representation offers."""

    @property
    def schema(self) -> Schema:
        """Of its columns."""

    def columns(self, jets: Candidates, *, radius: float) -> Seen:
        """The columns of these jets, all of them usable."""


LOG = "log_"
LEAST = {"mass": 0.1, "soft_drop_mass": 0.1, "multiplicity": 1.0}  # GeV, GeV, 1; else 1e-4


@dataclass(frozen=True)
class Observables:
    """Numbers per jet, each with its definition and source in `OBSERVABLES`.

    ``log_`` before a name gives its natural logarithm, of at least 0.1 GeV, one constituent
    or 1e-4: a column in which small values are as far apart as large ones.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [n for n in self.names if n.removeprefix(LOG) not in OBSERVABLES]
        if unknown or not self.names:
            raise SpecError(
                f"observables {', '.join(unknown) or 'none'}",
                expected=f"some of {', '.join(OBSERVABLES)}",
            )

    @property
    def schema(self) -> Schema:
        """One continuous field each."""
        return Schema(tuple(_field(name) for name in self.names))

    def columns(self, jets: Candidates, *, radius: float) -> Seen:
        """Computed from constituents, or taken as stored."""
        plain = tuple(dict.fromkeys(name.removeprefix(LOG) for name in self.names))
        if jets.jets is not None:
            found = observables(jets.jets, radius=radius, names=plain)
        else:
            found = _from_stored(jets.stored, plain)
        return Seen({name: _said(name, found) for name in self.names}, {})


def _field(name: str) -> Field:
    about = OBSERVABLES[name.removeprefix(LOG)]
    doc = f"{about.formula} ({about.source})"
    if name.startswith(LOG):
        return Field(name=name, kind="continuous", doc=f"ln of {doc}")
    return Field(name=name, kind="continuous", unit=about.unit, doc=doc)


def _said(name: str, found: Columns) -> NDArray[Any]:
    if not name.startswith(LOG):
        return found[name]
    plain = name.removeprefix(LOG)
    logarithm: NDArray[Any] = np.log(np.maximum(found[plain], LEAST.get(plain, 1e-4)))
    return logarithm


RATIOS = {f"tau{n}{n - 1}": (f"tau{n}", f"tau{n - 1}") for n in (2, 3, 4)}


def _from_stored(stored: Columns, names: tuple[str, ...]) -> Columns:
    """Stored observables, and ratios of stored ones; a zero denominator gives 0."""
    found = dict(stored)
    for ratio, (above, below) in RATIOS.items():
        if above in stored and below in stored:
            safe = np.where(stored[below] > 0, stored[below], 1.0)
            found[ratio] = np.where(stored[below] > 0, stored[above] / safe, 0.0)
    missing = [name for name in names if name not in found]
    if missing:
        raise SpecError(
            f"observables {', '.join(missing)} are not stored, and there are no "
            "constituents to compute them from",
            expected=f"some of {', '.join(found)}",
            fix="Name these with the observables setting.",
        )
    return {name: found[name] for name in names}


@dataclass(frozen=True)
class Images:
    """One picture per jet: centred, rotated, flipped, see `Image`."""

    image: Image

    @property
    def schema(self) -> Schema:
        """One field of pixels, scaled as a whole: a dim pixel stays dim."""
        root = "square root of the " if self.image.intensity == "sqrt_pt" else ""
        side = self.image.pixels
        return Schema(
            (
                Field(
                    name="image",
                    kind="continuous",
                    shape=(side, side),
                    scale="field",
                    doc=f"{root}share of the jet's pT per pixel",
                ),
            )
        )

    def columns(self, jets: Candidates, *, radius: float) -> Seen:  # noqa: ARG002 - a protocol
        """Pictures, and the share of the pT that they show."""
        found = images(_constituents(jets), self.image)
        return Seen({"image": found.image}, {"image_pt_share": found.kept})


@dataclass(frozen=True)
class Particles:
    """The hardest constituents as a set: pT share, delta eta, delta phi, in the jet's frame."""

    most: int

    def __post_init__(self) -> None:
        if self.most < 1:
            raise SpecError(f"most {self.most}", expected="at least 1 constituent")

    @property
    def schema(self) -> Schema:
        """One set field."""
        inner = (
            Field(name="relative_pt", kind="continuous", doc="share of the jet's pT"),
            Field(name="delta_eta", kind="continuous"),
            Field(name="delta_phi", kind="continuous", unit="rad"),
        )
        return Schema((Field(name="constituents", kind="set", size=self.most, inner=inner),))

    def columns(self, jets: Candidates, *, radius: float) -> Seen:  # noqa: ARG002 - a protocol
        """The set's columns, and how many constituents with what share of pT are beyond it."""
        found = particles(_constituents(jets), most=self.most)
        columns = {
            "constituents.mask": found.mask,
            "constituents.relative_pt": found.relative_pt,
            "constituents.delta_eta": found.delta_eta,
            "constituents.delta_phi": found.delta_phi,
        }
        return Seen(columns, {"dropped": found.dropped, "dropped_pt_share": found.dropped_pt})


def _constituents(jets: Candidates) -> Constituents:
    if jets.jets is None:
        raise SpecError(
            "the mapping has stored observables but no constituents",
            expected="the representation 'observables'",
        )
    return jets.jets
