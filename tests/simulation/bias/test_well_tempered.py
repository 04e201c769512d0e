from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sciae.errors import SpecError
from sciae.simulation.bias import Grid, Static, WellTempered
from sciae.simulation.engines.exact import exact_free_energy
from sciae.simulation.engines.potential import double_well, torsion

LINE = Grid((-2,), (2,), (160,))
CIRCLE = Grid((-np.pi,), (np.pi,), (120,), (True,))
MIXED = Grid((-1, -np.pi), (1, np.pi), (30, 40), (False, True))


def _integral(f: Any, grid: Grid) -> Any:
    """By the trapezoidal rule on the values, dimension by dimension."""
    for axis in range(grid.dim - 1, -1, -1):
        if grid.periodic[axis]:
            f = np.concatenate([f, np.take(f, [0], axis)], axis)
        f = np.trapezoid(f, dx=grid.spacing[axis], axis=axis)
    return float(f)


@pytest.mark.parametrize("gamma", [4.0, 15.0, math.inf])
@pytest.mark.parametrize("grid", [LINE, MIXED])
def test_the_offset_is_its_integral(grid: Grid, gamma: float):
    rng, kt = np.random.default_rng(1), 2.5
    bias = WellTempered(grid, height=2.0, sigma=[0.2, 0.4][: grid.dim], gamma=gamma, kt=kt)
    assert bias.offset == 0
    for s in rng.uniform(grid.low, grid.high, (40, grid.dim)):
        bias.deposit(s)
    slow = 0.0 if math.isinf(gamma) else 1 / ((gamma - 1) * kt)
    above = _integral(np.exp((slow + 1 / kt) * bias.values), grid)
    below = _integral(np.exp(slow * bias.values), grid)
    assert bias.offset == pytest.approx(kt * math.log(above / below), rel=1e-10)


def test_the_offset_does_not_overflow():
    start = Static(LINE, np.linspace(0, 5000.0, 161))
    bias = WellTempered(LINE, height=1, sigma=[0.2], gamma=5, kt=1.0, start=start)
    assert 4900 < bias.offset < 5000


def test_hills_shrink_as_the_bias_grows():
    bias = WellTempered(LINE, height=1.2, sigma=[0.2], gamma=6.0, kt=2.0)
    v = 0.0
    for _ in range(30):
        v += 1.2 * math.exp(-v / 10) * (1 - math.exp(-18))  # truncated at 6 sigma
        bias.deposit([0.0])
    assert bias.energy([0.0]).energy == pytest.approx(v, rel=1e-9)


@pytest.mark.parametrize("grid", [LINE, MIXED])
def test_recorded_hills_sum_to_minus_the_free_energy(grid: Grid):
    bias = WellTempered(grid, height=2.0, sigma=[0.2, 0.4][: grid.dim], gamma=5.0, kt=2.5)
    for s in np.random.default_rng(1).uniform(grid.low, grid.high, (20, grid.dim)):
        bias.deposit(s)
    total = np.zeros(len(grid.nodes))
    for line in bias.records():
        row = np.array(line.split(), float)
        z = grid.difference(row[1 : grid.dim + 1], grid.nodes) / row[grid.dim + 1 : -2]
        total += row[-2] * np.exp(-0.5 * (z * z).sum(1))
        assert row[-1] == 5
    assert np.allclose(total, 5 / 4 * bias.values.ravel(), atol=1e-5)
    assert bias.header()[0].startswith("#! FIELDS time s0 ")


CASES = [
    (LINE, double_well(barrier=8.0, tilt=0.5), -1.0),
    (CIRCLE, torsion(cosine=(1.0, 0.0, 3.5)), 1.0),
]


@pytest.mark.parametrize(("grid", "potential", "start"), CASES)
def test_bias_and_reweighted_free_energy_converge(
    grid: Grid, potential: Any, start: Any, frames: Any, reweighted: Any, apart: Any
):
    edges = np.linspace(grid.low[0], grid.high[0], 41)
    exact = exact_free_energy(potential, kt=1.0, edges=[edges])
    bias = WellTempered(grid, height=0.5, sigma=[0.15], gamma=8.0, kt=1.0)
    s, log_weight = frames(potential, bias, start=[start], deposits=12_000)
    assert apart(exact, reweighted(s, log_weight, edges)) < 0.15
    v = np.array([bias.energy([x]).energy for x in (edges[1:] + edges[:-1]) / 2])
    assert apart(exact, -v * 8 / 7) < 0.3


@pytest.mark.parametrize(
    "settings", [{"height": 0}, {"gamma": 1}, {"kt": -1}, {"sigma": [0.01]}, {"sigma": [1, 1]}]
)
def test_impossible_settings_are_refused(settings: dict[str, Any]):
    with pytest.raises(SpecError):
        WellTempered(LINE, **{"height": 1, "sigma": [0.1], "gamma": 5, "kt": 1.0} | settings)


def test_a_start_on_another_grid_is_refused():
    with pytest.raises(SpecError, match="grid"):
        WellTempered(
            LINE, height=1, sigma=[0.1], gamma=5, kt=1.0, start=Static(CIRCLE, np.zeros(120))
        )
