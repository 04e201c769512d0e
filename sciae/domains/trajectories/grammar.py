"""The grammar of feature strings, such as "torsions" or "distances:name CA|resname LIG"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sciae.errors import SpecError

__all__ = ["GRAMMAR", "Feature", "parse"]

GRAMMAR = """\
torsions                      backbone phi, psi and omega, also at ACE and NME caps
torsions:all                  every proper torsion of heavy atoms around a bond
torsions:SELECTION            those of the heavy atoms selected
sidechains                    chi1 to chi5
angles:all, angles:SELECTION  angles between bonds of heavy atoms
distances                     all pairs of heavy atoms
distances:SELECTION           all pairs of the atoms selected
distances:SEL_A|SEL_B         pairs of one atom of each
inverse-distances...          the same, as 1/d
contacts...@R0                the same, as (1-x^6)/(1-x^12), x = d/R0, R0 in nm (0.45)
coordination:SEL_A|SEL_B@R0   the sum of contacts of two groups (R0 0.3)
positions:SELECTION           coordinates aligned to the topology's
rmsd, rmsd:SELECTION          deviation from the topology's coordinates (heavy atoms)
rg, rg:SELECTION              radius of gyration, by masses (heavy atoms)
torsion:4-6-8-14              one torsion by indices from 0; so angle:4-6-8, distance:4-6
SELECTION is of mdtraj's language ("name CA and resid 0 to 3"), or "heavy"."""

PAIR = re.compile(r"(?<!\|)\|(?!\|)")  # "||" is an "or" of the selection language
INDEXED = {"torsion": 4, "angle": 3, "distance": 2}
RANGED = {"contacts": 0.45, "coordination": 0.3}  # nm
SELECTED = {  # the numbers of selections each kind takes
    "torsions": (0, 1),
    "sidechains": (0,),
    "angles": (1,),
    "distances": (0, 1, 2),
    "inverse-distances": (0, 1, 2),
    "contacts": (0, 1, 2),
    "coordination": (2,),
    "positions": (1,),
    "rmsd": (0, 1),
    "rg": (0, 1),
}


@dataclass(frozen=True)
class Feature:
    """What a feature string says.

    Attributes
    ----------
    text : str
        The string.
    kind : str
        The word before the colon.
    selections : tuple of str
        In mdtraj's language; none, one or two.
    atoms : tuple of int
        Indices, where it names them.
    r0 : float
        nm, of contacts and coordination.
    """

    text: str
    kind: str
    selections: tuple[str, ...] = ()
    atoms: tuple[int, ...] = ()
    r0: float = 0.0


def parse(text: str) -> Feature:
    """A feature string taken apart.

    Raises
    ------
    SpecError
        If it is not of the grammar, which the message lists.

    Examples
    --------
    >>> parse("contacts:name CA|resname LIG@0.5").selections
    ('name CA', 'resname LIG')
    >>> parse("torsion:4-6-8-14").atoms
    (4, 6, 8, 14)
    """
    kind, colon, rest = (part.strip() for part in text.partition(":"))
    if not colon:  # contacts@0.5
        kind, at, number = (part.strip() for part in text.partition("@"))
        rest = at + number
    if kind in INDEXED:
        return Feature(text, kind, atoms=_indices(text, rest, INDEXED[kind]))
    if kind not in SELECTED:
        raise _unknown(text, "no such kind of feature")
    r0 = 0.0
    if kind in RANGED:
        rest, at, number = (part.strip() for part in rest.partition("@"))
        r0 = _positive(text, number) if at else RANGED[kind]
    selections = tuple(part.strip() for part in PAIR.split(rest)) if rest else ()
    if len(selections) not in SELECTED[kind] or "" in selections or (colon and not rest):
        raise _unknown(text, f"{len(selections)} selections")
    return Feature(text, kind, selections, r0=r0)


def _indices(text: str, rest: str, count: int) -> tuple[int, ...]:
    parts = rest.split("-")
    if len(parts) != count or not all(part.strip().isdecimal() for part in parts):
        raise _unknown(text, f"not {count} indices")
    atoms = tuple(int(part) for part in parts)
    if len(set(atoms)) != count:
        raise _unknown(text, "an atom is named twice")
    return atoms


def _positive(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise _unknown(text, f"{number!r} is not a length in nm")
    return value


def _unknown(text: str, what: str) -> SpecError:
    return SpecError(f"{what} in {text!r}", where="features", expected=f"one of\n{GRAMMAR}")
