"""Blind alanine dipeptide: from frames of one basin to free energies, without being told phi.

Vacuum, amber99sb, 300 K. Each seed begins with 1 ns of unbiased frames (four runs from C7eq, none
of which crosses to C7ax) and goes through `sciae.sampling.rounds` with its defaults, once with
the distances of all heavy atoms and once with all their torsions. Phi and psi are computed after
the last round only, to judge it: transitions per ns between the cores phi in (0.4, 1.8) and
(-2.8, -0.5); Delta F(C7eq -> C7ax) of phi in (0, 2.3) against the rest; F(phi, psi) against the
reference, below 25 kJ/mol. Beside it, with the same length of run: a bias along phi and psi,
along the first two principal components of the start (both OPES), and none.

Settings fixed before any seed below was run: ROUNDS, TIME, LAST, BARRIER and the default Recipe.
Runs go on with a longer --last: the map of phi and psi needs 50 ns and more.

RMSE is of all bins below 25 kJ/mol, those never visited counted as 25; "seen" of the visited ones.

Run: python tests/benchmarks/blind_alanine.py [--seeds 5] [--last "80 ns"] [--out DIR]
     [--reference DIR]
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.descriptors import Descriptors, Torsions
from sciae.domains.trajectories import Trajectories
from sciae.errors import DataError
from sciae.free_energy import delta, profile, transitions
from sciae.sampling import rounds
from sciae.simulation import BiasedRun, from_pdb, simulate
from sciae.tasks.cv import learn

FIRST, ROUNDS, TIME, LAST, BARRIER = 20261151, 8, "1 ns", "10 ns", 50.0
FEATURES = ("distances", "torsions:all")
TURN, KT = 2 * np.pi, 0.00831446261815324 * 300
C7AX, C7EQ = (0.0, 2.3), (2.3, 0.0)
CORES = (-2.8, -0.5), (0.4, 1.8)
EDGES = np.linspace(-np.pi, np.pi, 37)
HEIGHT = 25.0  # kJ/mol
PLATFORM = {"platform": "Reference"}
SETTINGS: dict[str, Any] = {"barrier": BARRIER, **PLATFORM}


def main() -> None:
    """Print a row per seed, and what all of them come to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--features", choices=FEATURES, action="append")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument(
        "--last", default=LAST, help="length of the last round, and of what is beside it"
    )
    parser.add_argument("--out", type=Path, default=Path("blind-alanine"))
    parser.add_argument("--reference", type=Path, help="directory of a run along phi and psi")
    chosen = parser.parse_args()
    pdb = Path(str(files("sciae") / "samples" / "alanine_dipeptide" / "ala2.pdb"))
    reference = _reference(pdb, chosen.out / "reference", chosen.reference)
    print("reference: Delta F {delta:.2f} [{low:.2f}, {high:.2f}] kJ/mol, {per_ns:.1f} per ns"
          .format(**reference))  # fmt: skip
    print(f"{'variable from':18}{'seed':>10}{'per ns':>8}{'Delta F / kJ/mol':>26}{'RMSE':>7}"
          f"{'seen':>7}{'rounds':>8}{'CPU s':>7}")  # fmt: skip
    rows = []
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        for features in chosen.features or FEATURES:
            out = chosen.out / f"{features.partition(':')[0]}-{seed}"
            rows.append(_row(features, pdb, out, seed, reference, _blind, chosen.last))
        if chosen.no_baselines:
            continue
        for name, along in (("phi, psi", _torsions), ("first 2 PCs", _principal)):
            out = chosen.out / f"{name[:3]}-{seed}"
            _row(name, pdb, out, seed, reference, along, chosen.last)
        out = chosen.out / f"none-{seed}"
        _row("unbiased", pdb, out, seed, reference, _unbiased, chosen.last)
    _sum(rows, reference)


def _blind(features: str, pdb: Path, out: Path, seed: int, last: str) -> tuple[BiasedRun, int]:
    domain = Trajectories(topology=pdb, features=(features,))
    found = rounds(
        from_pdb(pdb, force_field="amber99sb"), _start(pdb, out, seed), domain=domain,
        out=out / "rounds", number=ROUNDS, time=TIME, last=last, settings=PLATFORM, rng=seed,
        resume=True,
    )  # fmt: skip
    return found.run, len(found.rounds)


def _torsions(_: str, pdb: Path, out: Path, seed: int, last: str) -> tuple[BiasedRun, int]:
    return _biased(_phi_psi(), pdb, out, seed, last), 1


def _principal(_: str, pdb: Path, out: Path, seed: int, last: str) -> tuple[BiasedRun, int]:
    domain = Trajectories(topology=pdb, features=("distances",))
    table = domain.read(_start(pdb, out, seed)[0])
    found = learn(table, kind="pca", dim=2, descriptors=domain.descriptors, rng=seed)
    return _biased(found.variable, pdb, out, seed, last), 1


def _unbiased(_: str, pdb: Path, out: Path, seed: int, last: str) -> tuple[BiasedRun, int]:
    return _biased(_phi_psi(), pdb, out, seed, last, method="none"), 1


def _biased(
    variable: CollectiveVariable,
    pdb: Path,
    out: Path,
    seed: int,
    last: str,
    *,
    method: str = "opes",
) -> BiasedRun:
    return simulate(
        variable, system=from_pdb(pdb, force_field="amber99sb"), time=last, out=out / "run",
        method=method, frames=200, rng=seed, resume=True, **SETTINGS,
    )  # fmt: skip


def _start(pdb: Path, out: Path, seed: int) -> list[Path]:
    """Four unbiased runs from C7eq; a seed with a crossing would be no blind test."""
    system, made = from_pdb(pdb, force_field="amber99sb"), []
    for k in range(4):
        run = simulate(
            _phi_psi(), system=system, time="250 ps", equilibration="10 ps", method="none",
            out=out / f"start-{k}", frames=200, rng=seed * 10 + k, platform="Reference",
            resume=True,
        )  # fmt: skip
        phi = run.variable[:, 0]
        assert not ((phi > CORES[1][0]) & (phi < CORES[1][1])).any(), "a crossing at the start"
        made.append(run.trajectories[0])
    return made


def _phi_psi() -> CollectiveVariable:
    pair = Torsions([(4, 6, 8, 14), (6, 8, 14, 16)])
    return CollectiveVariable.of_descriptors(Descriptors((pair,), atoms=22), names=("phi", "psi"))


def _row(
    name: str, pdb: Path, out: Path, seed: int, reference: dict[str, Any], along: Any, last: str
) -> dict[str, Any]:
    """One run judged by phi and psi; kept as JSON, so that a table may be made in parts."""
    path = out / f"judged-{last.replace(' ', '')}.json"
    if not path.exists():
        began = time.process_time()
        run, count = along(name, pdb, out, seed, last)
        row = {"cpu": time.process_time() - began, "rounds": count, **_judged(run, reference)}
        path.write_text(json.dumps(row))
    row = {"name": name, "seed": seed, **json.loads(path.read_text())}
    interval = f"{row['delta']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
    print(
        f"{name:18}{seed:10}{row['per_ns']:8.1f}{interval:>26}{row['rmse']:7.2f}{row['seen']:7.2f}"
        f"{row['rounds']:8}{row['cpu']:7.0f}",
        flush=True,
    )
    return row


def _judged(run: BiasedRun, reference: dict[str, Any] | None) -> dict[str, Any]:
    """Transitions, Delta F and F(phi, psi) of a run."""
    angles, weight, group = _angles(run)
    step = run.plan.timestep * (run.plan.frames or run.plan.stride)
    crossed = transitions(angles[:, 0], *CORES, step=step, group=group, period=TURN)
    shared: dict[str, Any] = {"temperature": 300.0, "log_weight": weight, "group": group}
    shared["skip"] = 0.1
    value, low, high = _delta(angles[:, 0], shared)
    surface = profile(angles, edges=[EDGES, EDGES], period=(TURN, TURN), **shared)
    row = {"per_ns": crossed.per_ns, "delta": value, "low": low, "high": high}
    if reference is None:
        return {**row, "surface": surface.F}
    rmse, seen = _rmse(surface.F, reference["surface"])
    return {**row, "rmse": rmse, "seen": seen}


def _delta(phi: Any, shared: dict[str, Any]) -> tuple[float, float, float]:
    """Value and interval; NaN for a run that was in one basin only."""
    try:
        found = delta(phi, C7EQ, C7AX, period=TURN, **shared)
    except DataError:
        return (float("nan"),) * 3
    return found.value, found.low, found.high


def _angles(run: BiasedRun) -> tuple[Any, Any, Any]:
    """Phi and psi of each frame, with its weight and walker."""
    if run.plan.names == ("phi", "psi"):
        return run.variable, run.log_weight, run.walker
    domain = Trajectories(
        topology=run.topology, features=("torsion:4-6-8-14", "torsion:6-8-14-16"), timestep=1.0
    )
    parts = [domain.read(path) for path in run.trajectories]
    angles = np.concatenate([np.column_stack([*part.columns.values()]) for part in parts])
    kept = run.in_trajectory
    return angles, run.log_weight[kept], run.walker[kept]


def _rmse(f: Any, exact: Any) -> tuple[float, float]:
    """Root mean square difference below HEIGHT, shifts aside; bins never seen count as HEIGHT.

    And that of the bins that were seen alone.
    """
    low = exact < HEIGHT
    missing = low & ~np.isfinite(f)
    both = low & ~missing
    if not both.any():
        return float("nan"), float("nan")
    apart = f[both] - exact[both]
    apart -= apart.mean()
    squares = np.square(apart).sum() + np.square(HEIGHT - exact[missing]).sum()
    return float(np.sqrt(squares / low.sum())), float(np.sqrt(np.square(apart).mean()))


def _reference(pdb: Path, out: Path, given: Path | None) -> dict[str, Any]:
    """A long run along phi and psi: two walkers, 50 ns in all, unless one is given."""
    run = simulate(
        _phi_psi(), system=from_pdb(pdb, force_field="amber99sb"), time="25 ns", walkers=2,
        out=out, frames=0, rng=FIRST, resume=True, **SETTINGS,
    ) if given is None else BiasedRun.load(given)  # fmt: skip
    return _judged(run, None)


def _sum(rows: list[dict[str, Any]], reference: dict[str, Any]) -> None:
    truth = reference["delta"]
    for name in FEATURES:
        own = [row for row in rows if row["name"] == name]
        if own:
            enough = sum(row["per_ns"] >= 20 for row in own)
            print(
                f"{name}: 20 transitions per ns or more in {enough} of {len(own)} seeds; median "
                f"{np.median([row['per_ns'] for row in own]):.0f}; CPU at most "
                f"{max(row['cpu'] for row in own):.0f} s"
            )
    near = sum(abs(row["delta"] - truth) <= 1 for row in rows)
    covered = sum(row["low"] <= truth <= row["high"] for row in rows)
    fine = sum(row["rmse"] <= 1.5 for row in rows)
    print(f"|Delta F - {truth:.2f}| <= 1 kJ/mol in {near}, covered in {covered}, ")
    print(f"RMSE <= 1.5 kJ/mol in {fine} of {len(rows)}")


if __name__ == "__main__":
    main()
