"""OPES along phi and psi: Delta F(t) of alanine dipeptide over seeds, against a long reference.

Vacuum, amber99sb, 300 K, barrier 50 kJ/mol. Delta F(C7eq -> C7ax) of phi in (0, 2.3) against the
rest, reweighted with the first tenth of each stretch left out, of runs of 10 ns; the reference
has 50 ns. Asked: the mean over seeds within its error of the reference at each time. The value of
Invernizzi and Parrinello (J. Phys. Chem. Lett. 11 (2020) 2731) for this molecule, with another
version of the force field, is 9.97 +- 0.23 kJ/mol after 10 ns of each of 10 walkers.

Runs that `blind_alanine.py` made in the same --out are used again.

Run: python tests/benchmarks/opes_alanine.py [--seeds 5] [--first SEED] [--out DIR]
    [--reference DIR]
"""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

import numpy as np
from scipy import stats

from sciae.collective import CollectiveVariable
from sciae.descriptors import Descriptors, Torsions
from sciae.free_energy import Interval, delta
from sciae.simulation import BiasedRun, from_pdb, simulate

FIRST, TIMES = 20261131, (2, 4, 6, 8, 10)  # ns
C7AX, C7EQ, TURN = (0.0, 2.3), (2.3, 0.0), 2 * np.pi


def main() -> None:
    """Print Delta F at each time: mean over seeds, its standard error, the spread."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("blind-alanine"))
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--reference", type=Path, help="directory of a run along phi and psi")
    chosen = parser.parse_args()
    long = (
        _run(chosen.out / "reference", "25 ns", FIRST, walkers=2, frames=0)
        if chosen.reference is None else BiasedRun.load(chosen.reference)
    )  # fmt: skip
    truth = _delta(long, np.inf)
    print(f"reference, 50 ns: {truth}")
    runs = [
        _run(chosen.out / f"phi-{seed}" / "run", "10 ns", seed, walkers=1, frames=200)
        for seed in range(chosen.first, chosen.first + chosen.seeds)
    ]
    print(f"{'t / ns':>7}{'mean':>8}{'s.e.':>7}{'s.d.':>7}{'from reference':>16}{'covered':>9}")
    for t in TIMES:
        each = [_delta(run, 1000.0 * t) for run in runs]
        values = np.array([one.value for one in each])
        error = stats.sem(values) if len(values) > 1 else np.nan
        covered = sum(one.covers(truth.value) for one in each)
        print(f"{t:7}{values.mean():8.2f}{error:7.2f}{values.std(ddof=1):7.2f}"
              f"{values.mean() - truth.value:16.2f}{covered:6}/{len(each)}")  # fmt: skip


def _run(out: Path, length: str, seed: int, *, walkers: int, frames: int) -> BiasedRun:
    pdb = Path(str(files("sciae") / "samples" / "alanine_dipeptide" / "ala2.pdb"))
    pair = Torsions([(4, 6, 8, 14), (6, 8, 14, 16)])
    return simulate(
        CollectiveVariable.of_descriptors(Descriptors((pair,), atoms=22), names=("phi", "psi")),
        system=from_pdb(pdb, force_field="amber99sb"), time=length, out=out, barrier=50.0,
        walkers=walkers, frames=frames, platform="Reference", rng=seed, resume=True,
    )  # fmt: skip


def _delta(run: BiasedRun, until: float) -> Interval:
    """Delta F from the frames before a time, in ps."""
    kept = run.time <= until
    return delta(
        run.variable[kept, 0], C7EQ, C7AX, temperature=300.0, log_weight=run.log_weight[kept],
        group=run.walker[kept], period=TURN, skip=0.1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
