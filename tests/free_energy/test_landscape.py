from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError, SpecError
from sciae.free_energy import barrier, minima, profile, thermal_energy, transitions

KT = thermal_energy(300.0)


def of_energies(
    energies: Any,
    *,
    edges: Any = None,
    period: float | None = None,
    temperature: float = 300.0,
    walkers: int = 6,
):
    """A profile with these energies in kT: so many frames at each centre, in each walker."""
    energies = np.asarray(energies, np.float64)
    edges = edges or [np.arange(n + 1) - 0.5 for n in energies.shape]
    grid = np.meshgrid(*[0.5 * (e[1:] + e[:-1]) for e in edges], indexing="ij")
    points = np.stack([g.ravel() for g in grid], 1)
    seen = np.isfinite(energies.ravel())
    x = np.tile(points[seen], (walkers, 1))
    log_weight = np.tile(-energies.ravel()[seen], walkers)
    group = np.repeat(np.arange(walkers), int(seen.sum()))
    return profile(
        x if x.shape[1] > 1 else x[:, 0],
        edges=edges if len(edges) > 1 else edges[0],
        log_weight=log_weight,
        group=group,
        period=period,
        temperature=temperature,
    )


def test_a_barrier_is_the_difference_of_its_top_and_each_side():
    way = barrier(of_energies([4, 0, 3, 7, 5, 2, 6]), (-0.5, 2.5), (3.5, 6.5))
    assert way.at == (3.0,)
    assert way.forward.value == pytest.approx(7 * KT)
    assert way.backward.value == pytest.approx(5 * KT)


def test_a_periodic_coordinate_is_crossed_on_its_easier_side():
    energies = [0.0, 9.0, 1.0, 4.0]
    line = barrier(of_energies(energies), (-0.5, 0.5), (1.5, 2.5))
    ring = barrier(of_energies(energies, period=4.0), (-0.5, 0.5), (1.5, 2.5))
    assert (line.at, ring.at) == ((1.0,), (3.0,))
    assert ring.forward.value == pytest.approx(4 * KT)


def test_a_pass_of_two_coordinates_goes_around_the_mountain():
    energies = np.array([[0.0, 2.0, 3.0], [8.0, 9.0, 5.0], [1.0, 2.0, 4.0]])
    way = barrier(of_energies(energies), [(-0.5, 0.5), (-0.5, 0.5)], [(1.5, 2.5), (-0.5, 0.5)])
    assert way.at == (1.0, 2.0)
    assert way.forward.value == pytest.approx(5 * KT)
    assert way.backward.value == pytest.approx(4 * KT)


def test_bins_that_nobody_visited_are_no_way():
    with pytest.raises(DataError, match="no way of visited bins"):
        barrier(of_energies([0.0, math.inf, 1.0]), (-0.5, 0.5), (1.5, 2.5))
    with pytest.raises(DataError, match="b: no visited bin"):
        barrier(of_energies([0.0, 1.0, math.inf]), (-0.5, 0.5), (1.5, 2.5))


def test_the_interval_of_a_barrier_covers_that_of_independent_frames():
    # counts 60, 4000 and 1000: ln(top / low) has variance 1/60 + 1/4000
    rng = np.random.default_rng(0)
    x = rng.permutation(np.repeat([0.0, 1.0, 2.0], [4_000, 60, 1_000]))
    found = profile(x, edges=[-0.5, 0.5, 1.5, 2.5], temperature=300.0)
    way = barrier(found, (-0.5, 0.5), (1.5, 2.5))
    assert way.forward.error == pytest.approx(KT * math.sqrt(1 / 60 + 1 / 4_000), rel=0.3)
    assert way.forward.value - way.backward.value == pytest.approx(KT * math.log(4), abs=1e-9)


def test_what_blocks_share_is_no_error_of_a_barrier():
    # walkers weigh differently as a whole, but each sees the same ratio of top and bottom
    x = np.tile([0.0, 0.0, 0.0, 1.0, 2.0], 6)
    log_weight = np.repeat(np.arange(6.0), 5)
    group = np.repeat(np.arange(6), 5)
    found = profile(
        x, edges=[-0.5, 0.5, 1.5, 2.5], temperature=300.0, log_weight=log_weight, group=group
    )
    way = barrier(found, (-0.5, 0.5), (1.5, 2.5))
    assert way.forward.value == pytest.approx(KT * math.log(3))
    assert way.forward.error == pytest.approx(0.0, abs=1e-9)


def test_minima_are_those_deeper_than_noise_lowest_first():
    found = minima(of_energies([1.0, 3.0, 0.0, 0.4, 0.2, 5.0, 2.0, 6.0]), depth=1.0)
    assert [m.at for m in found] == [(2.0,), (0.0,), (6.0,)]
    assert [m.depth for m in found] == [math.inf, pytest.approx(2 * KT), pytest.approx(3 * KT)]
    shallow = minima(of_energies([1.0, 3.0, 0.0, 0.4, 0.2, 5.0, 2.0, 6.0]), depth=0.1)
    assert (4.0,) in [m.at for m in shallow]


def test_a_minimum_on_the_seam_of_an_angle_is_one():
    energies = [0.1, 2.0, 5.0, 2.0, 0.0]
    assert len(minima(of_energies(energies))) == 2
    (ring,) = minima(of_energies(energies, period=5.0))
    assert ring.core.tolist() == [True, False, False, False, True]
    assert ring(np.array([-0.4, 4.4, 9.0, 5.2, 2.0])).tolist() == [True, True, True, True, False]


def test_minima_serve_as_basins():
    rng = np.random.default_rng(1)
    x = np.repeat(np.tile([-1.0, 1.0], 30), 40) + 0.1 * rng.normal(size=2_400)
    found = profile(x, edges=np.linspace(-1.6, 1.6, 17), temperature=300.0)
    low, high = sorted(minima(found, height=2.0), key=lambda m: m.at)
    assert transitions(x, low, high, step=1.0).total == 59


def test_cores_of_two_coordinates_do_not_touch():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(20_000, 2)) * 0.3
    x[::2, 0] += 2.0
    x[::2, 1] -= 1.0
    found = profile(x, edges=[np.linspace(-1, 3, 21), np.linspace(-2, 1, 16)], temperature=300.0)
    one, two = minima(found, depth=2.0, height=3.0)
    assert not np.any(one(x) & two(x))
    assert (one(x) | two(x)).mean() > 0.7


def test_depth_and_height_are_positive():
    with pytest.raises(SpecError):
        minima(of_energies([0.0, 1.0]), depth=0.0)
