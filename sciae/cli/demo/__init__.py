"""sciae demo: every job on the embedded samples, one report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.report.page import Page

__all__ = ["demo"]


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory of the report; made if it is not there.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of everything random.")
@click.option("--overwrite", is_flag=True, help="Replace a finished demo in --out.")
def demo(out: Path, *, seed: int, overwrite: bool) -> None:
    """Run every job on the embedded samples and write one report.

    \b
    $ sciae demo --out demo-report/
    jets: trained on 4000 QCD jets, calibrated on 1000
    top               AUC 0.903 [0.890, 0.914]
    dark_visible      AUC 0.651 [0.626, 0.676]
    dark_semivisible  AUC 0.588 [0.562, 0.613]
    alanine dipeptide: learnt from 6000 frames of 6 trajectories
    ...
    report written to demo-report/report.html
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    from sciae.cli.demo.jets import jets
    from sciae.cli.demo.variables import variables
    from sciae.report import write_page
    from sciae.run import Run

    with Run.open(out, command="sciae demo", settings={}, seed=seed, overwrite=overwrite) as run:
        page = _joined({"Jets": jets(run, seed), "Alanine dipeptide": variables(run, seed)})
        write_page(run.path("report.html"), page)
        run.add_output("report.html")
        click.echo(f"report written to {run.directory / 'report.html'}")


def _joined(pages: Mapping[str, Page]) -> Page:
    """One page: the verdict of each, then the sections of each, under its name."""
    *_, last = pages.values()
    return replace(
        last,
        title="The jobs of sciae",
        verdict=tuple(
            replace(finding, about=f"{name}, {finding.about}")
            for name, page in pages.items()
            for finding in page.verdict
        ),
        sections=tuple(
            replace(section, title=f"{name}: {section.title}")
            for name, page in pages.items()
            for section in page.sections
        ),
    )
