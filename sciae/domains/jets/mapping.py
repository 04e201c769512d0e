"""Mapping: which branches of a stranger's tree hold what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

__all__ = ["MAPPINGS", "Mapping", "parse"]

POLAR = {"pt", "eta", "phi"}
CARTESIAN = {"px", "py", "pz", "e"}
ENERGY = {"e", "m"}
SCALES = {"GeV": 1.0, "MeV": 1e-3, "TeV": 1e3}


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Branches of a tree, by what they mean.

    One of three shapes: `constituents` (each entry is one jet), `particles` (each entry is
    an event, to be clustered), or `stored` (each entry is an event with jets whose
    observables are already there, and no constituents).

    Parameters
    ----------
    tree : str
        Name of the tree; "" for Parquet.
    constituents, particles : mapping of str to str
        ``pt, eta, phi`` and optionally ``e`` or ``m`` (massless without), or
        ``px, py, pz, e``, to branch names.
    scale : str, optional
        A branch that multiplies each particle's momentum (PUPPI weights).
    stored : mapping of str to str
        Observables (keys of `sciae.domains.jets.observables.OBSERVABLES`) to branches.
    group : str
        Branch whose equal values mark one event; "" if each entry is its own.
    weight : str
        Branch with the weight of the entry, which may be negative; "" for none.
    keep : tuple of str
        Branches copied to the table's `carried` columns and into friend trees.
    unit : str
        Of momenta: "GeV", "MeV" or "TeV".

    Raises
    ------
    SpecError
        If the coordinates are neither polar nor Cartesian, or the shape is not one of three.

    Examples
    --------
    >>> Mapping(tree="t", constituents={"pt": "a", "eta": "b", "phi": "c"}).polar
    True
    """

    tree: str = ""
    constituents: Dict[str, str] = field(default_factory=dict)
    particles: Dict[str, str] = field(default_factory=dict)
    scale: str = ""
    stored: Dict[str, str] = field(default_factory=dict)
    group: str = ""
    weight: str = ""
    keep: tuple[str, ...] = ()
    unit: str = "GeV"

    def __post_init__(self) -> None:
        shapes = [bool(self.constituents), bool(self.particles), bool(self.stored)]
        if sum(shapes) != 1:
            raise SpecError(
                "a mapping names constituents, particles or stored observables",
                expected="exactly one of the three",
            )
        if self.unit not in SCALES:
            raise SpecError(f"unit {self.unit!r}", expected=f"one of {', '.join(SCALES)}")
        if not self.stored:
            _check_coordinates(set(self.momenta))

    @property
    def momenta(self) -> Dict[str, str]:
        """The branches of the four-momenta."""
        return self.constituents or self.particles

    @property
    def polar(self) -> bool:
        """Whether momenta are (pt, eta, phi), not (px, py, pz, e)."""
        return set(self.momenta) >= POLAR

    @property
    def branches(self) -> tuple[str, ...]:
        """Every branch that is read."""
        named = [*self.momenta.values(), *self.stored.values(), self.scale, self.group, self.weight]
        named += self.keep
        return tuple(dict.fromkeys(name for name in named if name))


def _check_coordinates(got: set[str]) -> None:
    polar = got >= POLAR and got - POLAR <= ENERGY and len(got & ENERGY) <= 1
    if not polar and got != CARTESIAN:
        raise SpecError(
            f"coordinates {', '.join(sorted(got)) or 'none'}",
            where="mapping",
            expected="pt, eta, phi and at most one of e and m; or px, py, pz, e",
        )


def parse(text: str) -> dict[str, str]:
    """A mapping written as ``pt=c_pt,eta=c_eta``.

    Raises
    ------
    SpecError
        If a part is not ``name=branch``.

    Examples
    --------
    >>> parse("pt=c_pt,eta=c_eta")
    {'pt': 'c_pt', 'eta': 'c_eta'}
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    pairs = [part.partition("=") for part in parts]
    if not pairs or not all(name.strip() and branch.strip() for name, _, branch in pairs):
        raise SpecError(f"mapping {text!r}", expected="name=branch pairs, as in pt=c_pt,eta=c_eta")
    return {name.strip(): branch.strip() for name, _, branch in pairs}


# Known layouts, tried in this order on a file whose mapping is not given.
MAPPINGS = {
    "sciae": Mapping(
        tree="jets",
        group="evt",
        keep=("evt", "jrank"),
        constituents={"pt": "c_pt", "eta": "c_eta", "phi": "c_phi", "e": "c_e"},
    ),
    "pfnano": Mapping(
        tree="Events",
        group="event",
        keep=("run", "luminosityBlock", "event"),
        particles={name: f"PFCands_{name}" for name in ("pt", "eta", "phi")}
        | {"m": "PFCands_mass"},
        scale="PFCands_puppiWeight",
    ),
    "nanoaod": Mapping(
        tree="Events",
        group="event",
        keep=("run", "luminosityBlock", "event"),
        stored={name: f"FatJet_{name}" for name in ("pt", "eta", "mass", "tau1", "tau2", "tau3")}
        | {"multiplicity": "FatJet_nConstituents"},
    ),
}
