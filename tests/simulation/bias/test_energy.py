from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError, SpecError
from sciae.simulation.bias import Bias, Grid, Opes, Static, Umbrella, Walls, WellTempered
from sciae.simulation.bias.energy import bias_energy, tables_of
from sciae.simulation.bias.surface import Surface

MIXED = Grid((-1, -np.pi), (1, np.pi), (10, 12), (False, True))


def _energy(tables: Any, s: Any) -> Any:
    gradient = np.zeros(len(s))
    return bias_energy(tables, np.array(s, float), gradient), gradient


@pytest.mark.parametrize(
    ("power", "energy", "force"), [(2, 0.5 * 3 * 0.25, 1.5), (4, 3 / 64, 3 / 8)]
)
def test_walls_are_their_closed_form(power: int, energy: float, force: float):
    walls = Walls((-0.5, -np.inf), (0.5, np.inf), kappa=3.0, power=power)
    tables = tables_of(MIXED, walls=walls)
    for side in (-1, 1):
        found, gradient = _energy(tables, [side * 1.0, 2.0])
        assert found == pytest.approx(energy)
        assert gradient == pytest.approx([side * force, 0])
    assert _energy(tables, [0.5, 0.0])[0] == 0


def test_walls_stand_on_top_of_the_grid():
    surface = Surface(Grid((0,), (1,), (10,)), walls=Walls((-np.inf,), (0.8,), kappa=100.0))
    surface.set(np.full(11, 2.0))
    assert surface.energy([3.0]).energy == pytest.approx(2 + 50 * 2.2**2)
    assert surface.energy([-3.0]).energy == pytest.approx(2)


def test_a_restraint_takes_the_shorter_way_round():
    tables = tables_of(MIXED, center=[0.0, 3.0], kappa=[0.0, 2.0])
    x = 2 * np.pi - 6
    energy, gradient = _energy(tables, [0.3, -3.0])
    assert energy == pytest.approx(x * x)
    assert gradient == pytest.approx([0, 2 * x])


def test_all_terms_together_have_the_gradient_of_their_sum():
    walls = Walls((-0.3, -np.inf), (0.3, np.inf), kappa=5.0, power=4)
    surface = Surface(MIXED, walls=walls, center=[0.1, 1.0], kappa=[1.0, 2.0])
    surface.set(np.random.default_rng(1).normal(size=MIXED.shape))
    h = 1e-6
    for s in np.random.default_rng(2).uniform([-0.9, -3], [0.9, 3], (20, 2)):
        numeric = [
            (surface.energy(s + e).energy - surface.energy(s - e).energy) / (2 * h)
            for e in h * np.eye(2)
        ]
        assert surface.energy(s).gradient == pytest.approx(numeric, rel=1e-6, abs=1e-6)


def test_a_wall_in_a_periodic_dimension_is_refused():
    with pytest.raises(SpecError, match="periodic"):
        tables_of(MIXED, walls=Walls((-1, -1), (1, 1), kappa=1.0))


@pytest.mark.parametrize(
    ("low", "high", "bins", "said"),
    [((1,), (0,), (9,), "low < high"), ((0, 0), (1,), (9,), "numbers"), ((0,), (1,), (3,), "4"),
     ((0,), (np.inf,), (9,), "finite")],
)  # fmt: skip
def test_impossible_grids_are_refused(low: Any, high: Any, bins: Any, said: str):
    with pytest.raises(SpecError, match=said):
        Grid(low, high, bins)


BIASES = [
    lambda: Opes(MIXED, barrier=20, kt=2.5, sigma=[0.3, 0.6]),
    lambda: Opes(MIXED, barrier=20, kt=2.5, measure=4),
    lambda: Opes(MIXED, barrier=20, kt=2.5, sigma=[0.3, 0.6], explore=True),
    lambda: WellTempered(MIXED, height=1, sigma=[0.3, 0.6], gamma=8, kt=2.5),
    lambda: Static(MIXED, np.random.default_rng(1).normal(size=MIXED.shape)),
    lambda: Umbrella(MIXED, center=[0.5, 3.0], kappa=[3.0, 2.0]),
]


@pytest.mark.parametrize("make", BIASES)
def test_every_bias_is_one(make: Any):
    assert isinstance(make(), Bias)


@pytest.mark.parametrize("make", BIASES)
def test_a_deposit_reaches_whoever_holds_the_tables(make: Any):
    bias = make()
    held, before = bias.tables, bias.energy([0.1, 0.2]).energy
    for k in range(10):
        bias.deposit([0.05 * k, 0.1 * k])
    assert held is bias.tables
    assert _energy(held, [0.1, 0.2])[0] == bias.energy([0.1, 0.2]).energy
    assert (bias.energy([0.1, 0.2]).energy != before) == isinstance(bias, Opes | WellTempered)


@pytest.mark.parametrize("make", BIASES)
def test_the_slope_of_a_grown_bias_is_exact(make: Any):
    bias, rng, h = make(), np.random.default_rng(3), 1e-5
    for s in rng.uniform([-1, -np.pi], [1, np.pi], (60, 2)):
        bias.deposit(s)
    for s in rng.uniform([-0.9, -np.pi], [0.9, np.pi], (20, 2)):
        numeric = [
            (bias.energy(s + e).energy - bias.energy(s - e).energy) / (2 * h) for e in h * np.eye(2)
        ]
        assert bias.energy(s).gradient == pytest.approx(numeric, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("make", BIASES)
def test_tables_can_be_sent_to_another_process(make: Any):
    bias = make()
    bias.deposit([0.1, 0.2])
    sent = pickle.loads(pickle.dumps(bias.tables))
    assert _energy(sent, [0.3, 0.1])[0] == bias.energy([0.3, 0.1]).energy


@pytest.mark.parametrize("make", BIASES)
@pytest.mark.parametrize("s", [[np.nan, 0.0], [0.1]])
def test_a_point_that_is_none_is_refused(make: Any, s: Any):
    with pytest.raises(DataError, match="collective variable"):
        make().propose(s)
