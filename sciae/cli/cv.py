"""sciae cv: read trajectories, learn a collective variable, say what it is good for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciae.cli.learning import KINDS, Job
from sciae.cli.series import series_options
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sciae.collective import CollectiveVariable
    from sciae.run import Run
    from sciae.table import Table
    from sciae.tasks.cv import Learned

__all__ = ["cv"]

SEEDS = 3  # trainings of each candidate
FRAMES = 200  # whose gradients are looked at


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@series_options
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory of the variable; made if it is not there.",
)
@click.option(
    "--kind", default="time-lagged", show_default=True, metavar="KIND", help=f"{', '.join(KINDS)}."
)
@click.option("--dim", default="1", show_default=True, metavar="NUMBER", help="Coordinates.")
@click.option(
    "--lag", default="1", show_default=True, metavar="TIME", help="In frames, or such as '20 ps'."
)
@click.option(
    "--select",
    "selecting",
    is_flag=True,
    help="Choose among several of --kind, --dim and --lag (with commas between) by "
    "trajectories that are set aside.",
)
@click.option("--hidden", metavar="SIZES", help="Layers of the network.  [default: 32,16]")
@click.option("--epochs", type=click.IntRange(1), help="At most.")
@click.option(
    "--labels",
    metavar="FILE",
    help="States for deep-tda or committor, a whole number per frame of all SOURCES (-1: none): "
    ".npy, text, or COLVAR as FILE:COLUMN.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="Hold no trajectory out: for rare events, once the choice is made. Scores are then of the "
    "frames that were learned from.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="FEATURE",
    help="Compare with a feature that is not learned from; of COLVAR files: a column.",
)
@click.option("--plumed", is_flag=True, help="Write PLUMED input as well.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of everything random."
)
@click.option("--resume", is_flag=True, help="Run again what was interrupted in --out.")
@click.option("--overwrite", is_flag=True, help="Replace a finished run in --out.")
def cv(sources: tuple[Path, ...], out: Path, **options: Any) -> None:
    """Learn a collective variable from trajectories, to be biased or analysed.

    \b
    $ sciae cv md.dcd --topology ala2.pdb --kind tica --lag "1 ps" --out cv/
    md.dcd: 200 frames
    200 frames from 1 file count as 200; 4 numbers each
    tica, 1 coordinate(s), lag 5 frame(s)
    held out: vamp2 1.68, gmrq 1.92, reconstruction 0.87
    tica, 1 coordinate, lag 1 ps. Held out, it explains 87 % of the variance, ...
    written to cv (report: cv/report.html)
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    from sciae.run import Run

    job = Job.of(sources, options)
    asked = {**options, "sources": [str(source) for source in sources]}
    switches = ("seed", "resume", "overwrite")
    with Run.open(
        out,
        command="sciae cv",
        settings={name: value for name, value in asked.items() if name not in switches},
        seed=options["seed"],
        resume=options["resume"],
        overwrite=options["overwrite"],
    ) as run:
        _run(run, job)
    click.echo(f"written to {out} (report: {out / 'report.html'})")


def _run(run: Run, job: Job) -> None:
    table = _read(run, job)
    with run.timing("learn"):
        learned = _learned(job, table)
    with run.timing("gradients"):
        learned = replace(learned, variable=_told(learned.variable, job))
    _write(run, job, learned)
    scores = ", ".join(f"{n} {learned.scores[n]:.2f}" for n in ("vamp2", "gmrq", "reconstruction"))
    click.echo(
        f"{learned.kind}, {learned.variable.dim} coordinate(s), lag {learned.lag} frame(s)\n"
        f"{'held out' if learned.held_out else 'on what it was learned from'}: {scores}"
    )
    click.echo(learned.verdict)
    with run.timing("report"):
        _report(run, job, learned, table)


def _read(run: Run, job: Job) -> Table:
    """All frames, with weights on one scale."""
    from sciae.table import Table

    tables = []
    with run.timing("read"):
        for source in job.sources:
            run.add_input(source)
            tables.append(job.domain.read(source))
            click.echo(f"{source}: {len(tables[-1])} frames")
        table = Table.concat(tables)
    return _weighed(job, table)


def _weighed(job: Job, table: Table) -> Table:
    from sciae.domains.trajectories import effective_frames, jointly_weighted

    if job.domain.bias and len(job.sources) > 1:
        table = jointly_weighted(table)
    size = effective_frames(table)
    many = f"{len(job.sources)} file{'s'[: len(job.sources) > 1]}"
    click.echo(f"{len(table)} frames from {many} count as {size:.0f}; {_width(job)} numbers each")
    return table


def _width(job: Job) -> int:
    return sum(field.width for field in job.domain.schema)


def _learned(job: Job, table: Table) -> Learned:
    """One training, or the best of several."""
    from sciae.tasks.cv import KINDS as HOW
    from sciae.tasks.cv import learn, select

    training = replace(HOW[job.kinds[0]].training, epochs=job.epochs) if job.epochs else None
    common: dict[str, Any] = {
        "hidden": job.hidden, "training": training, "rng": job.seed,
        "labels": None if job.labels is None else _labels(job, table),
        "descriptors": getattr(job.domain, "descriptors", None),
    }  # fmt: skip
    if not job.selecting:
        return learn(
            table, kind=job.kinds[0], dim=job.dims[0], lag=job.lags[0], whole=job.whole, **common
        )
    found = select(
        table, kinds=job.kinds, dims=job.dims, lags=job.lags, seeds=range(SEEDS), **common
    )
    click.echo(f"{found}\n{found.verdict}")
    return found.best.learned


def _labels(job: Job, table: Table) -> Any:
    """The state of each row, of states given for each frame of the files."""
    import numpy as np

    from sciae.cli.states import states_of

    assert job.labels is not None
    assert table.origin is not None
    assert table.entry is not None
    states = states_of(job.labels)
    if len(states) == len(table):
        return states
    frames = np.array([origin.stop - origin.start for origin in table.origins])
    if len(states) != frames.sum():
        raise SpecError(
            f"{len(states)} labels", where=job.labels,
            expected=f"{frames.sum()}, one for each frame of all files",
        )  # fmt: skip
    first = np.concatenate([[0], np.cumsum(frames)[:-1]])
    start = np.array([origin.start for origin in table.origins])
    return states[(first - start)[table.origin] + table.entry]


def _told(variable: CollectiveVariable, job: Job) -> CollectiveVariable:
    """The variable, told what it was learned from and how steep it is."""
    domain, files = job.domain, list(map(str, job.sources))
    about: dict[str, Any] = {"lag": str(job.lags[0]), "sources": files}
    if job.selecting:
        about.pop("lag")
    if variable.descriptors is None:
        return replace(variable, about={**variable.about, **about})
    import numpy as np

    from sciae.collective.steepness import with_steepness
    from sciae.run import FileRecord

    record = FileRecord.of(Path(domain.topology), name=domain.topology)
    about |= {
        "features": list(job.features), "selection": domain.selection,
        "topology": {"path": domain.topology, "sha256": record.sha256},
    }  # fmt: skip
    variable = replace(variable, about={**variable.about, **about})
    if variable.descriptors is not None and variable.descriptors.periodic:
        return variable  # its gradients need a box for each frame
    most = -(-FRAMES // len(job.sources))
    frames = [domain.coordinates(source, most=most) for source in job.sources]
    return with_steepness(variable, np.concatenate(frames))


def _write(run: Run, job: Job, learned: Learned) -> None:
    variable = learned.variable
    variable.save(run.directory)
    made = ["cv.json", "encoder.npz"]
    if learned.model is not None:
        from sciae.autoencoders.files import save

        save(learned.model, run.directory / "model")
        made.append("model")
    if job.plumed:
        from sciae.collective import plumed_files

        plumed_files(variable, run.directory / "plumed")
        made.append("plumed")
    for name in made:
        run.add_output(name)


def _report(run: Run, job: Job, learned: Learned, table: Table) -> None:
    from sciae.report import cv_page, facts, write_page
    from sciae.tasks.cv import against, sensitivity

    seen = list(_observables(job))
    relations = against(
        learned.variable, table, {one.coordinate.name: one.values for one in seen},
        periods={c.name: c.period for one in seen if (c := one.coordinate).period},
    )  # fmt: skip
    for name, one in relations.items():
        click.echo(f"against {name}: correlation {one.together:.2f}")
    page = cv_page(
        learned, facts=facts(run.manifest), values=learned.variable.of_table(table),
        observables=seen, against=relations,
        sensitivity=sensitivity(learned.variable, table, labels=getattr(job.domain, "labels", ())),
    )  # fmt: skip
    write_page(run.path("report.html"), page)
    run.add_output("report.html")


def _observables(job: Job) -> Iterator[Any]:
    """What the variable is compared with, number by number."""
    if job.other is None:
        return
    from sciae.report import Coordinate, Observable
    from sciae.table import Table

    table = Table.concat(job.other.read(source) for source in job.sources)
    labels = iter(getattr(job.other, "labels", job.other.schema.names))
    for field in job.other.schema:
        for column in table[field.name].reshape(len(table), -1).T:
            unit = "" if field.unit == "1" else field.unit
            coordinate = Coordinate(name=next(labels), unit=unit, period=field.period)
            yield Observable(coordinate, column)
