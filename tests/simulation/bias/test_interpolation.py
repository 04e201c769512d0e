from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError
from sciae.simulation.bias import Grid
from sciae.simulation.bias.surface import Surface

GRIDS = [
    Grid((-1,), (2,), (12,)),
    Grid((-np.pi,), (np.pi,), (9,), (True,)),
    Grid((-1, 0), (2, 1), (10, 7)),
    Grid((-1, -np.pi), (2, np.pi), (10, 8), (False, True)),
    Grid((-np.pi, -1), (np.pi, 2), (8, 10), (True, False)),
    Grid((0, -np.pi, 5), (1, np.pi, 9), (6, 7, 5), (False, True, False)),
]


def _random(grid: Grid, seed: int = 1) -> Any:
    surface = Surface(grid)
    surface.set(np.random.default_rng(seed).normal(size=grid.shape))
    return surface


def _inside(grid: Grid, number: int, seed: int = 2) -> Any:
    return np.random.default_rng(seed).uniform(grid.low, grid.high, (number, grid.dim))


@pytest.mark.parametrize("grid", GRIDS)
def test_it_meets_the_values_at_all_nodes(grid: Grid):
    surface = _random(grid)
    assert np.allclose(surface.tabulated(grid.nodes), surface.values, atol=1e-12)


@pytest.mark.parametrize("grid", GRIDS)
def test_gradient_is_that_of_the_interpolant(grid: Grid):
    surface, h = _random(grid), 1e-5
    for s in _inside(grid, 40):
        gradient = surface.energy(s).gradient
        for d, step in enumerate(h * np.eye(grid.dim)):
            numeric = (surface.energy(s + step).energy - surface.energy(s - step).energy) / (2 * h)
            assert gradient[d] == pytest.approx(numeric, rel=1e-6, abs=1e-6)


def test_cubic_polynomials_are_reproduced_in_the_interior():
    grid = Grid((-4,), (4,), (80,))
    surface, x = Surface(grid), np.linspace(-1, 1, 101)[:, None]
    polynomial = np.polynomial.Polynomial([0.3, -1.0, 0.7, 2.0])
    surface.set(polynomial(grid.axes[0]))
    assert np.allclose(surface.tabulated(x), polynomial(x[:, 0]), atol=1e-12)
    slope = [surface.energy(point).gradient[0] for point in x]
    assert np.allclose(slope, polynomial.deriv()(x[:, 0]), atol=1e-11)


def test_products_of_cubics_are_reproduced_in_the_plane():
    grid = Grid((-4, -4), (4, 4), (80, 70))
    surface, s = Surface(grid), np.random.default_rng(1).uniform(-1, 1, (50, 2))

    def f(x: Any, y: Any) -> Any:
        return (x**3 - x) * (2 * y**3 + y**2) + 1

    surface.set(f(*grid.nodes.T))
    assert np.allclose(surface.tabulated(s), f(*s.T), atol=1e-9)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_error_falls_with_the_fourth_power_of_the_spacing(dim: int):
    errors = []
    for bins in (10, 20):
        grid = Grid((0,) * dim, (2 * np.pi,) * dim, (bins,) * dim, (True,) * dim)
        surface, s = Surface(grid), _inside(grid, 500)
        surface.set(np.sin(grid.nodes).prod(1))
        errors.append(np.abs(surface.tabulated(s) - np.sin(s).prod(1)).max())
    assert 3.7 < np.log2(errors[0] / errors[1]) < 4.6


def test_a_period_changes_nothing():
    grid = GRIDS[3]
    surface, s = _random(grid), _inside(grid, 20)
    turn = np.array([0, 2 * np.pi])
    assert np.allclose(surface.tabulated(s), surface.tabulated(s - 3 * turn), atol=1e-12)
    below, above = (surface.energy([0.3, np.pi + e]).gradient for e in (-1e-9, 1e-9))
    assert np.allclose(below, above, atol=1e-6)


def test_outside_it_is_constant_along_that_dimension_alone():
    surface = _random(GRIDS[2])
    edge, out = surface.energy([2.0, 0.4]), surface.energy([7.0, 0.4])
    assert out.energy == edge.energy
    assert out.gradient[0] == 0
    assert out.gradient[1] == edge.gradient[1] != 0


def test_the_slope_goes_to_zero_at_an_end_without_a_jump():
    surface = _random(GRIDS[0])
    assert abs(surface.energy([2 - 1e-9]).gradient[0]) < 1e-6
    assert abs(surface.energy([-1 + 1e-9]).gradient[0]) < 1e-6


@pytest.mark.parametrize("grid", GRIDS)
def test_nan_is_not_mistaken_for_a_place(grid: Grid):
    for d in range(grid.dim):
        s = np.zeros(grid.dim)
        s[d] = np.nan
        found = _random(grid).energy(s)
        assert np.isnan(found.energy)
        assert np.isnan(found.gradient[d])


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(DataError, match="1 NaN"):
        Surface(GRIDS[0]).set(np.r_[np.nan, np.zeros(12)])
