"""What must not change a score: a turn in azimuth, a flip of the beam, the order in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest

from sciae.domains.jets import Jets
from sciae.tasks.anomaly import score

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Columns = dict[str, Any]

JETS = 400
SAMPLES = ("qcd_test", "top", "dark_semivisible")


def turned(columns: Columns, angle: float) -> Columns:
    phi = columns["c_phi"] + angle
    return {**columns, "c_phi": (phi + np.pi) % (2 * np.pi) - np.pi}


def flipped(columns: Columns) -> Columns:
    return {**columns, "c_eta": -columns["c_eta"]}


def shuffled(columns: Columns) -> Columns:
    rng = np.random.default_rng(1)
    counts = ak.num(columns["c_pt"])
    order = ak.argsort(ak.unflatten(rng.random(int(ak.sum(counts))), counts), axis=1)
    return {n: x[order] if n.startswith("c_") else x for n, x in columns.items()}


def all_at_once(columns: Columns) -> Columns:
    return shuffled(flipped(turned(columns, -2.0)))


CHANGES = {
    "turned a little": lambda columns: turned(columns, 0.1),
    "turned over the edge": lambda columns: turned(columns, np.pi),
    "turned the other way": lambda columns: turned(columns, -1.7),
    "flipped": flipped,
    "shuffled": shuffled,
    "all at once": all_at_once,
}


@pytest.mark.parametrize("representation", ["observables", "images", "constituents"])
@pytest.mark.parametrize("change", CHANGES)
def test_scores_stay_as_they_are(
    tmp_path: Path,
    jets_of: Callable[..., Columns],
    write: Callable[..., Path],
    detector_of: Callable[[str], Any],
    representation: str,
    change: str,
) -> None:
    domain, detector = Jets(representation=representation), detector_of(representation)
    for sample in SAMPLES:
        columns = jets_of(sample, JETS)
        paths = [tmp_path / f"{sample}.{name}.parquet" for name in ("one", "other")]
        for path, given in zip(paths, (columns, CHANGES[change](columns)), strict=True):
            write(path, given)
        one, other = (score(detector, domain.read(path)) for path in paths)
        assert len(one) == len(other) == JETS
        assert (np.abs(other.score - one.score) < 1e-4 * np.abs(one.score)).all()


def test_the_order_of_entries_goes_with_the_scores(
    tmp_path: Path,
    jets_of: Callable[..., Columns],
    write: Callable[..., Path],
    detector_of: Callable[[str], Any],
) -> None:
    columns, order = jets_of("top", 100), np.random.default_rng(1).permutation(100)
    detector = detector_of("observables")
    one, other = (
        score(detector, Jets().read(write(tmp_path / f"{n}.parquet", given)))
        for n, given in enumerate((columns, {n: x[order] for n, x in columns.items()}))
    )
    np.testing.assert_allclose(other.score, one.score[order], rtol=1e-5)
