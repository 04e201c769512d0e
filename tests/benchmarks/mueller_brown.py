"""Free energies of the Müller-Brown potential by three methods, against exact quadrature.

One particle, kT = 1, the potential scaled by 0.1: two deep wells, 4.0 apart, behind a barrier
of 6.2 along x (10.4 along the path). The error is the root mean square difference of F(x),
shifts aside, over bins below 8 kT, after a tenth of the run is left out. "bias" is what the
bias itself says, -V gamma / (gamma - 1), at the end. The umbrellas lie along x - y, since
along x itself a barrier in y stays hidden (errors up to 1.4 kT); what remains of it is what
makes them the worst of the methods here.

Run: python tests/benchmarks/mueller_brown.py
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.export import NumpyEncoder
from sciae.simulation.bias import Bias, Grid, Opes, WellTempered, windows
from sciae.simulation.engines.exact import exact_free_energy
from sciae.simulation.engines.particle import Particle
from sciae.simulation.engines.potential import mueller_brown

KT, BELOW, PACE, DEPOSITS, SEEDS = 1.0, 8.0, 500, 10_000, (1, 2, 3)
POTENTIAL = mueller_brown(scale=0.1)
PLANE = Grid((-2.2, -1.0), (1.6, 2.6), (100, 100))
SLANT = Grid((-3.2,), (1.6,), (200,))  # of x - y
EDGES = np.linspace(-1.7, 1.2, 59)
WINDOWS = 40  # stiffer than the barrier is curved: else none stays on top of it


def main() -> None:
    """Print the table."""
    exact = exact_free_energy(POTENTIAL, kt=KT, edges=[EDGES])
    _warm()
    print(f"{DEPOSITS * PACE:,} steps each; seeds {SEEDS}; {(exact < BELOW).sum()} bins")
    print(f"{'method':34}{'RMSE / kT, each seed':38}{'mean':>6}{'bias':>7}{'steps/CPU-s':>13}")
    print(_speed())
    for name, make in METHODS.items():
        _row(name, [_grown(make(), seed, exact) for seed in SEEDS])
    _row(f"umbrella, {WINDOWS} windows, MBAR", [_umbrella(seed, exact) for seed in SEEDS])


METHODS: dict[str, Any] = {
    "OPES, sigma 0.1": lambda: Opes(PLANE, barrier=15.0, kt=KT, sigma=[0.1, 0.1]),
    "OPES, measured sigma": lambda: Opes(PLANE, barrier=15.0, kt=KT),
    "OPES explore, sigma 0.1": lambda: Opes(
        PLANE, barrier=15.0, kt=KT, sigma=[0.1, 0.1], explore=True
    ),
    "well-tempered, hills of 0.5": lambda: WellTempered(
        PLANE, height=0.5, sigma=[0.1, 0.1], gamma=10.0, kt=KT
    ),
}


def _grown(bias: Any, seed: int, exact: Any) -> tuple[float, float, float]:
    begin = time.process_time()
    engine = Particle(POTENTIAL, kt=KT, start=POTENTIAL.wells[0], bias=bias, rng=seed)
    x, log_weight = np.zeros(DEPOSITS), np.zeros(DEPOSITS)
    for k in range(DEPOSITS):
        engine.step(PACE)
        s = engine.variable
        x[k], log_weight[k] = s[0], (bias.energy(s).energy - bias.offset) / KT
        bias.deposit(s, time=engine.time)
        bias.records()
    seconds = time.process_time() - begin
    skip = DEPOSITS // 10
    return _error(_free(x[skip:], log_weight[skip:]), exact), _of_bias(bias, exact), seconds


def _umbrella(seed: int, exact: Any) -> tuple[float, float, float]:
    from pymbar import MBAR

    begin, s = time.process_time(), []
    found, variable = windows(SLANT, number=WINDOWS, kt=KT, overlap=0.7), _slant()
    each, wells = DEPOSITS // WINDOWS, np.array(POTENTIAL.wells)
    for k, bias in enumerate(found):
        start = wells[np.argmin(abs(wells[:, 0] - wells[:, 1] - bias.center[0]))]
        engine = Particle(
            POTENTIAL, kt=KT, start=start, bias=bias, variable=variable, rng=100 * seed + k
        )
        engine.step(each * PACE // 10)
        for _ in range(each - each // 10):
            engine.step(PACE)
            s.append(engine.position)
    rows = np.array(s)
    u = np.array([bias.energies(rows[:, :1] - rows[:, 1:]) for bias in found]) / KT
    number = np.full(WINDOWS, len(rows) // WINDOWS)
    f = MBAR(u, number, solver_protocol="robust").f_k
    log_weight = -np.log((number[:, None] * np.exp(f[:, None] - u)).sum(0))
    seconds = time.process_time() - begin
    return _error(_free(rows[:, 0], log_weight), exact), np.nan, seconds


def _slant() -> CollectiveVariable:
    """The variable x - y."""
    encoder = NumpyEncoder(
        columns=np.array(["x", "y"]), function=np.zeros(2, int), column=np.arange(2),
        a=np.zeros(2), b=np.ones(2), least=np.full(2, -np.inf), sizes=np.array([2, 1]),
        weights=np.array([1.0, -1.0, 0.0]), activation="none", end="linear",
    )  # fmt: skip
    return CollectiveVariable(encoder=encoder, low=[-3.2], high=[1.6])


def _free(x: Any, log_weight: Any) -> Any:
    mass = np.histogram(x, EDGES, weights=np.exp(log_weight - log_weight.max()))[0]
    return -KT * np.log(np.where(mass > 0, mass, np.nan))


def _of_bias(bias: Bias, exact: Any) -> float:
    """Error of F(x) from the bias itself, integrated over the other coordinate."""
    gamma = bias.gamma if isinstance(bias, WellTempered) else bias.target.gamma  # type: ignore[attr-defined]
    middles, y = (EDGES[1:] + EDGES[:-1]) / 2, PLANE.axes[1]
    v = np.array([[bias.energy([a, b]).energy for b in y] for a in middles])
    f = -v * gamma / (gamma - 1)
    return _error(-KT * np.log(np.exp(-(f - f.min()) / KT).sum(1)), exact)


def _error(f: Any, exact: Any) -> float:
    low = exact < BELOW
    if not np.isfinite(f[low]).all():
        return float("nan")  # a bin was never visited
    return float(np.std((f - exact)[low]))


def _row(name: str, runs: list[tuple[float, float, float]]) -> None:
    errors, biased, seconds = np.array(runs).T
    each = " ".join(f"{e:6.3f}" for e in errors)
    rate = DEPOSITS * PACE / seconds.mean()
    print(f"{name:34}{each:38}{errors.mean():6.3f}{biased.mean():7.3f}{rate:13.2e}", flush=True)


def _speed() -> str:
    engine = Particle(POTENTIAL, kt=KT, start=POTENTIAL.wells[0], rng=1)
    begin = time.process_time()
    engine.step(5_000_000)
    return f"{'no bias':34}{'':51}{5e6 / (time.process_time() - begin):13.2e}"


def _warm() -> None:
    """Compile, or load what is compiled."""
    for make in METHODS.values():
        bias = make()
        engine = Particle(POTENTIAL, kt=KT, start=POTENTIAL.wells[0], bias=bias, rng=1)
        for _ in range(3):
            engine.step(1)
            bias.energy(engine.variable)
            bias.deposit(engine.variable)


if __name__ == "__main__":
    main()
