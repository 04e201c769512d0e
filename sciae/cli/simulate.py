"""sciae simulate: bias a simulation along a variable, and reweight it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciae.cli.landscape import parts_of_page, say
from sciae.cli.series import features_options
from sciae.cli.systems import CONTROL, system_of, system_options, topology_of
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.collective import CollectiveVariable
    from sciae.sampling import Landscape
    from sciae.simulation import BiasedRun

__all__ = ["simulate"]

METHODS = ("opes", "metadynamics", "static", "umbrella", "none")
GIVEN = (  # options that sciae.simulation.simulate takes under the same name
    "method", "temperature", "pace", "stride", "frames", "walkers", "barrier", "timestep",
    "platform", "threads",
)  # fmt: skip


@click.command()
@system_options
@click.option("--model", type=click.Path(path_type=Path), help="What `sciae cv` wrote.")
@click.option(
    "--along",
    multiple=True,
    metavar="FEATURE",
    help="Bias a feature itself, e.g. torsion:4-6-8-14; may be repeated.",
)
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="LOW:HIGH",
    help="Of each number of --along that is no angle, in their order.",
)
@click.option("--time", required=True, metavar="TIME", help="Of each walker, such as 10ns.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory of the run; made if it is not there.",
)
@click.option(
    "--method", type=click.Choice(METHODS), default="opes", show_default=True, help="Of biasing."
)
@click.option(
    "--bias",
    type=click.Path(path_type=Path),
    help="Of --method static: a picture of a bias, such as the last in run/history/.",
)
@click.option("--temperature", default="300 K", show_default=True, metavar="KELVIN", help="Of it.")
@click.option(
    "--barrier",
    type=click.FloatRange(0, min_open=True),
    default=40.0,
    show_default=True,
    metavar="KJ/MOL",
    help="Highest barrier that OPES is to cross.",
)
@click.option(
    "--pace", type=click.IntRange(1), default=500, show_default=True, help="Steps per deposit."
)
@click.option(
    "--stride", type=click.IntRange(1), default=100, show_default=True, help="Steps per row."
)
@click.option("--frames", type=click.IntRange(0), help="Steps per frame; 0: no trajectory.")
@click.option(
    "--walkers", type=click.IntRange(1), default=1, show_default=True, help="Building one bias."
)
@click.option("--timestep", metavar="TIME", help="  [default: 2 fs]")
@click.option("--platform", default="auto", show_default=True, help="Of OpenMM.")
@click.option(
    "--threads", type=click.IntRange(1), default=1, show_default=True, help="Of each walker."
)
@click.option("--rounds", type=click.IntRange(2), help="Learn, simulate, and again, so often.")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Trajectory that rounds begin with; may be repeated.",
)
@features_options
@click.option("--kind", help="What rounds learn; see `sciae cv`.  [default: committor]")
@click.option("--dim", type=click.IntRange(1), help="Its coordinates.  [default: 1]")
@click.option("--lag", metavar="TIME", help="Of rounds.  [default: 2 ps]")
@click.option("--last", metavar="TIME", help="Of the last round.  [default: --time]")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of everything random."
)
@click.option("--resume", is_flag=True, help="Go on with the run in --out.")
@click.option("--overwrite", is_flag=True, help="Replace a run in --out.")
def simulate(**options: Any) -> None:
    """Simulate under a bias along a variable, and say what free energy comes of it.

    \b
    $ sciae simulate --system mueller-brown --time 100ns --out run/
    100000 frames, 1 ps apart; after reweighting they count as 5988
    along x and y: ΔF 9.65 [9.39, 9.91] kJ/mol; barrier 25.83 [25.33, 26.32] kJ/mol
    along x and y: 695 transitions forward, 696 backward (17.4 per ns)
    ...
    Converged as far as can be told: every condition is met.
    ...
    ΔF A to B along x and y: 9.74 kJ/mol by quadrature
    ...
    written to run (report: run/report.html)

    \b
    sciae simulate --model cv/ --system ala2.pdb --forcefield amber99sb --time 10ns --out run/
    sciae simulate --rounds 5 --data md.xtc --system ala2.pdb --features distances \\
        --time 2ns --out rounds/
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    _check(options)
    system = system_of(options)
    variable = _variable(options, system)
    if options["rounds"]:
        from sciae.cli.rounds import run_rounds

        run_rounds(system, variable, options)
    else:
        _simulate(system, variable, options)
    click.echo(f"written to {options['out']} (report: {options['out'] / 'report.html'})")


def _check(options: Mapping[str, Any]) -> None:
    """What can be told before anything is read."""
    from sciae.simulation.quantities import kelvin, picoseconds

    for name in ("time", "last", "timestep"):
        if options[name] is not None and not picoseconds(options[name], where=f"--{name}"):
            raise SpecError(f"--{name} {options[name]}", expected="a time above zero")
    kelvin(options["temperature"], where="--temperature")
    if options["model"] and options["along"]:
        raise SpecError("--model and --along", expected="one of them: what is biased")
    if options["rounds"] and (not options["data"] or options["system"] == CONTROL):
        raise SpecError("--rounds", expected="molecules, and trajectories as --data to begin with")
    of_rounds = ("data", "features", "selection", "kind", "dim", "lag", "last")
    if not options["rounds"] and (unused := [name for name in of_rounds if options[name]]):
        raise SpecError(f"--{unused[0]}", expected="--rounds with it")
    if (options["method"] == "static") != bool(options["bias"]):
        raise SpecError("--method static and --bias go together", expected="both or neither")
    if options["ranges"] and not options["along"]:
        raise SpecError("--range", expected="--along with it")


def _variable(options: Mapping[str, Any], system: Any) -> CollectiveVariable | None:
    """What is biased: a learned variable, or features; None of the control, or of rounds."""
    found = None
    if options["model"]:
        from sciae.collective import CollectiveVariable

        found = CollectiveVariable.load(options["model"])
    elif options["along"]:
        from sciae.cli.along import variable_along

        found = variable_along(topology_of(options), options["along"], options["ranges"])
    elif not options["rounds"] and options["system"] != CONTROL and options["method"] != "none":
        raise SpecError("nothing to bias", expected="--model or --along, or --method none")
    if found is not None and options["system"] != CONTROL:
        found.require(system.atoms, system.names)
    return found


def _simulate(system: Any, variable: CollectiveVariable | None, options: dict[str, Any]) -> None:
    from sciae.simulation import simulate as simulate_

    static = None
    if options["bias"]:
        from sciae.simulation import load_bias

        static = load_bias(options["bias"])
    run = simulate_(
        variable, system=system, time=options["time"], out=options["out"], rng=options["seed"],
        static=static,
        resume=options["resume"], overwrite=options["overwrite"],
        **{name: options[name] for name in GIVEN},
    )  # fmt: skip
    inputs = [options["model"] / "cv.json"] if options["model"] else []
    inputs += [options["bias"]] if options["bias"] else []
    if options["system"] != CONTROL:
        inputs.append(Path(options["system"]))
    _analyse(run, system, inputs)


def _analyse(biased: BiasedRun, system: Any, inputs: Sequence[Path]) -> None:
    """Reweight, say and draw, as a part of the run, whose directory is opened again."""
    from sciae.report import facts, simulation_page, write_page
    from sciae.run import Manifest, Run
    from sciae.sampling import landscapes, of_run

    former = Manifest.read(biased.directory / Manifest.NAME)
    with Run.open(
        biased.directory, command="sciae simulate", settings=former.settings,
        seed=former.seeds.get("seed"), resume=True,
    ) as run:  # fmt: skip
        for path in inputs:
            run.add_input(path)
        watched = biased.plan.names and not (
            biased.plan.method == "umbrella" and biased.plan.walkers > 1
        )
        parts: dict[str, Any] = {"profiles": {}}
        if watched:
            with run.timing("free energy"):
                sampled = of_run(biased)
                found = landscapes(sampled)
            for one in found:
                one.profile.to_csv(run.path(one.file))
                run.add_output(one.file)
            say(sampled, found)
            parts = parts_of_page(found) | _references(found, system)
        page = simulation_page(biased, facts=facts(run.manifest), **parts)
        write_page(run.path("report.html"), page)
        run.add_output("report.html")


def _references(found: Sequence[Landscape], system: Any) -> dict[str, Any]:
    """What is known beforehand of the control; nothing of molecules."""
    from sciae.simulation.engines.potential import Potential

    if not isinstance(system, Potential):
        return {}
    from sciae.cli.control import exact

    known = {one.name: exact(one, system) for one in found if one.difference is not None}
    for name, value in known.items():
        click.echo(f"{name}: {value:.2f} kJ/mol by quadrature")
    return {"references": known}
