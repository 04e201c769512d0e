"""The first job of the demo: anomalies among jets."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.report import ErrorMap
    from sciae.report.page import Page
    from sciae.run import Run
    from sciae.table import Table
    from sciae.tasks.anomaly import Detector, Evaluation, Scores

__all__ = ["jets"]

SIGNALS = ("top", "dark_visible", "dark_semivisible")
HELD_OUT = 0.2
COMPONENTS = 4  # of the PCA baseline: as many as the default model has latents
IMAGE_EPOCHS = 15
SHOWN = ("qcd_test", "top", "dark_semivisible")  # error maps of the first jet of each


def jets(run: Run, seed: int) -> Page:
    """Train on QCD, score QCD and three signals, write friend trees; its page."""
    from sciae.batch import split
    from sciae.domains import load
    from sciae.report import comparison_page, facts
    from sciae.rng import generator

    rng = generator(seed)
    domain, samples = load("jets")(), files("sciae") / "samples" / "jets"
    with run.timing("read"):
        background = domain.read(samples / "qcd_train.root")
        tables = {name: domain.read(samples / f"{name}.root") for name in ("qcd_test", *SIGNALS)}
    train, held_out = split(background, (1 - HELD_OUT, HELD_OUT), rng=rng)
    with run.timing("train"):
        fitted, detector = _detector(domain.schema, train, held_out, rng)
    click.echo(f"jets: trained on {len(train)} QCD jets, calibrated on {len(held_out)}")
    scores = _scored(run, domain, detector, tables)
    evaluations = _evaluations(train, tables, scores)
    for name, methods in evaluations.items():
        click.echo(f"{name:17} AUC {methods['sciae'].auc}")
    with run.timing("error maps"):
        maps = _error_maps(samples, rng)
    return comparison_page(
        scores.pop("qcd_test"), scores, detector, evaluations=evaluations,
        facts=facts(run.manifest), fitted=fitted, error_maps=maps,
        background_name="QCD (test)", title="Jets: anomalies among QCD",
    )  # fmt: skip


def _detector(schema: Any, train: Table, held_out: Table, rng: Any) -> tuple[Any, Detector]:
    from sciae.autoencoders.fit import fit
    from sciae.tasks import anomaly

    model = anomaly.default_model(schema, rng=rng)
    fitted = fit(model, train, training=anomaly.TRAINING, rng=rng)
    return fitted, anomaly.calibrate(fitted.model, held_out)


def _scored(
    run: Any, domain: Any, detector: Detector, tables: Mapping[str, Table]
) -> dict[str, Scores]:
    """Scores of each sample, with a friend tree of each beside the report."""
    from sciae.tasks.anomaly import score

    scores = {}
    with run.timing("score"):
        for name, table in tables.items():
            scores[name] = score(detector, table)
            domain.write(run.path(f"{name}.scores.root"), scores[name].annotations())
            run.add_output(f"{name}.scores.root")
    return scores


def _evaluations(
    train: Table, tables: Mapping[str, Table], scores: Mapping[str, Scores]
) -> dict[str, dict[str, Evaluation]]:
    """The score beside what it must beat: single observables, and PCA."""
    import numpy as np

    from sciae.tasks.anomaly import evaluate, pca_error

    methods = {
        "sciae": {name: one.score for name, one in scores.items()},
        "jet mass": {name: table["jet_mass"] for name, table in tables.items()},
        "multiplicity": {name: table["jet_multiplicity"] for name, table in tables.items()},
        "tau32 (low)": {name: -table["tau32"] for name, table in tables.items()},
        f"PCA ({COMPONENTS})": {
            name: pca_error(train, table, components=COMPONENTS) for name, table in tables.items()
        },
    }
    return {
        signal: {
            method: evaluate(
                np.concatenate([values["qcd_test"], values[signal]]),
                np.repeat([False, True], [len(values["qcd_test"]), len(values[signal])]),
                rng=1,
            )
            for method, values in methods.items()
        }
        for signal in SIGNALS
    }


def _error_maps(samples: Any, rng: Any) -> tuple[ErrorMap, ...]:
    """Where an image autoencoder errs, on the first jet of three samples."""
    from sciae.autoencoders import kinds
    from sciae.autoencoders.fit import Training, fit
    from sciae.batch import split
    from sciae.domains import load
    from sciae.report import maps_of
    from sciae.rng import seeded
    from sciae.table import Table
    from sciae.tasks.anomaly import calibrate

    domain = load("jets")(representation="images")
    table = domain.read(samples / "qcd_train.root")
    train, held_out = split(table, (1 - HELD_OUT, HELD_OUT), rng=rng)
    with seeded(rng):
        model = kinds.plain(domain.schema, latent=8, sigma="shared")
    fitted = fit(model, train, training=Training(epochs=IMAGE_EPOCHS), rng=rng)
    shown = Table.concat(domain.read(samples / f"{name}.root").take([0]) for name in SHOWN)
    rows = {f"{name}: jet 0": row for row, name in enumerate(SHOWN)}
    return maps_of(calibrate(fitted.model, held_out), shown, rows)
