"""Rounds: learn, simulate along it, learn again, in one directory."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sciae.cli.landscape import parts_of_page, say
from sciae.cli.series import trajectories
from sciae.cli.simulate import GIVEN
from sciae.cli.sources import check_sources
from sciae.cli.systems import topology_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.collective import CollectiveVariable
    from sciae.report import Round
    from sciae.run import Run
    from sciae.sampling import Recipe, Rounds

__all__ = ["run_rounds"]

SWITCHES = ("out", "seed", "resume", "overwrite")
NOT = ("rounds", "time", "last")  # may be more when a run goes on


def run_rounds(
    system: Any, variable: CollectiveVariable | None, options: Mapping[str, Any]
) -> None:
    """Carry them out, and write what came of them."""
    from sciae.run import Run
    from sciae.sampling import rounds

    check_sources(options["data"])
    domain = trajectories(
        topology=topology_of(options), features=options["features"] or ("torsions",),
        selection=options["selection"] or "all",
    )  # fmt: skip
    recipe = _recipe(options)
    settings = {name: _plain(value) for name, value in options.items() if name not in SWITCHES}
    with Run.open(
        options["out"], command="sciae simulate --rounds", settings=settings,
        seed=options["seed"], resume=options["resume"], overwrite=options["overwrite"],
    ) as run:  # fmt: skip
        if not run.resumed:
            _clear(run)
        for source in options["data"]:
            run.add_input(source)
        with run.timing("rounds"):
            found = rounds(
                system, options["data"], domain=domain, out=run.directory,
                number=options["rounds"], time=options["time"], last=options["last"] or "",
                first=variable, recipe=recipe, settings=_said(options),
                rng=options["seed"], resume=run.resumed,
            )  # fmt: skip
        for one in found.rounds:
            click.echo(str(one))
        click.echo(f"between the basins: {found.conclusion}")
        _report(run, found)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _said(options: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that were asked for: else the recipe has its own for each kind of round."""
    source = click.get_current_context().get_parameter_source
    return {n: options[n] for n in GIVEN if source(n) is not ParameterSource.DEFAULT}


def _recipe(options: Mapping[str, Any]) -> Recipe:
    """The default one, but for what is said."""
    from sciae.sampling import Recipe

    return Recipe(**{name: options[name] for name in ("kind", "dim", "lag") if options[name]})


def _clear(run: Run) -> None:
    """Remove the rounds of a run that is replaced: the directory is ours."""
    for path in run.directory.glob("round-*"):
        shutil.rmtree(path)


def _report(run: Run, found: Rounds) -> None:
    """What the last run gives, below what came of each round."""
    from sciae.report import facts, rounds_page, simulation_sections, write_page
    from sciae.sampling import landscapes, of_run

    sampled = of_run(found.run)
    along = landscapes(sampled)
    say(sampled, along)
    parts = parts_of_page(along)
    del parts["verdict"]
    found.variable.save(run.directory / "cv")
    page = rounds_page(
        [_row(one) for one in found.rounds], facts=facts(run.manifest),
        sections=simulation_sections(found.run, **parts),
    )  # fmt: skip
    write_page(run.path("report.html"), page)
    for one in along:
        one.profile.to_csv(run.path(one.file))
        run.add_output(one.file)
    run.add_output("cv")
    run.add_output("report.html")


def _row(one: Any) -> Round:
    """A round in the report; as long as one basin is known nothing crosses."""
    from sciae.report import Round

    crossed = one.transitions_per_ns
    return Round(
        name=one.kind, time=1000 * one.time, n_eff=one.n_eff, coverage=one.coverage,
        transitions_per_ns=crossed if crossed == crossed else 0.0,  # noqa: PLR0124 - NaN
        note=one.next,
    )  # fmt: skip
