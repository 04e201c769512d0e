"""Free energy along learned variables of the Müller-Brown potential, against exact quadrature.

The pipeline of molecules on a particle whose answer is known: short unbiased runs, a variable
learned from them, OPES along it, the free energy with its band, the verdict. One round.

All settings but one were fixed before anything was run:

* kT = 1, the potential scaled by 0.1: the deep wells lie behind 6.8 and 10.6 kT. All of
  `simulate` as by default, but for the barrier of 15 kT and the time step, 0.004 ps. Where a
  learned coordinate is steep, |ds/dx| of 9 to 20 outside of the training data, its soft walls are
  too stiff for long steps: with the default of 0.01 ps the first of the runs did not come to its
  end. The step was shortened for all of them, and one still fails.
* Training: 200 ps from each of the two deep wells, a row every 0.1 ps. `learn` by default
  (32 and 16 hidden units, tanh), lag 0.5 ps; the committor between the two wells from all rows.
* Bias: 20 ns, 5 million steps, a deposit every 500, a row every 100.
* Bins: 60 of 0.05 along one learned coordinate, 30 of 0.1 along each of two, both over
  [-1.5, 1.5]; along x 58 of 0.05, over x and y 0.1 wide. A tenth of the run is left out.
* Cores of the wells: the range of the variable over the disc of radius 0.2 around each.

The error is the root mean square of F - F_exact, shifts aside, over the bins where F_exact is
below 8 kT; "unseen" are those of them that no frame fell into. "covered" is the share of these
bins whose 95 % band holds the exact value. F_exact is from points 0.002 apart in x and y,
weighted by exp(-U / kT) and put into bins of the variable. "unbiased" is as long as the biased
runs, and is judged along the same variables. CPU seconds are of learning and simulating.

Run: python tests/benchmarks/learned_mueller_brown.py [SEED ...]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from sciae.errors import SimulationError
from sciae.free_energy import examine, outside, profile, transitions
from sciae.schema import Field, Schema
from sciae.simulation import simulate
from sciae.simulation.engines.potential import mueller_brown
from sciae.table import Table
from sciae.tasks.cv import learn

KT, BELOW, SKIP, GAS_CONSTANT = 1.0, 8.0, 0.1, 0.00831446261815324
SEEDS = (20261121, 20261122, 20261123, 20261124, 20261125)
POTENTIAL = mueller_brown(scale=0.1)
SHORT, LONG, DISC = "200 ps", "20 ns", 0.2
LEARNED = (
    ("committor", 1), ("deep-tica", 1), ("deep-tica", 2), ("time-lagged", 1), ("time-lagged", 2),
)  # fmt: skip
COMMON: dict[str, Any] = {
    "system": POTENTIAL, "temperature": KT / GAS_CONSTANT, "frames": 0, "history": 0,
    "timestep": 0.004,
}  # fmt: skip
HIGHEST, SPACING = 25.0, 0.002  # kT above the minimum that still count; of the points
HEAD = (
    "bias along", "judged along", "seed", "RMSE/kT", "bins", "unseen", "covered", "there", "back",
    "CPU s",
)  # fmt: skip


@dataclass(frozen=True)
class Along:
    """What a run is judged along: a function of x and y, and its bins."""

    name: str
    of: Any
    edges: tuple[Any, ...]


def main(seeds: tuple[int, ...]) -> None:
    """Print a row per run, and the mean over seeds."""
    _warm()
    print("{:16}{:16}{:>10}{:>9}{:>6}{:>8}{:>9}{:>7}{:>6}{:>9}  verdict".format(*HEAD))
    found: dict[str, list[Any]] = {}
    for seed in seeds:
        for row in _of_seed(seed):
            found.setdefault(f"{row[0]:16}{row[1]:16}", []).append(row[2:])
    print()
    for name, rows in found.items():
        _summary(name, [row for row in rows if row], sum(not row for row in rows))


def _summary(name: str, rows: list[Any], failed: int) -> None:
    """Means over the runs that came to their end."""
    if not rows:
        print(f"{name}failed {failed}")
        return
    error, missing, covered, seconds = np.array([(r[0], r[2], r[3], r[6]) for r in rows]).T
    print(
        f"{name}RMSE {error.mean():.3f} kT (worst {error.max():.3f}), "
        f"unseen {missing.sum():.0f}, covered {covered.mean():.3f}, "
        f"converged {sum(r[7] for r in rows)} of {len(rows)}, failed {failed}, "
        f"{seconds.mean():.0f} CPU s"
    )


def _of_seed(seed: int) -> Any:
    begin = time.process_time()
    table = _trained_on(seed)
    sampled = time.process_time() - begin
    variables = []
    for kind, dim in LEARNED:
        begin = time.process_time()
        settings = {"labels": table.group, "whole": True} if kind == "committor" else {}
        variable = learn(table, kind=kind, dim=dim, lag="0.5 ps", rng=seed, **settings).variable
        along, name = _learned(variable), f"{kind} {dim}-D"
        variables.append(along)
        try:
            run = _run(variable, "opes", LONG, seed)
        except SimulationError as error:
            print(f"{name:16}{name:16}{seed:10}  failed: {error}", flush=True)
            yield name, name
            continue
        seconds = time.process_time() - begin + sampled
        beyond = outside(
            run.variable, low=variable.low, high=variable.high, log_weight=run.log_weight
        )
        yield _row(name, along, seed, run, run.variable, seconds, beyond)
    for name, method in (("x, y", "opes"), ("unbiased", "none")):
        begin = time.process_time()
        run = _run(None, method, LONG, seed)
        seconds = time.process_time() - begin
        plain = [X, PLANE] if method == "opes" else [X, PLANE, *variables]
        for along in plain:
            yield _row(name, along, seed, run, along.of(run.variable), seconds, 0.0)


def _trained_on(seed: int) -> Table:
    """Short unbiased runs in the two deep wells."""
    runs = []
    for k, well in enumerate(POTENTIAL.wells[:2]):
        runs.append(_run(None, "none", SHORT, 10 * seed + k, stride=25, start=well))
    xy = np.concatenate([run.variable for run in runs])
    schema = Schema(tuple(Field(name=name, kind="continuous") for name in "xy"))
    return Table(
        schema, {"x": xy[:, 0], "y": xy[:, 1]}, group=np.repeat([0, 1], len(xy) // 2),
        carried={"time": np.concatenate([run.time for run in runs])},
    )  # fmt: skip


def _run(variable: Any, method: str, length: str, seed: int, **settings: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return simulate(
            variable, method=method, time=length, rng=seed, out=f"{folder}/run", barrier=15.0,
            **COMMON, **settings,
        )  # fmt: skip


def _learned(variable: Any) -> Along:
    edges = np.linspace(-1.5, 1.5, 61 if variable.dim == 1 else 31)
    name = f"{variable.about['kind']} {variable.dim}-D"
    return Along(name, variable.of_numbers, (edges,) * variable.dim)


X = Along("x", lambda xy: xy[:, :1], (np.linspace(-1.7, 1.2, 59),))
PLANE = Along("x, y", lambda xy: xy, (np.linspace(-1.8, 1.4, 33), np.linspace(-0.6, 2.2, 29)))


def _row(
    name: str, along: Along, seed: int, run: Any, s: Any, seconds: float, beyond: float
) -> tuple[Any, ...]:
    common = {"temperature": run.temperature, "log_weight": run.log_weight, "skip": SKIP}
    mass, cores = _exact(along), _cores(along)
    step = run.plan.stride * run.plan.timestep
    found = profile(s, edges=along.edges, **common)
    crossed = transitions(s, *cores, step=step, skip=SKIP)
    judged = examine(s, *cores, step=step, outside=beyond, **common)
    error, bins, missing, covered = _against(found, mass)
    numbers = (error, bins, missing, covered, crossed.forward, crossed.backward, seconds)
    print(
        f"{name:16}{along.name:16}{seed:10}{error:9.3f}{bins:6}{missing:8}{covered:9.3f}"
        f"{crossed.forward:7}{crossed.backward:6}{seconds:9.1f}  {_words(judged)}",
        flush=True,
    )
    return name, along.name, *numbers, judged.converged


def _against(found: Any, mass: Any) -> tuple[float, int, int, float]:
    """Error, bins, unseen bins, and the share that the band covers."""
    volume = found.bins.volume.reshape(mass.shape)
    with np.errstate(divide="ignore"):
        exact = -KT * np.log(mass / mass.sum() / volume)
        got = -KT * np.log(found.share / volume)
    low = exact < exact.min() + BELOW
    seen = low & np.isfinite(got)
    apart = got[seen] - exact[seen]  # from the free energy of all bins: what the band is of
    up, down = (found.high - found.F)[seen], (found.F - found.low)[seen]
    held = int(((-up <= apart) & (apart <= down)).sum())
    return float(apart.std()), int(low.sum()), int((low & ~seen).sum()), held / int(low.sum())


def _exact(along: Along) -> Any:
    """Boltzmann weight in each bin."""
    xy, weight = _points()
    return np.histogramdd(_in_parts(along, xy), along.edges, weights=weight)[0]


@cache
def _points() -> tuple[Any, Any]:
    """Midpoints of a fine grid that have any weight, and their weights."""
    axes = [
        low + SPACING * (np.arange(round((high - low) / SPACING)) + 0.5)
        for low, high in zip(POTENTIAL.low, POTENTIAL.high, strict=True)
    ]
    xy = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    energy = POTENTIAL.energy(xy)
    kept = energy < energy.min() + HIGHEST * KT
    return xy[kept], np.exp(-(energy[kept] - energy.min()) / KT)


def _in_parts(along: Along, xy: Any) -> Any:
    return np.concatenate([along.of(part) for part in np.array_split(xy, 40)])


def _cores(along: Along) -> Any:
    """Range of the variable over a disc around each deep well."""
    angle, radius = np.meshgrid(np.linspace(0, 2 * np.pi, 60), np.linspace(0, DISC, 10))
    disc = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1).reshape(-1, 2)
    both = [along.of(np.array(well) + disc) for well in POTENTIAL.wells[:2]]
    return [[(float(c.min()), float(c.max())) for c in s.T] for s in both]


def _words(judged: Any) -> str:
    failed = [finding.name for finding in judged.findings if not finding.passed]
    return "converged" if judged.converged else f"not converged: {', '.join(failed)}"


def _warm() -> None:
    """Compile, or load what is compiled."""
    from sciae.collective import CollectiveVariable
    from sciae.export import NumpyEncoder

    encoder = NumpyEncoder(
        columns=np.array(["x", "y"]), function=np.zeros(2, int), column=np.arange(2),
        a=np.zeros(2), b=np.ones(2), least=np.full(2, -np.inf), sizes=np.array([2, 1]),
        weights=np.array([1.0, -1.0, 0.0]), activation="none", end="linear",
    )  # fmt: skip
    for variable in (None, CollectiveVariable(encoder=encoder, low=[-3], high=[2])):
        _run(variable, "opes", "100 ps", 1)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SEEDS)
