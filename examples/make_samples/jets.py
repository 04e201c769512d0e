"""Make jagged ROOT samples of jets with Pythia, a toy detector and FastJet.

Usage, from the root of the repository::

    python examples/make_samples/jets.py one qcd 1000 qcd.root --seed 3
    python examples/make_samples/jets.py large OUTDIR
    python examples/make_samples/jets.py package

Each file holds one tree ``jets`` with one entry per jet:

==========================  =========  ==============================================
branch                      type       what
==========================  =========  ==============================================
nc                          int32      number of constituents
c_pt, c_eta, c_phi, c_e     float32[]  constituents, hardest first; GeV and rad
c_q                         int8[]     their charge; 0 for a calorimeter cell
pt, eta, phi, mass          float32    of the jet, the sum of its constituents
label                       int8       0 qcd, 1 top, 2 dark_visible, 3 dark_semivisible
evt                         int64      event; the two jets of one event share it
jrank                       int8       0 for the leading jet of its event, 1 for the next
==========================  =========  ==============================================

The entries of a sample are a function of its process, its number of jets and its
seed. Needs ``pythia8mc``, ``fastjet``, ``awkward``, ``uproot``, ``click``, ``tqdm``.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import click
import numpy as np
import uproot
from jet_card import write_card
from jet_events import generate
from jet_processes import find_process
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Branches = dict[str, ak.Array | NDArray[np.generic]]

PACKAGE = Path(__file__).resolve().parents[2] / "sciae" / "samples" / "jets"
"""Where the samples that come with the package lie."""

# file -> process and number of jets; QCD first, because training waits for it
LARGE = {
    "qcd_train": ("qcd", 40_000),
    "qcd_test": ("qcd", 20_000),
    "top": ("top", 12_000),
    "dark_visible": ("dark_visible", 6_000),
    "dark_semivisible": ("dark_semivisible", 6_000),
}
SMALL = {
    "qcd_train": ("qcd", 5_000),
    "qcd_test": ("qcd", 2_500),
    "top": ("top", 600),
    "dark_visible": ("dark_visible", 600),
    "dark_semivisible": ("dark_semivisible", 600),
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file to make."""

    process: str
    jets: int
    seed: int
    path: Path


@dataclass(frozen=True, kw_only=True)
class Made:
    """What making one file took."""

    sample: Sample
    events: int
    seconds: float

    @property
    def acceptance(self) -> float:
        """Jets kept per event generated."""
        return self.sample.jets / self.events

    def __str__(self) -> str:
        """One line for the log."""
        jets, rate = self.sample.jets, self.sample.jets / self.seconds
        return (
            f"{self.sample.path.name}: {jets} jets of {self.events} events "
            f"({self.acceptance:.3f} per event), {self.seconds:.0f} s, {rate:.0f} jets/s"
        )


def plan(
    counts: Mapping[str, tuple[str, int]], folder: Path, *, seed: int, scale: float = 1.0
) -> list[Sample]:
    """Lay out a set of samples in a folder, each with a seed of its own.

    Parameters
    ----------
    counts : mapping
        From the stem of a file to its process and its number of jets.
    folder : Path
        Where the files go.
    seed : int
        Of the first sample; those that follow take the next ones.
    scale : float
        Multiplies every number of jets.
    """
    return [
        Sample(
            process=process,
            jets=max(1, round(jets * scale)),
            seed=seed + place,
            path=folder / f"{name}.root",
        )
        for place, (name, (process, jets)) in enumerate(counts.items())
    ]


def branches(jets: ak.Array, *, label: int) -> Branches:
    """Lay jets out as the branches of the tree."""
    count, flat = ak.num(jets.c), ak.flatten(jets.c)
    inner = {n: ak.to_numpy(flat[n]).astype(np.float32) for n in ("pt", "eta", "phi", "e")}
    inner["q"] = ak.to_numpy(flat.q)
    outer = {n: ak.to_numpy(jets[n]).astype(np.float32) for n in ("pt", "eta", "phi", "mass")}
    return {
        "c": ak.zip({name: ak.unflatten(column, count) for name, column in inner.items()}),
        **outer,
        "label": np.full(len(jets), label, np.int8),
        "evt": ak.to_numpy(jets.row).astype(np.int64),
        "jrank": ak.to_numpy(jets["rank"]).astype(np.int8),
    }


def write(sample: Sample, *, place: int = 0) -> Made:
    """Make one sample and write its file, which appears only when complete.

    Parameters
    ----------
    sample : Sample
        What to make.
    place : int
        Line of the terminal for its progress bar.
    """
    start = time.perf_counter()
    sample.path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(f"{sample.path}.part")
    events = _fill(sample, partial, place=place)
    partial.replace(sample.path)
    return Made(sample=sample, events=events, seconds=time.perf_counter() - start)


def _fill(sample: Sample, path: Path, *, place: int) -> int:
    """Write the jets of a sample batch by batch and count the events they took."""
    process, left = find_process(sample.process), sample.jets
    bar = tqdm(total=left, desc=sample.path.stem, unit="jet", position=place, disable=None)
    with bar, uproot.recreate(path, compression=uproot.ZSTD(9)) as file:
        for jets, events in generate(process, seed=sample.seed):
            columns = branches(jets[:left], label=process.label)
            if left == sample.jets:
                tree = file.mktree("jets", _types(columns))
            tree.extend(columns)
            written = len(columns["evt"])
            left -= written
            bar.update(written)
            if left == 0:
                return events
    raise AssertionError  # `generate` does not end


def _types(columns: Branches) -> dict[str, object]:
    """The type of each branch, as uproot wants it."""
    return {
        name: column.type.content if isinstance(column, ak.Array) else column.dtype
        for name, column in columns.items()
    }


def write_all(samples: Iterable[Sample]) -> list[Made]:
    """Make several samples, two at a time, and tell of each when it is done."""
    made = []
    with ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(write, sample, place=n) for n, sample in enumerate(samples)]
        for future in futures:
            made.append(future.result())
            click.echo(str(made[-1]))
    return made


SEED = click.IntRange(1, 900_000_000)  # what Pythia takes


@click.group()
def main() -> None:
    """Make samples of jets: QCD, top quarks and two dark showers."""


@main.command()
@click.argument("process")
@click.argument("jets", type=click.IntRange(min=1))
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seed", default=1, show_default=True, type=SEED)
def one(process: str, jets: int, path: Path, seed: int) -> None:
    """Make one sample of JETS jets of PROCESS at PATH.

    For example: python examples/make_samples/jets.py one qcd 1000 qcd.root --seed 3
    """
    find_process(process)
    click.echo(str(write(Sample(process=process, jets=jets, seed=seed, path=path))))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--scale", default=1.0, show_default=True, help="Multiplies every number of jets.")
@click.option("--seed", default=1, show_default=True, type=SEED, help="Of the first file.")
def large(folder: Path, scale: float, seed: int) -> None:
    """Make the benchmark set in FOLDER: 84 000 jets in five files.

    For example: python examples/make_samples/jets.py large benchmark --scale 0.1
    """
    write_all(plan(LARGE, folder, seed=seed, scale=scale))


@main.command()
@click.option(
    "--folder",
    default=PACKAGE,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the package if not given.",
)
@click.option("--seed", default=101, show_default=True, type=SEED, help="Of the first file.")
def package(folder: Path, seed: int) -> None:
    """Make the small set that comes with the package, and its card.

    For example: python examples/make_samples/jets.py package
    """
    write_card(folder / "README.md", write_all(plan(SMALL, folder, seed=seed)))


if __name__ == "__main__":
    main()
