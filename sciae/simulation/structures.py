"""Structures: molecular systems from files and the names of force fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SourceError, SpecError
from sciae.simulation.system import RUNS_CODE, MolecularSystem, load_openmm

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openmm
    from openmm import app

__all__ = ["from_amber", "from_gromacs", "from_pdb", "from_xml"]

ALIASES = {
    "amber14": "amber14-all.xml",
    "amber19": "amber19-all.xml",
}
IMPLICIT = ("hct", "obc1", "obc2", "gbn", "gbn2")
CONSTRAINTS = {"none": None, "h-bonds": "HBonds", "all-bonds": "AllBonds", "h-angles": "HAngles"}
NONBONDED = ("auto", "none", "pme")
DUMMY = 0.2  # nm: a box of less is what programs write where there is none
FAQ = re.compile(r"\s*For more information, see \S+")


def from_pdb(
    structure: str | Path,
    *,
    force_field: str | Sequence[str] = "amber14",
    implicit: str = "",
    nonbonded: str = "auto",
    cutoff: float = 1.0,
    constraints: str = "h-bonds",
    hydrogen_mass: float | None = None,
) -> MolecularSystem:
    """A system from a PDB or mmCIF file and OpenMM's force fields.

    Parameters
    ----------
    structure : path
        With every atom, hydrogens included.
    force_field : str or sequence of str
        Names such as "amber99sb" or "amber14", and of water models such as
        "amber14/tip3p"; or paths of one's own XML files.
    implicit : {"", "hct", "obc1", "obc2", "gbn", "gbn2"}
        Implicit solvent; by default none.
    nonbonded : {"auto", "none", "pme"}
        All pairs ("none"), or Ewald sums in the box ("pme"). "auto": the latter if the
        file has a box and there is no implicit solvent.
    cutoff : float
        Of direct interactions with "pme", in nm.
    constraints : {"h-bonds", "none", "all-bonds", "h-angles"}
        What is rigid.
    hydrogen_mass : float, optional
        In daltons, taken from the atoms that they are bound to, for longer time steps.

    Raises
    ------
    SpecError
        If a name is unknown, or the force field does not know a residue: which, and what
        to do.
    SourceError
        If the file cannot be read.
    MissingExtraError
        If OpenMM is not installed.
    """
    _known(implicit, ("", *IMPLICIT), where="implicit")
    names = (force_field,) if isinstance(force_field, str) else tuple(force_field)
    files = [_file(name) for name in names] + ([f"implicit/{implicit}.xml"] if implicit else [])
    read = _read_structure(Path(structure))
    field = _force_field(files)
    periodic = _is_periodic(read.topology, nonbonded, implicit, cutoff, structure)
    system = _built(
        field,
        read.topology,
        str(structure),
        **_settings(constraints, hydrogen_mass, periodic=periodic, cutoff=cutoff),
    )
    about = {"structure": str(structure), "force_field": list(names), "implicit": implicit}
    return MolecularSystem(
        system=system, topology=read.topology, positions=_nanometres(read.positions), about=about
    )


def from_amber(
    prmtop: str | Path,
    coordinates: str | Path,
    *,
    implicit: str = "",
    nonbonded: str = "auto",
    cutoff: float = 1.0,
    constraints: str = "h-bonds",
    hydrogen_mass: float | None = None,
) -> MolecularSystem:
    """A system from AMBER's prmtop and inpcrd (or rst7); settings as in `from_pdb`."""
    _known(implicit, ("", *IMPLICIT), where="implicit")
    app = load_openmm().app
    inpcrd = _opened(app.AmberInpcrdFile, coordinates)
    box = inpcrd.boxVectors
    top = _opened(app.AmberPrmtopFile, prmtop, periodicBoxVectors=box)
    periodic = _is_periodic(top.topology, nonbonded, implicit, cutoff, prmtop)
    solvent = {"implicitSolvent": getattr(app, _gb_name(implicit))} if implicit else {}
    settings = _settings(constraints, hydrogen_mass, periodic=periodic, cutoff=cutoff)
    system = _built(top, None, str(prmtop), **settings, **solvent)
    if periodic and box is not None:
        system.setDefaultPeriodicBoxVectors(*box)
    return MolecularSystem(
        system=system,
        topology=top.topology,
        positions=_nanometres(inpcrd.positions),
        about={"prmtop": str(prmtop), "coordinates": str(coordinates), "implicit": implicit},
    )


def from_gromacs(
    top: str | Path,
    gro: str | Path,
    *,
    include: str | Path | None = None,
    nonbonded: str = "auto",
    cutoff: float = 1.0,
    constraints: str = "h-bonds",
    hydrogen_mass: float | None = None,
) -> MolecularSystem:
    """A system from GROMACS's top and gro; `include` is the folder of its force fields."""
    app = load_openmm().app
    structure = _opened(app.GromacsGroFile, gro)
    box = structure.getPeriodicBoxVectors()
    box = None if box is None or _least(box) < DUMMY else box
    where = {} if include is None else {"includeDir": str(include)}
    read = _opened(app.GromacsTopFile, top, periodicBoxVectors=box, **where)
    periodic = _is_periodic(read.topology, nonbonded, "", cutoff, gro)
    settings = _settings(constraints, hydrogen_mass, periodic=periodic, cutoff=cutoff)
    return MolecularSystem(
        system=_built(read, None, str(top), **settings),
        topology=read.topology,
        positions=_nanometres(structure.positions),
        about={"top": str(top), "gro": str(gro)},
    )


def from_xml(system: str | Path, structure: str | Path) -> MolecularSystem:
    """A system from OpenMM's XML, and a PDB or mmCIF file with names and positions.

    Raises
    ------
    SourceError
        If it cannot be read, or would run code when read.
    """
    mm = load_openmm()
    try:
        text = Path(system).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot be read ({error})", where=system) from error
    if RUNS_CODE in text:
        raise SourceError(
            f"holds a {RUNS_CODE}, whose function is a Python object: reading it runs code",
            where=system,
            fix="Build that system in Python and hand it in as a MolecularSystem.",
        )
    try:
        made = mm.XmlSerializer.deserialize(text)
    except (mm.OpenMMException, ValueError) as error:
        raise SourceError(f"not a system of OpenMM ({error})", where=system) from error
    if not isinstance(made, mm.System):
        raise SourceError(f"a {type(made).__name__}", where=system, expected="a System")
    read = _read_structure(Path(structure))
    return MolecularSystem(
        system=made,
        topology=read.topology,
        positions=_nanometres(read.positions),
        about={"system": str(system), "structure": str(structure)},
    )


def _read_structure(path: Path) -> Any:
    app = load_openmm().app
    readers = {".pdb": app.PDBFile, ".ent": app.PDBFile, ".cif": app.PDBxFile}
    _known(path.suffix.lower(), tuple(readers), where=f"structure {path}")
    return _opened(readers[path.suffix.lower()], path)


def _opened(reader: Any, path: str | Path, **settings: Any) -> Any:
    """Read a file with a class of OpenMM's, whose errors are of every kind."""
    try:
        return reader(str(path), **settings)
    except Exception as error:
        raise SourceError(
            f"{reader.__name__} cannot read it ({type(error).__name__}: {error})", where=path
        ) from error


def _force_field(files: Sequence[str]) -> app.ForceField:
    mm = load_openmm()
    try:
        return mm.app.ForceField(*files)
    except ValueError as error:
        raise SpecError(
            str(error),
            where="force_field",
            expected="names such as 'amber99sb', 'amber14', 'charmm36', or a path",
            fix="They are the XML files that OpenMM brings along.",
        ) from error


def _built(maker: Any, topology: app.Topology | None, where: str, **settings: Any) -> openmm.System:
    """The system, or the reason why there is none."""
    first = () if topology is None else (topology,)
    try:
        return maker.createSystem(*first, **settings)
    except (ValueError, KeyError) as error:
        said = FAQ.sub("", str(error)).strip().rstrip(".")
        fix = (
            "Name caps ACE and NME, add missing atoms (openmm.app.Modeller, pdbfixer), or add "
            "a force field that knows this residue: force_field=('amber14', 'mine.xml')."
            if "template" in said
            else ""
        )
        raise SpecError(said, where=where, fix=fix) from error


def _settings(
    constraints: str, hydrogen_mass: float | None, *, periodic: bool, cutoff: float
) -> dict[str, Any]:
    _known(constraints, tuple(CONSTRAINTS), where="constraints")
    app = load_openmm().app
    chosen = CONSTRAINTS[constraints]
    settings: dict[str, Any] = {
        "nonbondedMethod": app.PME if periodic else app.NoCutoff,
        "constraints": getattr(app, chosen) if chosen else None,
    }
    if periodic:
        settings["nonbondedCutoff"] = cutoff
    if hydrogen_mass is not None:
        settings["hydrogenMass"] = hydrogen_mass
    return settings


def _is_periodic(
    topology: app.Topology, nonbonded: str, implicit: str, cutoff: float, where: object
) -> bool:
    _known(nonbonded, NONBONDED, where="nonbonded")
    box = topology.getPeriodicBoxVectors()
    if box is not None and _least(box) < DUMMY:
        box = None
    if box is None or nonbonded == "none" or (implicit and nonbonded == "auto"):
        if nonbonded == "pme":
            raise SpecError("no box", where=where, expected="one, for nonbonded='pme'")
        topology.setPeriodicBoxVectors(None)
        return False
    if _least(box) < 2 * cutoff:
        raise SpecError(
            f"a box of {_least(box):g} nm", where=where,
            expected=f"at least twice the cutoff of {cutoff:g} nm",
            fix="Take a shorter cutoff, or nonbonded='none' for a molecule in vacuum.",
        )  # fmt: skip
    return True


def _least(box: Any) -> float:
    """The least of the three diagonal entries, in nm."""
    return float(min(_nanometres(box).diagonal()))


def _nanometres(quantity: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    from openmm import unit

    return np.array(quantity.value_in_unit(unit.nanometer), np.float64)


def _file(name: str) -> str:
    return name if name.endswith(".xml") else ALIASES.get(name, f"{name}.xml")


def _gb_name(implicit: str) -> str:
    return {"gbn": "GBn", "gbn2": "GBn2"}.get(implicit, implicit.upper())


def _known(name: str, known: Sequence[str], *, where: str) -> None:
    if name not in known:
        raise SpecError(f"{name!r} is not known", where=where, expected=", ".join(map(repr, known)))
