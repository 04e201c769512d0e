from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.errors import DataError, SimulationError, SpecError
from sciae.export import NumpyEncoder
from sciae.simulation.bias import Grid, Opes, Static, Umbrella
from sciae.simulation.engines import Engine
from sciae.simulation.engines.exact import exact_free_energy
from sciae.simulation.engines.particle import Particle
from sciae.simulation.engines.potential import (
    Potential,
    double_well,
    four_wells,
    mueller_brown,
    torsion,
)

POTENTIALS = [
    mueller_brown(scale=0.1), double_well(tilt=0.3, dim=3), four_wells(),
    torsion(cosine=(1.0, 0.5, 3.0), dim=2),
]  # fmt: skip


def _variable(weights: Any, sizes: tuple[int, ...] = (2, 2), end: str = "linear") -> Any:
    dim = sizes[-1] if end == "linear" else sizes[-1] // 2
    encoder = NumpyEncoder(
        columns=np.array(["x", "y"]), function=np.zeros(2, int), column=np.arange(2),
        a=np.zeros(2), b=np.ones(2), least=np.full(2, -np.inf), sizes=np.array(sizes),
        weights=np.array(weights, float), activation="tanh" if sizes[2:] else "none", end=end,
    )  # fmt: skip
    return CollectiveVariable(encoder=encoder, low=[-2] * dim, high=[2] * dim)


def _network(outputs: int, end: str = "linear") -> Any:
    """A network 2-8-outputs, not trained."""
    return _variable(
        0.5 * np.random.default_rng(4).normal(size=24 + 9 * outputs), (2, 8, outputs), end
    )


@pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: p.name)
def test_gradients_are_those_of_the_energies(potential: Any):
    h = 1e-6
    for x in np.random.default_rng(1).uniform(potential.low, potential.high, (10, potential.dim)):
        steps = h * np.eye(potential.dim)
        numeric = (potential.energy(x + steps) - potential.energy(x - steps)) / (2 * h)
        assert potential.gradient(x) == pytest.approx(numeric, rel=1e-6, abs=1e-5)


def test_the_wells_of_mueller_and_brown_are_the_published_ones():
    potential = mueller_brown()
    energies = potential.energy(potential.wells)
    assert energies == pytest.approx([-146.700, -108.167, -80.768], abs=1e-3)
    for well in potential.wells:
        assert potential.gradient(well) == pytest.approx([0, 0], abs=2e-3)


def test_a_spring_is_sampled_with_its_exact_variances():
    def spring(x: Any, parameters: Any, gradient: Any) -> Any:
        for d in range(2):
            gradient[d] = parameters[d] * x[d]
        return 0.5 * (parameters[0] * x[0] ** 2 + parameters[1] * x[1] ** 2)

    well = Potential(name="spring", function=spring, parameters=[4, 25], low=[-5] * 2, high=[5] * 2)
    engine, x = Particle(well, kt=2.5, start=[0, 0], rng=1), []
    for _ in range(20_000):
        engine.step(100)
        x.append(engine.position)
    assert np.var(x, 0) == pytest.approx([2.5 / 4, 2.5 / 25], rel=0.05)


def test_the_sampled_free_energy_is_the_exact_one():
    potential = torsion(cosine=(1.0, 0.5))
    engine, x = Particle(potential, kt=1.0, start=[0.0], rng=1), []
    for _ in range(40_000):
        engine.step(50)
        x.append(engine.variable[0])
    edges = np.linspace(-np.pi, np.pi, 25)
    share = np.histogram(x, edges)[0] / len(x)
    exact = np.exp(-exact_free_energy(potential, kt=1.0, edges=[edges]))
    assert share == pytest.approx(exact / exact.sum(), abs=0.005)
    assert np.abs(x).max() <= np.pi < np.abs(engine.position[0])


def test_exact_free_energies_are_integrals():
    potential, edges = double_well(barrier=3.0, tilt=0.4, dim=2), np.linspace(-2, 2, 17)
    fine = np.linspace(-2, 2, 160_001)
    weight = np.exp(-(3 * (fine**2 - 1) ** 2 + 0.4 * fine) / 0.7)
    mass = [np.trapezoid(weight[10_000 * k : 10_000 * k + 10_001]) for k in range(16)]
    expected = -0.7 * np.log(mass)
    expected -= expected.min()
    assert exact_free_energy(potential, kt=0.7, edges=[edges]) == pytest.approx(expected, abs=1e-6)
    both = exact_free_energy(potential, kt=0.7, edges=[edges, edges], along=[1, 0])
    summed = -0.7 * np.log(np.exp(-both / 0.7).sum(0))
    assert summed - summed.min() == pytest.approx(expected, abs=1e-6)


def test_what_is_integrated_out_is_integrated() -> None:
    potential, x = mueller_brown(scale=0.1), np.linspace(-1.5, 1.1, 27)
    y = np.linspace(-1.2, 3.0, 4001)
    nodes = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    mass = np.trapezoid(np.exp(-potential.energy(nodes)).reshape(27, 4001), y)
    narrow = np.stack([x - 1e-5, x + 1e-5], 1)
    edges = np.unique(narrow)
    free = exact_free_energy(potential, kt=1.0, edges=[edges])[::2]
    assert free - free.min() == pytest.approx(-np.log(mass / mass.max()), abs=1e-5)


def test_it_is_an_engine():
    assert isinstance(Particle(four_wells(), kt=1.0, start=[0, 0]), Engine)


def test_how_steps_are_grouped_does_not_matter():
    bias = Static(Grid((-2, -2), (2, 2), (20, 20)), np.random.default_rng(1).normal(size=(21, 21)))
    one, other = (Particle(four_wells(), kt=1.0, start=[0, 0], bias=bias, rng=3) for _ in range(2))
    one.step(1000)
    for n in (1, 9, 490, 500):
        other.step(n)
    assert one.checkpoint() == other.checkpoint()


def test_reading_changes_nothing():
    one, other = (Particle(four_wells(), kt=1.0, start=[0, 0], rng=3) for _ in range(2))
    other.position[:] = 7
    other.variable[:] = 7
    other.checkpoint()
    one.step(100)
    other.step(100)
    assert one.checkpoint() == other.checkpoint()


def test_a_checkpoint_holds_everything():
    one = Particle(four_wells(), kt=1.0, start=[0, 0], rng=1)
    one.step(123)
    kept = one.checkpoint()
    one.step(456)
    other = Particle(four_wells(), kt=1.0, start=[1, 1], rng=2)
    other.restore(kept)
    other.step(456)
    assert other.checkpoint() == one.checkpoint()
    assert other.time == pytest.approx(5.79)


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"{}", b"[1]", b'{"particle": 3}'])
def test_what_is_no_checkpoint_is_refused(content: bytes):
    with pytest.raises(DataError, match="checkpoint"):
        Particle(four_wells(), kt=1.0, start=[0, 0]).restore(content)


def test_a_checkpoint_of_another_temperature_is_refused():
    kept = Particle(four_wells(), kt=2.0, start=[0, 0]).checkpoint()
    with pytest.raises(DataError, match="settings"):
        Particle(four_wells(), kt=1.0, start=[0, 0]).restore(kept)


def test_what_flies_apart_is_a_fault():
    engine = Particle(four_wells(), kt=1.0, start=[0, 0], timestep=3.0)
    with pytest.raises(SimulationError, match="time step"):
        engine.step(1000)


def test_the_position_as_a_learned_variable_gives_the_same_run():
    grid, ends = Grid((-2, -2), (2, 2), (40, 40)), []
    for variable in (None, _variable([1, 0, 0, 1, 0, 0])):
        bias = Opes(grid, barrier=10.0, kt=1.0, sigma=[0.2, 0.2])
        engine = Particle(four_wells(), kt=1.0, start=[-1, -1], bias=bias, variable=variable, rng=1)
        for _ in range(20):
            engine.step(50)
            bias.deposit(engine.variable)
        ends.append(engine.position)
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)


def test_a_restrained_mixture_of_coordinates_has_its_variance():
    grid = Grid((-9,), (9,), (20,))
    bias = Umbrella(grid, center=[0.5], kappa=[100.0])
    variable = _variable([0.6, 0.8, 0.0], (2, 1))
    flat = torsion(cosine=(0.0,), dim=2)
    engine = Particle(flat, kt=1.0, start=[0, 0], bias=bias, variable=variable, rng=1)
    s = []
    for _ in range(8000):
        engine.step(50)
        s.append(engine.variable[0])
    assert np.mean(s) == pytest.approx(0.5, abs=0.01)
    assert np.var(s) == pytest.approx(0.01, rel=0.06)


@pytest.mark.parametrize("variable", [_network(1), _network(2), _network(2, "angles")])
def test_a_bias_along_a_network_pulls_with_its_own_gradient(variable: Any):
    periodic = [period is not None for period in variable.periods]
    grid = Grid(*(np.pi * np.full((2, variable.dim), [[-1], [1]])), [12] * variable.dim, periodic)
    bias = Static(grid, 3 * np.random.default_rng(1).normal(size=grid.shape))
    potential, kept = four_wells(), []
    engine = Particle(
        potential, kt=4.0, start=[-0.3, 0.4], bias=bias, variable=variable, rng=1,
        friction=1e-12, timestep=1e-4,
    )  # fmt: skip
    for _ in range(200):
        engine.step(100)
        v = json.loads(engine.checkpoint())["velocity"]
        height = bias.energy(engine.variable).energy
        kept.append([potential.energy([engine.position])[0] + np.square(v).sum() / 2, height])
    energy = np.sum(kept, 1)
    assert energy == pytest.approx(energy[0], abs=1e-4)
    assert np.ptp(kept, 0).min() > 0.5  # it went from the one to the other


@pytest.mark.parametrize(
    "settings",
    [{"start": [0]}, {"kt": 0.0}, {"timestep": -1.0}, {"bias": Umbrella(
        Grid((0,), (1,), (9,)), center=[0], kappa=[1])}],
)  # fmt: skip
def test_impossible_settings_are_refused(settings: dict[str, Any]):
    with pytest.raises(SpecError):
        Particle(four_wells(), **{"kt": 1.0, "start": [0, 0]} | settings)
