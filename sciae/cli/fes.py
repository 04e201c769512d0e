"""sciae fes: the free energy that a biased run gives, along anything that was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciae.cli.landscape import basins_of, parts_of_page, say
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.report import Page
    from sciae.run import Run
    from sciae.sampling import Landscape, Sampled
    from sciae.simulation import BiasedRun

__all__ = ["fes"]

LAST = "round-*"  # of `sciae simulate --rounds`
NONE = "none"


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory of the result; made if it is not there.",
)
@click.option(
    "--along",
    multiple=True,
    metavar="NAME",
    help="A coordinate of the variable (s0), a column of COLVAR, or a feature of the atoms "
    "(torsion:4-6-8-14, torsions); two give a map.  [default: the variable]",
)
@click.option("--bins", type=click.IntRange(2), help="Per coordinate.  [default: 60; map: 40]")
@click.option(
    "--basin",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="Two of them, e.g. A=-160deg:0 and B=0:130deg; of a map NAME=LOW:HIGH,LOW:HIGH.  "
    "[default: the two deepest]",
)
@click.option(
    "--skip",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.2,  # as sciae.sampling.SKIP
    show_default=True,
    help="Share of each trajectory, from its begin, that is left out.",
)
@click.option("--temperature", metavar="KELVIN", help="Of COLVAR files.")
@click.option(
    "--bias-column", metavar="NAME", help=f"Of COLVAR files; {NONE}: unbiased.  [default: bias]"
)
@click.option("--offset", metavar="NAME", help="Column of c(t), rct, of COLVAR files.")
@click.option("--overwrite", is_flag=True, help="Replace a finished run in --out.")
def fes(sources: tuple[Path, ...], out: Path, **options: Any) -> None:
    """Reweight a run of `sciae simulate`, or COLVAR files of PLUMED.

    \b
    $ sciae fes run/ --along x --out fes/
    100000 frames, 1 ps apart; after reweighting they count as 5988
    along x: ΔF 9.38 [9.17, 9.60] kJ/mol; barrier 15.59 [15.30, 15.87] kJ/mol
    along x: 2698 transitions forward, 2699 backward (67.5 per ns)
    Converged as far as can be told: every condition is met.
    ...
    written to fes (report: fes/report.html)

    \b
    sciae fes run/ --along torsion:4-6-8-14 --basin A=-180deg:0deg --basin B=0deg:130deg --out fes/
    sciae fes COLVAR --along phi --temperature 300 --bias-column opes.bias --out fes/
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    from sciae.cli.sources import check_sources
    from sciae.run import Run
    from sciae.sampling import landscapes

    check_sources(sources)
    biased = _biased(sources, options)
    sampled = _sampled(sources, biased, options)
    basins = basins_of(options["basin"], min(sampled.dim, 2) if sampled.dim < 3 else 1)  # noqa: PLR2004
    settings = {name: value for name, value in options.items() if name != "overwrite"}
    settings["sources"] = [str(source) for source in sources]
    with Run.open(
        out, command="sciae fes", settings=settings, overwrite=options["overwrite"]
    ) as run:
        for path in _inputs(sources, biased):
            run.add_input(path)
        with run.timing("free energy"):
            found = landscapes(sampled, bins=options["bins"], basins=basins, skip=options["skip"])
        _write(run, found, biased)
        say(sampled, found)
    click.echo(f"written to {out} (report: {out / 'report.html'})")


def _biased(sources: Sequence[Path], options: Mapping[str, Any]) -> BiasedRun | None:
    """The run in a directory; None of files."""
    if not sources[0].is_dir():
        return None
    unfit = [name for name in ("temperature", "bias_column", "offset") if options[name]]
    if len(sources) > 1 or unfit:
        what = f"--{unfit[0].replace('_', '-')}" if unfit else f"{len(sources)} sources"
        raise SpecError(f"{what} with a run directory", where=sources[0], expected="it alone")
    from sciae.simulation import BiasedRun

    last = sorted(sources[0].glob(LAST), key=lambda path: int(path.name.partition("-")[2]))
    return BiasedRun.load(last[-1] / "run" if last else sources[0])


def _sampled(
    sources: Sequence[Path], biased: BiasedRun | None, options: Mapping[str, Any]
) -> Sampled:
    from sciae.sampling import of_colvar, of_run

    if biased is not None:
        return of_run(biased, options["along"])
    if not options["temperature"]:
        raise SpecError("no temperature", where=sources[0], expected="--temperature, in K")
    from sciae.simulation.quantities import kelvin

    column = options["bias_column"] or "bias"
    return of_colvar(
        sources, options["along"], bias="" if column == NONE else column,
        offset=options["offset"] or "", temperature=kelvin(options["temperature"]),
    )  # fmt: skip


def _inputs(sources: Sequence[Path], biased: BiasedRun | None) -> list[Path]:
    """What was read."""
    if biased is None:
        return list(sources)
    plan = biased.plan
    return [biased.directory / plan.named("COLVAR", k) for k in range(plan.walkers)]


def _write(run: Run, found: Sequence[Landscape], biased: BiasedRun | None) -> None:
    from sciae.report import facts, simulation_page, write_page

    for one in found:
        one.profile.to_csv(run.path(one.file))
        run.add_output(one.file)
    parts, said = parts_of_page(found), facts(run.manifest)
    title = "Free energy"
    page = (
        _page(parts, said, title)
        if biased is None
        else simulation_page(biased, facts=said, title=title, **parts)
    )
    write_page(run.path("report.html"), page)
    run.add_output("report.html")


def _page(parts: Mapping[str, Any], said: Mapping[str, str], title: str) -> Page:
    """Of files that say nothing of how the run was made."""
    from sciae.report import Page, Section
    from sciae.report.simulation import drawings, tables
    from sciae.report.simulation.findings import run_findings

    every = {**parts["profiles"], **parts["maps"]}
    minima, barriers = parts["minima"], parts["barriers"]
    figures = [
        *drawings.profiles(parts["profiles"], minima=minima, barriers=barriers, beside={}),
        *drawings.maps(parts["maps"], minima=minima),
    ]
    told = (
        tables.differences_table(parts["differences"]),
        tables.minima_table(minima, every),
        tables.barriers_table(barriers, every),
        tables.transitions_table(parts["transitions"]),
    )
    findings = run_findings(
        parts["verdict"], differences=parts["differences"], references={}, profiles=every
    )
    numbers = tuple(table for table in told if table is not None)
    sections = (Section("Free energy", figures=tuple(figures), tables=numbers),)
    return Page(title, findings, said, sections)
