"""Actions: each descriptor as lines of PLUMED input with the same value, in nm and rad."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sciae.descriptors import (
    RMSD,
    Angles,
    Contacts,
    Coordination,
    Distances,
    InverseDistances,
    Positions,
    RadiusOfGyration,
    Torsions,
)
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sciae.collective.variable import CollectiveVariable
    from sciae.descriptors import Descriptors, Part

__all__ = ["Actions", "actions_of", "framed", "listed"]

LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
PACE = 500  # steps: of what is printed, and of what a comment proposes
FIELD, MOST_SERIAL = 8, 99_999  # columns of a coordinate in a PDB file, and the largest atom


@dataclass
class Actions:
    """Lines of input, the arguments they define in the descriptors' order, and files they read."""

    nopbc: str
    lines: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def define(self, label: str, action: str, note: str, *, argument: str = "") -> None:
        """One more action, and the argument that it gives."""
        self.lines.append(f"{label}: {action}{_comment(note)}")
        self.arguments.append(argument or label)


def actions_of(descriptors: Descriptors) -> Actions:
    """Lines for each number of the descriptors, in their order.

    Raises
    ------
    SpecError
        If a part has no counterpart of exactly the same value.
    """
    actions = Actions("" if descriptors.periodic else " NOPBC")
    groups = [p for p in descriptors.parts if isinstance(p, RadiusOfGyration | RMSD | Positions)]
    if descriptors.periodic:
        entities = [f"ENTITY{k}={listed(part.atoms)}" for k, part in enumerate(groups)]
        actions.lines += [f"WHOLEMOLECULES {' '.join(entities)}"] * bool(entities)
    blocks = {}
    # a fit moves every atom for the lines below it: those of `Positions` come last
    for k, part in sorted(enumerate(descriptors.parts), key=lambda p: isinstance(p[1], Positions)):
        if type(part) not in PARTS:
            raise _without_counterpart(part)
        label = part.name if LABEL.fullmatch(part.name) else f"part{k}"
        first = len(actions.arguments)
        PARTS[type(part)](actions, part, label, part.labelled(descriptors.names))
        blocks[k] = actions.arguments[first:]
    actions.arguments = [one for k in sorted(blocks) for one in blocks[k]]
    return actions


def _comment(note: str) -> str:
    """A note on the same line: a name must not begin another."""
    return f"  # {' '.join(note.split())}" if note else ""


def framed(cv: CollectiveVariable, lines: Sequence[str], values: Sequence[str]) -> str:
    """Lines with the units above them, and below them what prints and what could bias."""
    arguments = ",".join(values)
    free = [k for k, period in enumerate(cv.periods) if period is None]
    walls = [
        f"# {kind}: {kind.upper()}_WALLS ARG={','.join(values[k] for k in free)} "
        f"AT={','.join(f'{end[k]:.6g}' for k in free)} "
        f"KAPPA={','.join(['1000'] * len(free))}"
        for kind, end in (("lower", cv.low), ("upper", cv.high))
        if free
    ]
    return "\n".join([
        f"# A collective variable of {cv.dim} coordinate(s): {', '.join(cv.names)}.",
        "UNITS LENGTH=nm ENERGY=kj/mol TIME=ps",
        *lines,
        f"PRINT ARG={arguments} FILE=COLVAR STRIDE={PACE}",
        "# To bias it, say with OPES; BARRIER (kJ/mol) is the highest that should be crossed:",
        f"# opes: OPES_METAD ARG={arguments} PACE={PACE} TEMP=300 BARRIER=40",
        *(["# Beyond its training data the network knows nothing:"] if free else []),
        *walls,
        f"# PRINT ARG={arguments},opes.bias FILE=COLVAR.opes STRIDE={PACE}",
        "",
    ])  # fmt: skip


def listed(atoms: Sequence[int]) -> str:
    """Atoms as PLUMED counts them: from 1.

    Examples
    --------
    >>> listed([0, 4])
    '1,5'
    """
    return ",".join(str(i + 1) for i in atoms)


def _tuples(action: str, tuples: str) -> Callable[[Actions, Any, str, Sequence[str]], None]:
    """An action of a few atoms for each number."""

    def add(actions: Actions, part: Any, label: str, notes: Sequence[str]) -> None:
        for k, (atoms, note) in enumerate(zip(getattr(part, tuples), notes, strict=True), 1):
            actions.define(f"{label}_{k}", f"{action} ATOMS={listed(atoms)}{actions.nopbc}", note)

    return add


def _inverse(actions: Actions, part: InverseDistances, label: str, notes: Sequence[str]) -> None:
    for k, (pair, note) in enumerate(zip(part.pairs, notes, strict=True), 1):
        actions.lines.append(f"{label}_d{k}: DISTANCE ATOMS={listed(pair)}{actions.nopbc}")
        actions.define(f"{label}_{k}", f"CUSTOM ARG={label}_d{k} FUNC=1/x PERIODIC=NO", note)


def _switched(
    actions: Actions, part: Contacts | Coordination, groups: tuple[Sequence[int], Sequence[int]]
) -> str:
    # by SWITCH: with R_0, NN and MM alone PLUMED cuts and stretches the function
    switch = f"SWITCH={{RATIONAL R_0={part.r0!r} D_0=0 NN={part.n} MM={part.m}}}"
    first, second = map(listed, groups)
    return f"COORDINATION GROUPA={first} GROUPB={second} {switch}{actions.nopbc}"


def _contacts(actions: Actions, part: Contacts, label: str, notes: Sequence[str]) -> None:
    for k, ((i, j), note) in enumerate(zip(part.pairs, notes, strict=True), 1):
        actions.define(f"{label}_{k}", _switched(actions, part, ([i], [j])), note)


def _coordination(actions: Actions, part: Coordination, label: str, _: Sequence[str]) -> None:
    actions.define(f"{label}_1", _switched(actions, part, (part.first, part.second)), "")


def _gyration(actions: Actions, part: RadiusOfGyration, label: str, _: Sequence[str]) -> None:
    """With the masses of the descriptor: those of a simulation may be others."""
    if len(set(part.masses)) <= 1:
        atoms = listed(part.atoms)
        actions.define(f"{label}_1", f"GYRATION TYPE=RADIUS ATOMS={atoms} NOPBC", "")
        return
    weights = part.weights.tolist()
    given = ",".join(map(repr, weights))
    actions.lines.append(f"{label}_c: CENTER ATOMS={listed(part.atoms)} WEIGHTS={given} NOPBC")
    arms = [f"{label}_d{k}" for k in range(1, len(weights) + 1)]
    actions.lines += [
        f"{arm}: DISTANCE ATOMS={label}_c,{i + 1} NOPBC"
        for arm, i in zip(arms, part.atoms, strict=True)
    ]
    powers = ",".join("2" * len(arms))
    actions.lines.append(
        f"{label}_s: COMBINE ARG={','.join(arms)} COEFFICIENTS={given} POWERS={powers} PERIODIC=NO"
    )
    actions.define(f"{label}_1", f"CUSTOM ARG={label}_s FUNC=sqrt(x) PERIODIC=NO", "")


def _rmsd(actions: Actions, part: RMSD, label: str, _: Sequence[str]) -> None:
    file = f"{label}.pdb"
    actions.files[file] = _pdb(part, part.centred)
    actions.define(f"{label}_1", f"RMSD REFERENCE={file} TYPE=OPTIMAL NOPBC", "")


def _positions(actions: Actions, part: Positions, label: str, notes: Sequence[str]) -> None:
    file = f"{label}.pdb"
    actions.files[file] = _pdb(part, part.centred)
    actions.lines.append(f"FIT_TO_TEMPLATE STRIDE=1 REFERENCE={file} TYPE=OPTIMAL NOPBC")
    for k, atom in enumerate(part.atoms):
        name = f"{label}_{k + 1}"
        note = ", ".join(notes[3 * k : 3 * k + 3])
        actions.lines.append(f"{name}: POSITION ATOM={atom + 1} NOPBC{_comment(note)}")
        actions.arguments += [f"{name}.{axis}" for axis in "xyz"]


def _pdb(part: RMSD | Positions, reference: NDArray[np.float64]) -> str:
    """A reference in Angstrom, with as many digits as the columns of a PDB file hold."""
    if max(part.atoms) >= MOST_SERIAL:
        raise SpecError(
            f"atom {max(part.atoms)} of part {part.name!r}", where="plumed_files",
            expected=f"at most {MOST_SERIAL} atoms in the numbering of a PDB file",
        )  # fmt: skip
    lines = [
        f"ATOM  {atom + 1:5d}  X   REF A   1    {''.join(map(_fixed, row))}  1.00  1.00"
        for atom, row in zip(part.atoms, (10 * reference).tolist(), strict=True)
    ]
    return "\n".join([*lines, "END", ""])


def _fixed(x: float) -> str:
    """A number in eight columns, the first of them blank or a sign.

    Examples
    --------
    >>> _fixed(-1.25), _fixed(123.456789)
    ('-1.25000', ' 123.457')
    """
    whole = len(str(int(abs(x))))
    return f"{x: .{FIELD}f}"[:FIELD] if whole >= FIELD else f"{x: .{FIELD - 2 - whole}f}"


def _without_counterpart(part: Part) -> SpecError:
    known = ", ".join(kind.__name__ for kind in PARTS)
    return SpecError(
        f"part {part.name!r}, {type(part).__name__}, has no PLUMED action of the same value",
        where="plumed_files", expected=f"parts among {known}",
        fix="Learn a variable without it, or bias with sciae.simulation.",
    )  # fmt: skip


# How each kind of part is written.
PARTS: dict[type[Part], Callable[[Actions, Any, str, Sequence[str]], None]] = {
    Distances: _tuples("DISTANCE", "pairs"),
    InverseDistances: _inverse,
    Angles: _tuples("ANGLE", "triples"),
    Torsions: _tuples("TORSION", "quadruples"),
    Contacts: _contacts,
    Coordination: _coordination,
    RadiusOfGyration: _gyration,
    RMSD: _rmsd,
    Positions: _positions,
}
