"""The second job of the demo: a collective variable of alanine dipeptide, and a run along it."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sciae.cli.landscape import parts_of_page, say

if TYPE_CHECKING:
    from sciae.report.page import Page
    from sciae.run import Run
    from sciae.tasks.cv import Learned

__all__ = ["variables"]

TIME, BARRIER, LAG = "500 ps", 30.0, "2 ps"


def variables(run: Run, seed: int) -> Page:
    """Learn from frames of one basin, bias along what was learnt, reweight; its page."""
    from dataclasses import replace

    from sciae.report import cv_sections, facts, simulation_page
    from sciae.sampling import landscapes, of_run
    from sciae.simulation import from_pdb, simulate

    samples = Path(str(files("sciae") / "samples" / "alanine_dipeptide"))
    with run.timing("learn a variable"):
        learned = _learned(samples, seed)
    out = run.path("alanine")
    shutil.rmtree(out, ignore_errors=True)  # of a demo that is replaced
    with run.timing("simulate along it"):
        biased = simulate(
            learned.variable, system=from_pdb(samples / "ala2.pdb", force_field="amber99sb"),
            time=TIME, barrier=BARRIER, out=out, rng=seed,
        )  # fmt: skip
    run.add_output("alanine")
    sampled = of_run(biased)
    found = landscapes(sampled)
    say(sampled, found)
    page = simulation_page(
        biased, facts=facts(run.manifest), title="Alanine dipeptide", **parts_of_page(found)
    )
    return replace(page, sections=(*cv_sections(learned), *page.sections))


def _learned(samples: Path, seed: int) -> Learned:
    """The slowest motion of the torsions, from a few short trajectories."""
    from sciae.domains import load
    from sciae.table import Table
    from sciae.tasks import cv

    domain = load("trajectories")(topology=samples / "ala2.pdb", features=("torsions",))
    table = Table.concat(domain.read(path) for path in sorted(samples.glob("*.xtc")))
    groups = 0 if table.group is None else len(set(table.group.tolist()))
    learned = cv.learn(table, kind="time-lagged", lag=LAG, descriptors=domain.descriptors, rng=seed)
    click.echo(f"alanine dipeptide: learnt from {len(table)} frames of {groups} trajectories")
    click.echo(learned.verdict)
    return learned
