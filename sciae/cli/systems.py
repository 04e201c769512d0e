"""Options that say what is simulated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.simulation.simulated import Simulated

__all__ = ["CONTROL", "system_of", "system_options", "topology_of"]

F = TypeVar("F", bound=Callable[..., Any])

CONTROL = "mueller-brown"
SCALE = 0.25  # of the control: its barrier is then about 10 kT at 300 K
STRUCTURES = (".pdb", ".ent", ".cif")
PARTNERS = {  # what else a file needs: the option, and what it names
    ".prmtop": ("coordinates", "an inpcrd or rst7 file"),
    ".parm7": ("coordinates", "an inpcrd or rst7 file"),
    ".top": ("coordinates", "a GRO file"),
    ".xml": ("topology", "a PDB or mmCIF file with names and positions"),
}
SYSTEM = (
    click.option(
        "--system",
        required=True,
        metavar="FILE",
        help="PDB or mmCIF with every atom; prmtop, top or OpenMM's XML with its partner; or "
        f"{CONTROL}, a control with a known answer.",
    ),
    click.option("--coordinates", metavar="FILE", help="inpcrd of a prmtop, GRO of a top."),
    click.option("--topology", metavar="FILE", help="PDB with the names and positions of an XML."),
    click.option(
        "--forcefield",
        multiple=True,
        metavar="NAME",
        help="For PDB and mmCIF: amber99sb, amber14, amber14/tip3p, charmm36, ... or an XML "
        "file; may be repeated.  [default: amber14]",
    ),
    click.option(
        "--implicit",
        type=click.Choice(("hct", "obc1", "obc2", "gbn", "gbn2")),
        help="Implicit solvent.",
    ),
    click.option(
        "--hydrogen-mass",
        type=click.FloatRange(0, min_open=True),
        metavar="DALTON",
        help="Heavier hydrogens, for longer time steps.",
    ),
)


def system_options(command: F) -> F:
    """The options that say what is simulated."""
    for option in reversed(SYSTEM):
        command = option(command)
    return command


def system_of(options: Mapping[str, Any]) -> Simulated:
    """What is simulated.

    Raises
    ------
    SpecError
        If the options do not fit each other, or a force field does not know a residue.
    SourceError
        If a file cannot be read.
    MissingExtraError
        If OpenMM is not installed.
    """
    if options["system"] == CONTROL:
        from sciae.simulation.engines.potential import mueller_brown

        return mueller_brown(scale=SCALE)
    path = Path(options["system"])
    _require(path, options)
    from sciae import simulation

    mass = {"hydrogen_mass": options["hydrogen_mass"]}
    if path.suffix.lower() in STRUCTURES:
        return simulation.from_pdb(  # type: ignore[no-any-return]
            path, force_field=options["forcefield"] or ("amber14",),
            implicit=options["implicit"] or "", **mass,
        )  # fmt: skip
    if path.suffix == ".top":
        return simulation.from_gromacs(path, options["coordinates"], **mass)  # type: ignore[no-any-return]
    if path.suffix == ".xml":
        return simulation.from_xml(path, options["topology"])  # type: ignore[no-any-return]
    return simulation.from_amber(  # type: ignore[no-any-return]
        path, options["coordinates"], implicit=options["implicit"] or "", **mass
    )


def topology_of(options: Mapping[str, Any]) -> Path:
    """The file with the names of the atoms that are simulated.

    Raises
    ------
    SpecError
        If there are no atoms.
    """
    if options["system"] == CONTROL:
        raise SpecError(f"{CONTROL} has no atoms", where="--system", fix="Leave --along out.")
    path = Path(options["system"])
    other = {".top": options["coordinates"], ".xml": options["topology"]}
    return Path(other.get(path.suffix.lower()) or path)


def _require(path: Path, options: Mapping[str, Any]) -> None:
    """Files that are there, and options that mean something together."""
    from sciae.cli.sources import check_sources

    suffix = path.suffix.lower()
    if suffix not in (*STRUCTURES, *PARTNERS):
        raise SpecError(
            f"--system {path}",
            expected=f"{', '.join((*STRUCTURES, *PARTNERS))}, or {CONTROL}",
        )
    check_sources((path,))
    name, what = PARTNERS.get(suffix, ("", ""))
    if name and not options[name]:
        raise SpecError(f"{suffix} without --{name}", where=path, expected=what)
    if name:
        check_sources((Path(options[name]),))
    no_use = {
        "forcefield": suffix not in STRUCTURES,
        "implicit": suffix in (".top", ".xml"),
        "hydrogen_mass": suffix == ".xml",
    }
    if wrong := [name for name, useless in no_use.items() if useless and options[name]]:
        raise SpecError(
            f"--{wrong[0].replace('_', '-')} with a {suffix} file", where=path,
            expected="none: the file says it",
        )  # fmt: skip
