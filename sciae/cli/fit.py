"""sciae fit: read background, train, calibrate, write a model directory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciae.cli.sources import check_device, check_sources, domain_of, jets_options, settings_of

if TYPE_CHECKING:
    from numpy.random import Generator

    from sciae.autoencoders.fit import Fitted
    from sciae.diagnostics import Examination
    from sciae.run import Run
    from sciae.table import Table
    from sciae.tasks.anomaly import Detector

__all__ = ["fit"]

HELD_OUT = 0.2  # of the groups, for calibration
CHECKPOINT = "checkpoint.safetensors"
KINDS = (  # sciae.kinds.KINDS, without the price of importing it
    "plain", "linear", "denoising", "tied", "masked", "imputing", "time-lagged", "sparse",
    "contractive", "variational", "beta", "beta-tc", "vq", "finite-scalar", "top-k", "poisson",
    "ring", "composite",
)  # fmt: skip
MADE = ("model.json", "weights.safetensors", "calibration.bin", "domain.json", "report.html")


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--domain", required=True, help="What SOURCES hold, e.g. jets.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory of the model; made if it is not there.",
)
@jets_options
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting of the domain; may be repeated.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Kind of autoencoder; the domain's default otherwise.",
)
@click.option("--latent", type=click.IntRange(1), help="Numbers in the code.")
@click.option("--epochs", type=click.IntRange(1), help="At most.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of everything random."
)
@click.option("--device", default="cpu", show_default=True, help="Where to train.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run in --out.")
@click.option("--overwrite", is_flag=True, help="Replace a finished run in --out.")
def fit(sources: tuple[Path, ...], domain: str, out: Path, **options: Any) -> None:
    """Train a model on background and calibrate it on a held-out part.

    \b
    $ sciae fit qcd_train.root --domain jets --out model/
    5000 rows from 1 file: 4000 to train on, 1000 to calibrate with
    model: default, 4 latents; best epoch 57 of 60, validation loss 5.91 nats
    4 of 4 latents live, 6.14 nats
    82.7 % of the variance explained; 4 principal components explain 95.1 %
    written to model (report: model/report.html)
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    from sciae.run import Run

    settings = settings_of(options["assignments"], options)
    job = Job(
        domain_of(domain, settings),
        domain,
        sources,
        kind=options["kind"] or "",
        latent=options["latent"] or 0,
        epochs=options["epochs"],
        device=options["device"],
    )
    with Run.open(
        out,
        command="sciae fit",
        seed=options["seed"],
        resume=options["resume"],
        overwrite=options["overwrite"],
        settings={
            "domain": domain,
            "domain_settings": settings,
            "chosen": {name: options[name] for name in ("kind", "latent", "epochs", "device")},
            "sources": [str(source) for source in sources],
        },
    ) as run:
        _run(run, job, options["seed"])
    click.echo(f"written to {out} (report: {out / 'report.html'})")


@dataclass(frozen=True)
class Job:
    """What is asked for, checked before a directory is made for it."""

    domain: Any
    name: str
    sources: tuple[Path, ...]
    kind: str
    latent: int
    epochs: int | None
    device: str

    def __post_init__(self) -> None:
        check_sources(self.sources)
        check_device(self.device)


def _run(run: Run, job: Job, seed: int) -> None:
    from sciae.diagnostics import examine
    from sciae.rng import generator
    from sciae.run import write_json
    from sciae.tasks import anomaly

    rng = generator(seed)
    rows, held_out = _read(run, job, rng)
    fitted = _trained(run, job, rows, rng)
    with run.timing("calibrate"):
        detector = anomaly.calibrate(fitted.model, held_out)
    anomaly.save(detector, run.directory, training=fitted.summary())
    write_json(run.path("domain.json"), {"name": job.name, "settings": job.domain.settings})
    with run.timing("examine"):
        examination = examine(fitted, held_out, rng=rng)
    _report(run, fitted, detector, examination)
    for made in MADE:
        run.add_output(made)
    run.path(CHECKPOINT).unlink(missing_ok=True)
    best = fitted.history[fitted.best]
    click.echo(
        f"model: {job.kind or 'default'}, {fitted.model.latent.dim} latents; best epoch "
        f"{fitted.best + 1} of {len(fitted.history)}, validation loss "
        f"{best.validation['loss']:.2f} nats"
    )
    for part in (examination.rate, examination.floor):
        if part is not None:
            click.echo(part.verdict)


def _read(run: Run, job: Job, rng: Generator) -> tuple[Table, ...]:
    """Rows to train on, and rows to calibrate with."""
    from sciae.batch import split
    from sciae.table import Table

    with run.timing("read"):
        for source in job.sources:
            run.add_input(source)
        table = Table.concat(job.domain.read(source) for source in job.sources)
    rows, held_out = split(table, (1 - HELD_OUT, HELD_OUT), rng=rng)
    click.echo(
        f"{len(table)} rows from {len(job.sources)} file{'s'[: len(job.sources) > 1]}: "
        f"{len(rows)} to train on, {len(held_out)} to calibrate with"
    )
    for reason, count in table.rejected.items():
        click.echo(f"left out: {count} rows ({reason})", err=True)
    return rows, held_out


def _trained(run: Run, job: Job, rows: Table, rng: Generator) -> Fitted:
    from sciae.autoencoders.fit import fit as train
    from sciae.tasks.anomaly.recipe import TRAINING, default_model

    model = default_model(job.domain.schema, kind=job.kind, latent=job.latent, rng=rng)
    with run.timing("train"):
        return train(
            model,
            rows,
            training=replace(TRAINING, epochs=job.epochs or TRAINING.epochs),
            rng=rng,
            device=job.device,
            checkpoint=run.path(CHECKPOINT),
            resume=run.resumed,
        )


def _report(run: Run, fitted: Fitted, detector: Detector, examination: Examination) -> None:
    from sciae.report import facts, fit_page, write_page

    page = fit_page(fitted, detector, facts=facts(run.manifest), examination=examination)
    write_page(run.path("report.html"), page)
