from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError
from sciae.simulation.bias import Grid, Opes, Static, Umbrella, project, windows
from sciae.simulation.engines.exact import exact_free_energy
from sciae.simulation.engines.potential import double_well, four_wells

LINE = Grid((-2,), (2,), (80,))


def test_minus_the_free_energy_flattens_it(frames: Any):
    well = double_well(barrier=6.0)
    exact = -np.log(np.exp(-well.energy(LINE.nodes)))
    bias = Static.of_free_energy(LINE, exact, most=10.0)
    s, _ = frames(well, bias, start=[-1.0], deposits=8000)
    share = np.histogram(s[:, 0], 8, (-1.2, 1.2))[0]
    assert share.max() / share.min() < 1.3


def test_where_the_free_energy_is_unknown_the_bias_is_flat():
    f = np.linspace(3.0, 43.0, 81)
    f[[0, 1]] = np.nan
    values = Static.of_free_energy(LINE, f, most=20.0).values
    assert values[[0, 1, -1]] == pytest.approx([-20, -20, -20])
    assert values[2] == 0


@pytest.mark.parametrize("s", [-1.99, 0.1234, 1.5])
def test_a_frozen_bias_is_the_one_it_was_taken_of(s: Any):
    bias = Opes(LINE, barrier=10.0, kt=1.0, sigma=[0.2])
    for x in (-1.0, 0.0, 0.9):
        bias.deposit([x])
    frozen = Static.frozen(bias)
    assert frozen.energy([s]).energy == pytest.approx(bias.energy([s]).energy, abs=1e-10)
    bias.deposit([0.5])
    assert frozen.energy([0.5]).energy != bias.energy([0.5]).energy


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="81"):
        Static(LINE, np.zeros(80))


def test_a_bias_moves_to_another_variable(frames: Any):
    """Frames biased along x give, by their weights, the first bias along x + y."""
    potential, plane = four_wells(barrier=4.0, tilt=(1.0, 0.3)), Grid((-2, -2), (2, 2), (50, 50))
    old = Opes(plane, barrier=7.0, kt=1.0, sigma=[0.2, 0.2])
    s, log_weight = frames(potential, old, start=[-1, -1], deposits=10_000)
    new = (s.sum(1) / 2)[:, None]
    bias = project(new, log_weight, grid=LINE, barrier=7.0, kt=1.0)
    edges, fine = np.linspace(-1.4, 1.4, 29), np.linspace(-2, 2, 401)
    x, y = np.meshgrid(fine, fine, indexing="ij")
    weight = np.exp(-potential.energy(np.column_stack([x.ravel(), y.ravel()])))
    mass = np.histogram((x + y).ravel() / 2, edges, weights=weight)[0]
    exact = -np.log(mass)
    v = np.array([bias.energy([m]).energy for m in (edges[1:] + edges[:-1]) / 2])
    low = exact - exact.min() < 5
    assert np.std((-v * 7 / 6 - exact)[low]) < 0.3


def test_weights_that_do_not_fit_frames_are_refused():
    with pytest.raises(DataError, match="weights"):
        project(np.zeros((5, 1)), np.zeros(4), grid=LINE, barrier=5.0, kt=1.0)


def test_one_copy_with_twice_the_weight_is_two():
    s = np.random.default_rng(1).normal(0, 0.4, (50, 1))
    # the effective size, and with it the width, is that of the weights: here the floor for both
    coarse = Grid((-2,), (2,), (8,))
    log_two = np.log(np.r_[2.0, np.ones(49)])
    once = project(s, log_two, grid=coarse, barrier=5.0, kt=1.0)
    twice = project(np.r_[s[:1], s], np.zeros(51), grid=coarse, barrier=5.0, kt=1.0)
    assert np.allclose(once.values, twice.values, atol=1e-9)


def test_an_umbrella_holds_its_window(frames: Any):
    grid = Grid((-np.pi,), (np.pi,), (36,), (True,))
    bias = Umbrella(grid, center=[np.pi], kappa=[50.0])
    flat = double_well(barrier=1e-9)
    s, _ = frames(flat, bias, start=[np.pi], deposits=8000)
    apart = grid.difference([np.pi], s)
    assert apart.mean() == pytest.approx(0, abs=0.01)
    assert apart.var() == pytest.approx(1 / 50, rel=0.06)


def test_windows_cover_a_circle_once():
    grid = Grid((-np.pi, 0), (np.pi, 1), (36, 10), (True, False))
    found = windows(grid, number=4, kt=1.0, overlap=0.5)
    assert [w.center[0] for w in found] == pytest.approx([-np.pi, -np.pi / 2, 0, np.pi / 2])
    assert found[0].kappa == pytest.approx((1 / (np.pi / 4) ** 2, 0))
    assert found[0].energies([[np.pi, 0.0], [0.0, 9.0]]) == pytest.approx([0, 8])


def test_windows_are_reweighted_to_the_whole(reweighted: Any, apart: Any):
    pymbar = pytest.importorskip("pymbar")
    from sciae.simulation.engines.particle import Particle

    well = double_well(barrier=6.0, tilt=0.5)
    found = windows(Grid((-1.6,), (1.6,), (32,)), number=9, kt=1.0, overlap=0.5)
    s = []
    for k, umbrella in enumerate(found):
        engine = Particle(well, kt=1.0, start=umbrella.center, bias=umbrella, rng=k)
        engine.step(500)
        for _ in range(400):
            engine.step(100)
            s.append(engine.variable)
    x = np.array(s)
    u = np.array([umbrella.energies(x) for umbrella in found])
    mbar = pymbar.MBAR(u, np.full(9, 400), solver_protocol="robust")
    f = mbar.f_k
    log_weight = -np.log((400 * np.exp(f[:, None] - u)).sum(0))
    edges = np.linspace(-1.6, 1.6, 33)
    exact = exact_free_energy(well, kt=1.0, edges=[edges])
    assert apart(exact, reweighted(x, log_weight, edges)) < 0.25
