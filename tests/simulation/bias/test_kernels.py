from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sciae.simulation.bias import Grid
from sciae.simulation.bias.kernels import Kernels

LINE = Grid((-6,), (6,), (240,))
TORUS = Grid((-np.pi, -4), (np.pi, 4), (60, 50), (True, False))


def _values(kernels: Kernels, grid: Grid, s: Any, cutoff: float) -> Any:
    """The sum of kernels at points, by its definition."""
    total = np.zeros(len(s))
    for row in kernels.rows:
        z = grid.difference(row[1 : grid.dim + 1], s) / row[grid.dim + 1 :]
        total += row[0] * np.maximum(np.exp(-0.5 * (z * z).sum(1)) - np.exp(-0.5 * cutoff**2), 0)
    return total


def _filled(
    grid: Grid, *, number: int, cutoff: float = 4.0, threshold: float = 1.0, seed: int = 1
) -> Any:
    rng, kernels = np.random.default_rng(seed), Kernels(grid, cutoff=cutoff, threshold=threshold)
    for _ in range(number):
        sigma = rng.uniform(0.15, 0.4, grid.dim)
        kernels.add(rng.exponential(), rng.uniform(grid.low, grid.high), sigma)
    return kernels


@pytest.mark.parametrize("grid", [LINE, TORUS])
def test_the_density_stays_the_sum_of_the_kernels(grid: Grid):
    kernels = _filled(grid, number=800)
    assert len(kernels) < 700
    direct = _values(kernels, grid, grid.nodes, 4.0)
    assert np.allclose(kernels.density, direct, atol=1e-11 * direct.max())


@pytest.mark.parametrize("grid", [LINE, TORUS])
def test_the_overlap_stays_the_sum_over_pairs(grid: Grid):
    kernels = _filled(grid, number=800)
    centers = kernels.rows[:, 1 : grid.dim + 1]
    assert kernels.overlap == pytest.approx(_values(kernels, grid, centers, 4.0).sum(), rel=1e-11)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0, 3.0])
def test_compression_keeps_weight_mean_and_variance(threshold: float):
    rng, grid = np.random.default_rng(1), Grid((-6, -6), (6, 6), (20, 20))
    kernels = Kernels(grid, cutoff=5.0, threshold=threshold)
    rows = np.column_stack([
        rng.exponential(size=300), rng.normal(size=(300, 2)), rng.uniform(0.2, 0.5, (300, 2)),
    ])  # fmt: skip
    for row in rows:
        kernels.add(row[0], row[1:3], row[3:])
    assert (len(kernels) == 300) == (threshold == 0)

    def moments(r: Any) -> Any:
        w = r[:, 0] / r[:, 0].sum()
        mean = w @ r[:, 1:3]
        return r[:, 0].sum(), mean, w @ (r[:, 3:] ** 2 + r[:, 1:3] ** 2) - mean**2

    for before, after in zip(moments(rows), moments(kernels.rows), strict=True):
        assert after == pytest.approx(before, rel=1e-11, abs=1e-11)


def test_two_close_kernels_become_their_mixture():
    kernels = Kernels(LINE, cutoff=5.0, threshold=1.0)
    kernels.add(1.0, np.array([0.0]), np.array([0.5]))
    kernels.add(3.0, np.array([0.4]), np.array([0.3]))
    variance = 0.25 * 0.25 + 0.75 * 0.09 + 0.25 * 0.75 * 0.16
    assert kernels.rows == pytest.approx(np.array([[4.0, 0.3, np.sqrt(variance)]]))


def test_kernels_merge_across_the_seam_of_a_period():
    grid = Grid((-np.pi,), (np.pi,), (60,), (True,))
    kernels = Kernels(grid, cutoff=5.0, threshold=1.0)
    kernels.add(1.0, np.array([3.1]), np.array([0.2]))
    kernels.add(1.0, np.array([-3.1]), np.array([0.2]))
    assert len(kernels) == 1
    assert abs(kernels.rows[0, 1]) == pytest.approx(np.pi)
    half = (2 * np.pi - 6.2) / 2
    assert kernels.rows[0, 2] == pytest.approx(np.hypot(0.2, half))


def test_a_merged_kernel_merges_on():
    kernels = Kernels(LINE, cutoff=5.0, threshold=1.0)
    for x in (0.0, 1.2, 0.6):  # the third joins the first or second; then both are close
        kernels.add(1.0, np.array([x]), np.array([1.0]))
    assert len(kernels) == 1
    assert kernels.rows[0, :2] == pytest.approx([3.0, 0.6])


def test_kernels_wider_than_the_period_count_once():
    grid = Grid((0,), (1,), (20,), (True,))
    kernels = Kernels(grid, cutoff=5.0, threshold=1.0)
    kernels.add(1.0, np.array([0.3]), np.array([0.4]))
    assert np.allclose(kernels.density, _values(kernels, grid, grid.nodes, 5.0))
