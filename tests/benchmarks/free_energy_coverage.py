"""How often 95 % intervals of free energies cover, over fresh seeds of synthetic runs.

Run it by hand: ``python tests/benchmarks/free_energy_coverage.py [seeds]``. With 200 seeds
the standard error of a coverage of 0.95 is 0.015. Beside `sciae.free_energy.delta` stand what
is usual: a percentile bootstrap of 20 blocks, and one of frames as if independent.

Runs: jumps between two states with a correlated normal coordinate (AR(1)) about each; the
same weighted, by up to exp(2 z) with z of unit variance; ten walkers; one state ten times
rarer; Langevin dynamics in a double well, free and under well-tempered metadynamics with
weights (V - c(t)) / kT; a hidden environment that favours one state and changes a few times.
"""

from __future__ import annotations

import math
import sys
import zlib
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy import stats
from scipy.signal import lfilter

from sciae.free_energy import delta, profile
from sciae.free_energy.weights import GAS_CONSTANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Run = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]

KELVIN = 1 / GAS_CONSTANT  # at which kT is 1 kJ/mol
CORES = (-math.inf, -0.5), (0.5, math.inf)
FRAMES = 20_000


def correlated(frames: int, time: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A normal series of unit variance with this correlation time in frames."""
    kept = math.exp(-1 / time) if time else 0.0
    noise = rng.normal(size=frames) * np.r_[1.0, np.full(frames - 1, math.sqrt(1 - kept**2))]
    return np.asarray(lfilter([1.0], [1.0, -kept], noise))


def states(frames: int, leave: tuple[float, float], rng: np.random.Generator) -> NDArray[np.intp]:
    """A chain of two states that are left with these probabilities per frame."""
    now = int(rng.random() < leave[0] / sum(leave))
    path, filled = np.empty(frames, np.intp), 0
    while filled < frames:
        stay = int(rng.geometric(leave[now]))
        path[filled : filled + stay] = now
        filled, now = filled + stay, 1 - now
    return path


def jumps(
    crossings: float,
    *,
    time: float = 5.0,
    weight: float = 0.0,
    ratio: float = 1.0,
    walkers: int = 1,
) -> tuple[Callable[[np.random.Generator], Run], float]:
    """A maker of runs with about so many crossings, and the true ΔF in kT."""
    leave = (crossings / FRAMES * (1 + ratio) / (2 * ratio), crossings / FRAMES * (1 + ratio) / 2)

    def make(rng: np.random.Generator) -> Run:
        each = FRAMES // walkers
        path = np.concatenate([states(each, leave, rng) for _ in range(walkers)])
        noise = np.concatenate([correlated(each, time, rng) for _ in range(walkers)])
        side = 2.0 * path - 1
        return side * (1 + 0.1 * noise), weight * noise, np.repeat(np.arange(walkers), each)

    return make, math.log(ratio)


def hidden(change: float) -> tuple[Callable[[np.random.Generator], Run], float]:
    """Crossings whose two rates take turns at being three times faster."""

    def make(rng: np.random.Generator) -> Run:
        path = _hidden(FRAMES, change, int(rng.integers(2**31)))
        return 2.0 * path - 1, np.zeros(FRAMES), np.zeros(FRAMES, np.intp)

    return make, 0.0


@numba.njit
def _hidden(frames: int, change: float, seed: int) -> NDArray[np.int64]:
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator
    path = np.empty(frames, np.int64)
    now, side = np.random.randint(2), np.random.randint(2)  # noqa: NPY002
    for t in range(frames):
        if np.random.random() < change:  # noqa: NPY002
            side = 1 - side
        if np.random.random() < (0.012 if now == side else 0.004):  # noqa: NPY002
            now = 1 - now
        path[t] = now
    return path


def double_well(
    frames: int, *, barrier: float, tilt: float, height: float, skip: float
) -> tuple[Callable[[np.random.Generator], Run], float]:
    """Langevin runs in barrier (x^2 - 1)^2 + tilt x, under metadynamics if height > 0."""
    grid = np.linspace(-2.5, 2.5, 20_001)
    density = np.exp(-(barrier * (grid**2 - 1) ** 2 + tilt * grid))
    truth = -math.log(density[grid >= CORES[1][0]].sum() / density[grid < CORES[0][1]].sum())

    def make(rng: np.random.Generator) -> Run:
        seed = int(rng.integers(2**31))
        x, bias, offset = _metadynamics(frames, barrier, tilt, height, seed)
        kept = slice(int(skip * frames), None)
        return x[kept], (bias - offset)[kept], np.zeros(len(x[kept]), np.intp)

    return make, truth


@numba.njit
def _metadynamics(
    frames: int, barrier: float, tilt: float, height: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Well-tempered with γ = 8; a hill every 100 steps of 0.001, a frame every 20; kT = 1."""
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator
    points, low, step, gamma = 201, -2.5, 0.025, 8.0
    grid = np.zeros(points)
    xs, biases, offsets = np.empty(frames), np.empty(frames), np.empty(frames)
    x, offset, kick = -1.0, 0.0, math.sqrt(2 * 0.001)
    for t in range(20 * frames):
        left = min(max(int((x - low) / step), 0), points - 2)
        slope = (grid[left + 1] - grid[left]) / step
        bias = grid[left] + slope * (x - low - left * step)
        if t % 20 == 0:
            xs[t // 20], biases[t // 20], offsets[t // 20] = x, bias, offset
        if height > 0 and t % 100 == 50:
            for j in range(points):
                far = (low + j * step - x) / 0.2
                grid[j] += height * math.exp(-bias / (gamma - 1) - 0.5 * far * far)
            top = grid.max()
            up = np.exp(gamma / (gamma - 1) * (grid - top)).sum()
            offset = top + math.log(up / np.exp((grid - top) / (gamma - 1)).sum())
        x += 0.001 * (-4 * barrier * x * (x * x - 1) - tilt - slope)
        x += kick * np.random.randn()  # noqa: NPY002
    return xs, biases, offsets


def generator(name: str, seed: int) -> np.random.Generator:
    """Each row of the table has its own runs."""
    return np.random.default_rng([zlib.crc32(name.encode()), seed])


def ours(run: Run, rng: np.random.Generator) -> tuple[float, float]:
    x, log_weight, group = run
    found = delta(x, *CORES, log_weight=log_weight, group=group, temperature=KELVIN)
    return found.low, found.high


def bootstrap(run: Run, blocks: int, rng: np.random.Generator) -> tuple[float, float]:
    """Percentiles of resampled blocks: what is usually done."""
    x, log_weight, _ = run
    weight = np.exp(log_weight - log_weight.max())
    starts = np.linspace(0, len(x), blocks + 1).astype(int)[:-1]
    sums = [np.add.reduceat(weight * ((x >= low) & (x < high)), starts) for low, high in CORES]
    draws = rng.integers(blocks, size=(400, blocks)) if blocks < len(x) else None
    if draws is None:  # frames as if independent: the normal law of the same, for speed
        score = sums[0] / sums[0].sum() - sums[1] / sums[1].sum()
        value, half = -math.log(sums[1].sum() / sums[0].sum()), 1.96 * math.sqrt(score @ score)
        return value - half, value + half
    a, b = (one[draws].sum(1) for one in sums)
    with np.errstate(divide="ignore"):
        low, high = np.quantile(np.log(a) - np.log(b), [0.025, 0.975], method="nearest")
    return float(low), float(high)


def coverage(
    name: str, made: tuple[Callable[[np.random.Generator], Run], float], seeds: int
) -> None:
    make, truth = made
    hits, widths, crossings = [], [], []
    for seed in range(seeds):
        rng = generator(name, seed)
        run = make(rng)
        sides = np.sign(run[0][np.abs(run[0]) > 0.5])
        if abs(sides.sum()) == len(sides):
            continue  # one state only: an error, not an interval
        crossings.append(np.sum(np.diff(sides) != 0))
        found = [ours(run, rng), bootstrap(run, 20, rng), bootstrap(run, len(run[0]), rng)]
        hits.append([low <= truth <= high for low, high in found])
        widths.append((found[0][1] - found[0][0]) / 2)
    covers = "".join(f"{share:>12.3f}" for share in np.mean(hits, 0))
    print(f"{name:<44}{np.median(crossings):>9.0f}{covers}{np.median(widths):>11.2f}", flush=True)


def bands(
    name: str, series: Callable[[np.random.Generator], Run], seeds: int, *, flat: int
) -> None:
    """Pointwise coverage of a profile's band for normal coordinates of unit variance."""
    edges = np.linspace(-2.4, 2.4, 17 if flat == 1 else 9)
    share = np.diff(stats.norm.cdf(edges))
    truth = share if flat == 1 else np.outer(share, share)
    hits = []
    for seed in range(seeds):
        x, log_weight, group = series(generator(name, seed))
        settings = {"log_weight": log_weight, "group": group, "temperature": KELVIN}
        found = profile(x, edges=[edges] * flat, **settings)
        seen = found.share > 0
        # both densities normalised over the bins; then as far above zero as the profile is
        wanted = found.F + np.log(np.where(seen, found.share, 1.0) / (truth / truth.sum()))
        hits.append(np.where(seen, (found.low <= wanted) & (wanted <= found.high), np.nan))
    each = np.nanmean(hits, 0)
    print(f"{name:<44}{np.nanmean(hits):>9.3f}{each.min():>12.3f}", flush=True)


def ornstein(times: float, *, flat: int, hot: float = 1.0) -> Callable[[np.random.Generator], Run]:
    """So many correlation times of a process sampled at `hot` times its temperature."""

    def make(rng: np.random.Generator) -> Run:
        frames = int(20 * times)
        x = np.stack([correlated(frames, 20.0, rng) for _ in range(flat)], 1) * math.sqrt(hot)
        log_weight = -0.5 * np.square(x).sum(1) * (1 - 1 / hot)
        return (x[:, 0] if flat == 1 else x), log_weight, np.zeros(frames, np.intp)

    return make


def main(seeds: int) -> None:
    heads = "".join(f"{head:>12}" for head in ("sciae", "20 blocks", "frames"))
    print(f"{'delta: coverage of 95 %':<44}{'crossings':>9}{heads}{'sciae ±kT':>11}")
    for crossings in (5, 10, 20, 30, 100):
        for weight in (0.0, 1.0, 2.0):
            for time in (0.0, 5.0, 50.0):
                made = jumps(crossings, time=time, weight=weight)
                coverage(
                    f"{crossings} jumps, weights exp({weight:g} z), time {time:g}", made, seeds
                )
        coverage(
            f"{crossings} jumps, one state 10 times rarer", jumps(crossings, ratio=10.0), seeds
        )
        made = jumps(crossings, ratio=10.0, weight=2.0)
        coverage(f"{crossings} of the same, weights exp(2 z)", made, seeds)
        coverage(f"{crossings} jumps, ten walkers", jumps(crossings, walkers=10, ratio=3.0), seeds)
    for frames in (4_000, 16_000):
        made = double_well(frames, barrier=3.0, tilt=0.5, height=0.0, skip=0.0)
        coverage(f"double well, {frames} frames", made, seeds)
    for frames, skip in ((4_000, 0.2), (10_000, 0.2), (20_000, 0.2), (20_000, 0.0)):
        made = double_well(frames, barrier=6.0, tilt=1.0, height=0.1, skip=skip)
        coverage(f"metadynamics, {frames} frames, skip {skip:g}", made, seeds)
    for change in (5e-4, 1e-4):
        coverage(f"hidden, {change * FRAMES:.0f} changes", hidden(change), seeds)
    print(f"\n{'profile: pointwise coverage of 95 %':<44}{'mean':>9}{'worst bin':>12}")
    for times in (50, 200, 1_000):
        for flat in (1, 2):
            bands(
                f"{flat}-D, {times} correlation times", ornstein(times, flat=flat), seeds, flat=flat
            )
        name = f"1-D, weighted, {times} correlation times"
        bands(name, ornstein(times, flat=1, hot=2.0), seeds, flat=1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
