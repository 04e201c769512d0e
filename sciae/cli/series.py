"""Options that say which frames are read, and what is computed of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sciae.errors import MissingExtraError, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sciae.domains.trajectories import Trajectories

__all__ = ["domain_name", "features_options", "series_domain", "series_options", "trajectories"]

F = TypeVar("F", bound=Callable[..., Any])

TEXTS = (".npy", ".npz", ".colvar", ".dat", ".txt", ".gz")  # files that hold no coordinates
FEATURES = (
    click.option(
        "--features",
        multiple=True,
        metavar="FEATURE",
        help="What is computed of a frame, e.g. torsions, sidechains, distances:SELECTION, "
        "contacts, torsion:4-6-8-14; may be repeated. Of COLVAR files: columns.  "
        "[default: torsions]",
    ),
    click.option(
        "--selection",
        metavar="SELECTION",
        help="Atoms that features look at, in mdtraj's language, e.g. 'resid 0 to 3'.",
    ),
)
SERIES = (
    click.option(
        "--domain",
        type=click.Choice(("auto", "trajectories", "colvar")),
        default="auto",
        show_default=True,
        help="What SOURCES hold; auto: COLVAR text and arrays by their names.",
    ),
    click.option("--topology", metavar="FILE", help="PDB, GRO, PSF or prmtop of the atoms."),
    *FEATURES,
    click.option("--stride", type=click.IntRange(1), help="Take every so many frames."),
    click.option(
        "--blocks",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Parts of each file that may be held out one by one.",
    ),
    click.option("--timestep", metavar="TIME", help="Between frames, if files do not say it."),
    click.option(
        "--bias",
        metavar="COLVAR",
        help="File with the bias on the frames ({folder} and {stem} are those of the "
        "trajectory); of COLVAR files: the column.",
    ),
    click.option("--bias-column", metavar="NAME", help="Its column of the bias, kJ/mol."),
    click.option("--offset", metavar="NAME", help="Its column of c(t) (rct), kJ/mol."),
    click.option("--temperature", metavar="KELVIN", help="Of the biased run."),
)


def features_options(command: F) -> F:
    """The options that say what is computed of a frame."""
    for option in reversed(FEATURES):
        command = option(command)
    return command


def series_options(command: F) -> F:
    """All options of what is read."""
    for option in reversed(SERIES):
        command = option(command)
    return command


def domain_name(given: str, sources: Sequence[Path]) -> str:
    """The domain that is asked for, or that the first file's name stands for.

    Examples
    --------
    >>> from pathlib import Path
    >>> domain_name("auto", [Path("a.xtc")]), domain_name("auto", [Path("COLVAR.0")])
    ('trajectories', 'colvar')
    """
    if given != "auto":
        return given
    first = sources[0]
    is_text = first.suffix in TEXTS or first.name.upper().startswith("COLVAR")
    return "colvar" if is_text else "trajectories"


def series_domain(options: Mapping[str, Any], sources: Sequence[Path]) -> Any:
    """The domain of `series_options`; what it computes fits the topology.

    Raises
    ------
    SpecError
        If an option does not fit, a selection is empty, or a feature is unknown.
    MissingExtraError
        If mdtraj is not installed.
    """
    temperature = options["temperature"] and _kelvin(options["temperature"])
    biased = {"offset": options["offset"] or "", "temperature": temperature or None}
    if domain_name(options["domain"], sources) == "colvar":
        return _colvar(options, sources, biased)
    timestep = options["timestep"]
    return trajectories(
        topology=options["topology"] or "",
        features=options["features"] or ("torsions",),
        selection=options["selection"] or "all",
        stride=options["stride"] or 1,
        blocks=options["blocks"],
        timestep=None if timestep is None else _picoseconds(timestep),
        bias=options["bias"] or "",
        bias_column=options["bias_column"] or "",
        **biased,
    )


def trajectories(**settings: Any) -> Trajectories:
    """The domain of trajectories, whose features have been found in the topology."""
    try:
        from sciae.domains.trajectories import Trajectories
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mdtraj":
            raise
        raise MissingExtraError("mdtraj", "md") from error
    try:
        made = Trajectories(**settings)
        _ = made.schema
    except SpecError as error:
        if "\n" not in str(error):
            raise
        raise SpecError(  # the whole grammar is too long for a line
            error.what, where=error.where,
            expected="such as torsions, sidechains, 'distances:name CA' or torsion:4-6-8-14",
            fix="sciae.domains.trajectories.GRAMMAR lists all.",
        ) from error  # fmt: skip
    return made


def _colvar(options: Mapping[str, Any], sources: Sequence[Path], biased: dict[str, Any]) -> Any:
    from sciae.cli.sources import check_sources
    from sciae.domains.trajectories import Colvar

    unfit = ("topology", "selection", "stride", "timestep", "bias_column")
    if wrong := [name for name in unfit if options[name] is not None]:
        raise SpecError(
            f"--{wrong[0].replace('_', '-')} of files without coordinates", where=sources[0],
            fix="Name columns with --features, and the column of the bias with --bias.",
        )  # fmt: skip
    check_sources(tuple(sources))
    return Colvar(
        fields=options["features"], like=sources[0], blocks=options["blocks"],
        bias=options["bias"] or "", **biased,
    )  # fmt: skip


def _kelvin(text: str) -> float:
    from sciae.simulation.quantities import kelvin

    return kelvin(text, where="--temperature")


def _picoseconds(text: str) -> float:
    from sciae.simulation.quantities import picoseconds

    return picoseconds(text, where="--timestep")
