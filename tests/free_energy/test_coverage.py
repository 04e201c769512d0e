"""95 % intervals against truths: each on 200 fresh runs, whose share has an error of 0.015."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from sciae.free_energy import delta, profile
from sciae.free_energy.weights import GAS_CONSTANT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RUNS, FRAMES = 200, 6_000
KELVIN = 1 / GAS_CONSTANT  # kT is 1 kJ/mol
CORES = (-math.inf, -0.5), (0.5, math.inf)


def generators(name: str) -> list[np.random.Generator]:
    return [np.random.default_rng([zlib.crc32(name.encode()), seed]) for seed in range(RUNS)]


def correlated(frames: int, time: float, rng: np.random.Generator) -> Array:
    kept = math.exp(-1 / time)
    noise = rng.normal(size=frames) * np.r_[1.0, np.full(frames - 1, math.sqrt(1 - kept**2))]
    return np.asarray(lfilter([1.0], [1.0, -kept], noise))


def states(frames: int, leave: tuple[float, float], rng: np.random.Generator) -> Array:
    """-1 and 1, left with these probabilities per frame, in equilibrium from the start."""
    first = int(rng.random() < leave[0] / sum(leave))
    stays = rng.geometric(np.tile(np.roll(leave, first), frames))
    ends = np.minimum(np.cumsum(stays), frames)
    sides = np.tile([-1.0, 1.0] if first == 0 else [1.0, -1.0], frames)
    return np.repeat(sides, np.diff(ends, prepend=0))


def covered(name: str, *, crossings: int, ratio: float, weight: float, walkers: int) -> float:
    leave = (crossings / FRAMES * (1 + ratio) / (2 * ratio), crossings / FRAMES * (1 + ratio) / 2)
    each, hits = FRAMES // walkers, []
    for rng in generators(name):
        side = np.concatenate([states(each, leave, rng) for _ in range(walkers)])
        noise = correlated(FRAMES, 5.0, rng)
        if np.ptp(side) == 0:
            continue  # nothing to compare: an error, not an interval
        found = delta(
            side * (1 + 0.1 * noise),
            *CORES,
            temperature=KELVIN,
            log_weight=weight * noise,
            group=np.repeat(np.arange(walkers), each),
        )
        hits.append(found.covers(math.log(ratio)))
    return float(np.mean(hits))


@pytest.mark.parametrize(
    ("crossings", "ratio", "weight", "walkers"),
    [
        (10, 1.0, 0.0, 1),
        (10, 5.0, 0.0, 1),
        (10, 1.0, 1.5, 1),
        (15, 3.0, 0.0, 5),
        (30, 1.0, 0.0, 1),
        (30, 5.0, 1.5, 1),
        (100, 5.0, 0.0, 1),
        (100, 1.0, 1.5, 1),
    ],
)
def test_differences_cover_whether_crossings_are_few_or_many(
    crossings: int, ratio: float, weight: float, walkers: int
):
    name = f"{crossings} {ratio} {weight} {walkers}"
    share = covered(name, crossings=crossings, ratio=ratio, weight=weight, walkers=walkers)
    assert share >= 0.92


def test_intervals_are_not_wide_without_need():
    # 100 memoryless crossings: ln of a ratio of two sums of 50 visits
    widths = []
    for rng in generators("width")[:50]:
        side = states(FRAMES, (100 / FRAMES, 100 / FRAMES), rng)
        widths.append(delta(side, *CORES, temperature=KELVIN).error)
    assert np.median(widths) <= 1.4 * math.sqrt(2 / 50)


def test_differences_cover_while_a_bias_grows():
    # V of state a rises towards 2.5 kT in a third of the run, which starts there
    rng = np.random.default_rng(zlib.crc32(b"growing"))
    side, path, weights = np.full(RUNS, -1.0), [], []
    for t in range(FRAMES):
        bias = 2.5 * (1 - math.exp(-3 * t / FRAMES))
        leave = np.where(
            side < 0, 0.01 * math.exp((bias - 3.0) / 2), 0.01 * math.exp((3.0 - bias) / 2)
        )
        side = np.where(rng.random(RUNS) < leave, -side, side)
        path.append(side)
        weights.append(np.where(side < 0, bias, 0.0))
    runs = zip(np.stack(path, 1), np.stack(weights, 1), strict=True)
    hits = [
        delta(x, *CORES, temperature=KELVIN, log_weight=log).covers(3.0)
        for x, log in runs
        if np.ptp(x) > 0
    ]
    assert np.mean(hits) >= 0.92


def inside(x: Array, edges: list[Array], truth: Array, log_weight: Array | None = None) -> Array:
    """1 where the band covers, both densities being normalised over the bins."""
    found = profile(x, edges=edges, temperature=KELVIN, log_weight=log_weight)
    share = np.where(found.share > 0, found.share, np.nan)
    wanted = found.F + np.log(share / (truth / truth.sum()))
    hit = (found.low <= wanted) & (wanted <= found.high)
    return np.where(np.isfinite(wanted), hit, np.nan)


@pytest.mark.parametrize(("times", "hot"), [(60, 1.0), (300, 1.0), (300, 2.0)])
def test_bands_of_a_coordinate_cover_pointwise(times: int, hot: float):
    edges = np.linspace(-2.4, 2.4, 17)
    truth = np.diff(stats.norm.cdf(edges))
    hits = []
    for rng in generators(f"one {times} {hot}"):
        x = math.sqrt(hot) * correlated(20 * times, 20.0, rng)
        hits.append(inside(x, [edges], truth, -0.5 * x**2 * (1 - 1 / hot)))
    assert 0.93 <= np.nanmean(hits) <= 0.98
    assert np.nanmin(np.nanmean(hits, 0)) >= 0.88


def test_bands_of_two_coordinates_cover_pointwise():
    edges = np.linspace(-2.4, 2.4, 9)
    share = np.diff(stats.norm.cdf(edges))
    hits = []
    for rng in generators("two")[:100]:
        x = np.c_[correlated(6_000, 20.0, rng), correlated(6_000, 5.0, rng)]
        hits.append(inside(x, [edges, edges], np.outer(share, share)))
    assert 0.93 <= np.nanmean(hits) <= 0.985


def test_bands_cover_where_a_barrier_is_crossed_ten_times_only():
    edges = np.linspace(-2, 2, 17)
    near = [np.diff(stats.norm.cdf((edges - mean) / 0.3)) for mean in (-1.0, 1.0)]
    hits = []
    for rng in generators("barrier")[:150]:
        side = states(FRAMES, (10 / FRAMES, 10 / FRAMES), rng)
        x = side + 0.3 * correlated(FRAMES, 5.0, rng)
        hits.append(inside(x, [edges], np.add(*near)))
    assert np.nanmean(hits) >= 0.90
