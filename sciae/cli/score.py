"""sciae score: read, score, write beside the entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciae.cli.sources import check_sources, jets_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sciae.tasks.anomaly import Detector, Evaluation, Scores, Tally, Threshold

__all__ = ["score"]


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--model",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory that `sciae fit` wrote.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Scores: .root (a friend tree), .parquet or .csv.",
)
@jets_options
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the domain other than in training, e.g. mapping=pfnano.",
)
@click.option(
    "--label",
    metavar="BRANCH",
    help="Branch with the truth, 0 for background: AUC, and ROC and SIC in the report.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Say the cut on the score for this false-positive rate, with its interval.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write an HTML report here; keeps all rows in memory.",
)
@click.option(
    "--verify",
    type=click.Path(path_type=Path),
    metavar="SHA256SUMS",
    help="Refuse SOURCE unless its checksum is the one in this file (sha256sum format).",
)
@click.option(
    "--rows",
    default=5_000,
    show_default=True,
    type=click.IntRange(1),
    help="Entries in memory at once.",
)
@click.option("--overwrite", is_flag=True, help="Replace --out and --report if there.")
def score(source: Path, model: Path, out: Path, **options: Any) -> None:
    """Score each entry of SOURCE; larger is stranger.

    \b
    $ sciae score data.root --model model/ --out scores.root
    2500 rows scored; 22 (0.88%) have p <= 0.01, where 1 % are expected if all are background.
    2500 entries written to scores.root
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    label, report = options["label"], options["report"]
    _check_out(out, source, report, overwrite=options["overwrite"])
    check_sources((source, model))
    if options["verify"]:
        from sciae.run import verify_listed

        verify_listed(source, options["verify"])
    from sciae.cli.models import load_domain  # torch is waited for once all else is in order
    from sciae.tasks import anomaly

    detector = anomaly.load(model)
    cut = detector.calibration.threshold(options["rate"]) if options["rate"] else None
    domain = load_domain(model, options["assignments"], options, label=label)
    tally = anomaly.Tally()
    seen: list[Scores] | None = [] if label or report else None
    stream = anomaly.score_stream(detector, domain.stream(source, rows=options["rows"]))
    entries = _write(domain, out, _watched(stream, tally, seen))
    click.echo(tally.verdict)
    for reason, count in tally.rejected.items():
        click.echo(f"not scored: {count} rows ({reason})", err=True)
    if cut:
        _say_cut(cut)
    click.echo(f"{entries} entries written to {out}")
    if seen is not None:
        _judge(anomaly.Scores.concat(seen), detector, source, label=label, report=report)


def _say_cut(cut: Threshold) -> None:
    low, high = cut.interval
    click.echo(
        f"cut for a false-positive rate of {cut.rate:g}: score > {cut.value:.3f}; "
        f"the true rate is in [{low:.4f}, {high:.4f}] with {cut.confidence:.0%} confidence"
    )


def _check_out(out: Path, source: Path, report: Path | None, *, overwrite: bool) -> None:
    """Nothing that is there is replaced unasked, the source never."""
    from sciae.errors import SpecError

    if out.suffix not in (".root", ".parquet", ".csv"):
        raise SpecError(f"--out {out}", expected="a name that ends in .root, .parquet or .csv")
    if report and report.suffix not in (".html", ".htm"):
        raise SpecError(f"--report {report}", expected="a name that ends in .html")
    for name, path in {"--out": out, "--report": report}.items():
        if path is None or not path.exists():
            continue
        if source.exists() and path.samefile(source):
            raise SpecError(f"{name} is the source itself", where=path, fix="Name another file.")
        if not overwrite:
            raise SpecError("the file is already there", where=path, fix="Pass --overwrite.")


def _watched(stream: Iterable[Scores], tally: Tally, seen: list[Scores] | None) -> Iterator[Scores]:
    """The stream, counted, with a bar on a terminal; kept only if it is needed again."""
    from tqdm import tqdm

    for one in tqdm(stream, unit="chunk", disable=None, leave=False):
        tally.add(one)
        if seen is not None:
            seen.append(one)
        yield one


def _write(domain: Any, out: Path, stream: Iterator[Scores]) -> int:
    from sciae.tasks.anomaly.writers import write_flat

    if out.suffix == ".root":
        entries: int = domain.write(out, (a for one in stream for a in one.annotations()))
        return entries
    return write_flat(out, stream, text=out.suffix == ".csv")


def _judge(
    scores: Scores, detector: Detector, source: Path, *, label: str | None, report: Path | None
) -> None:
    """What the truth says of the scores, if there is one, and the report."""
    evaluations = _evaluations(scores, label) if label else {}
    for about, methods in evaluations.items():
        shown = ", ".join(f"{method} AUC {one.auc}" for method, one in methods.items())
        click.echo(f"{about}: {shown}")
    if report:
        from sciae.report import score_page, write_page

        facts = {"source": str(source)}
        page = score_page(scores, detector, facts=facts, evaluations=evaluations or None)
        write_page(report, page)
        click.echo(f"report written to {report}")


def _evaluations(scores: Scores, label: str) -> dict[str, dict[str, Evaluation]]:
    """The score against the truth, beside the jet's mass, which it must beat."""
    import numpy as np

    from sciae.errors import DataError
    from sciae.tasks.anomaly import evaluate

    truth, where = scores.carried[label], f"branch {label!r}"
    if np.isnan(truth).any():
        raise DataError(f"{np.isnan(truth).sum()} labels are missing", where=where)
    if (truth != 0).all() or not (truth != 0).any():
        raise DataError("one class only", where=where, expected="0 for background, and others")
    methods = {"model": scores.score}
    if "jet_mass" in scores.carried:
        methods["jet mass"] = scores.carried["jet_mass"]
    return {f"{label} != 0": {name: evaluate(x, truth != 0, rng=1) for name, x in methods.items()}}
