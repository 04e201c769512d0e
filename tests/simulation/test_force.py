from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.errors import SimulationError
from sciae.simulation.bias import Grid, Opes, Static, Umbrella, Walls
from sciae.simulation.engines.openmm import OpenMMEngine
from sciae.simulation.force import BiasForce, positions_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.collective import CollectiveVariable
    from sciae.simulation.bias import Bias
    from sciae.simulation.system import MolecularSystem

SETTINGS = {"temperature": 300.0, "timestep": 0.002, "friction": 1.0, "platform": "Reference"}


def engine(
    system: MolecularSystem, cv: CollectiveVariable, bias: Bias, seed: int = 1, **changes: Any
):
    return OpenMMEngine(
        system,
        cv,
        bias,
        rng=np.random.default_rng(seed),
        **SETTINGS | {"minimise": False} | changes,
    )


def wavy(cv: CollectiveVariable):
    """A static bias with a slope everywhere, a restraint-like wall included."""
    periodic = [p is not None for p in cv.periods]
    grid = Grid(cv.low * 2, cv.high * 2, (40,) * cv.dim, periodic)
    if all(periodic):
        grid = Grid(cv.low, cv.high, (40,) * cv.dim, periodic)
    s = grid.nodes
    values = 5 * np.sin(s[:, 0]) * np.cos(s[:, -1])
    walls = None if all(periodic) else Walls(low=[0.5] * cv.dim, high=[0.6] * cv.dim, kappa=50.0)
    return Static(grid, values.reshape(grid.shape), walls=walls)


@pytest.fixture(params=["torsions", "learned"])
def cv(
    request: pytest.FixtureRequest,
    torsions: Callable[..., CollectiveVariable],
    learned: CollectiveVariable,
):
    return torsions() if request.param == "torsions" else learned


def forces(one: OpenMMEngine):
    """Of the bias alone, on all atoms, by OpenMM."""
    context = one._context
    state = context.getState(getForces=True, getEnergy=True, groups=1 << 7)
    f = np.array(state.getForces(asNumpy=True)._value)
    return state.getPotentialEnergy()._value, f


def alone(system: MolecularSystem, cv: CollectiveVariable, bias: Bias):
    """An engine whose bias is in a force group of its own."""
    one = engine(system, cv, bias)
    for force in one._context.getSystem().getForces():
        if force.getName() == "bias":
            force.setForceGroup(7)
    one._context.reinitialize(preserveState=True)
    return one


def test_the_energy_in_openmm_is_the_bias_at_the_variable(
    alanine: MolecularSystem, cv: CollectiveVariable
):
    bias = wavy(cv)
    one = alone(alanine, cv, bias)
    for _ in range(3):
        one.step(50)
        energy, _ = forces(one)
        s = cv.value(one.position[None])[0]
        np.testing.assert_allclose(one.variable, s, rtol=0, atol=1e-12)
        assert energy == pytest.approx(bias.energy(s).energy, rel=1e-12)
        np.testing.assert_allclose(one.force.s, s, rtol=0, atol=1e-12)
        assert one.force.energy == energy


def test_forces_are_the_slope_of_the_energy(alanine: MolecularSystem, cv: CollectiveVariable):
    bias = wavy(cv)
    one = alone(alanine, cv, bias)
    x = one.position.copy()
    _, found = forces(one)
    h, slope = 1e-5, np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * h
            ends.append(bias.energy(cv.value(moved[None])[0]).energy)
        slope[place] = (ends[0] - ends[1]) / (2 * h)
    scale = np.abs(slope).max()
    assert scale > 1
    np.testing.assert_allclose(found, -slope, rtol=1e-4, atol=1e-4 * scale)


def test_forces_add_up_to_nothing(alanine: MolecularSystem, cv: CollectiveVariable):
    one = alone(alanine, cv, wavy(cv))
    _, f = forces(one)
    x = one.position
    scale = np.abs(f).max()
    np.testing.assert_allclose(f.sum(0), 0, atol=1e-9 * scale)
    np.testing.assert_allclose(np.cross(x, f).sum(0), 0, atol=1e-9 * scale)


def test_a_deposit_acts_at_once(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable]
):
    cv = torsions()
    grid = Grid(cv.low, cv.high, (60, 60), (True, True))
    bias = Opes(grid, barrier=30.0, kt=2.5, sigma=[0.3, 0.3])
    one = alone(alanine, cv, bias)
    before, _ = forces(one)
    bias.deposit(one.variable)
    bias.deposit(one.variable + 0.5)
    after, f = forces(one)
    assert after != before
    assert after == bias.energy(one.variable).energy
    assert np.abs(f).max() > 1


def test_a_pickled_copy_has_tables_of_its_own(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable]
):
    cv = torsions()
    grid = Grid(cv.low, cv.high, (60, 60), (True, True))
    bias = Opes(grid, barrier=30.0, kt=2.5, sigma=[0.3, 0.3])
    force = BiasForce(cv.compiled(), bias, periodic=False)
    copy = pickle.loads(pickle.dumps(force))
    bias.deposit([0.0, 0.0])
    assert not np.array_equal(copy._bias[0], bias.tables[0])
    assert force._bias[0] is bias.tables[0]


def test_what_the_callback_raises_comes_out_as_it_was(
    alanine: MolecularSystem,
    torsions: Callable[..., CollectiveVariable],
    monkeypatch: pytest.MonkeyPatch,
):
    class Own(Exception):  # noqa: N818 - somebody else's
        pass

    def broken(*_: Any) -> None:
        raise Own("mine")

    cv = torsions()
    one = engine(alanine, cv, wavy(cv))
    monkeypatch.setattr("sciae.simulation.force._biased", broken)
    with pytest.raises(Own, match="mine"):
        one.step(5)
    monkeypatch.undo()
    one.step(5)  # and it can go on


def test_an_interrupt_during_a_step_is_an_interrupt(
    alanine: MolecularSystem,
    torsions: Callable[..., CollectiveVariable],
    monkeypatch: pytest.MonkeyPatch,
):
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    cv = torsions()
    one = engine(alanine, cv, wavy(cv))
    monkeypatch.setattr("sciae.simulation.force._biased", interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.step(5)


def test_a_bias_that_is_not_finite_says_at_which_step(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable]
):
    cv = torsions()
    bias = wavy(cv)
    one = engine(alanine, cv, bias)
    one.step(7)
    bias.tables[0][:] = np.nan
    with pytest.raises(SimulationError, match=r"step 7 \(0.014 ps\).*bias is nan"):
        one.step(5)


def test_positions_that_are_not_finite_say_at_which_step(alanine: MolecularSystem):
    one = engine(alanine, None, None, timestep=0.05)

    def go() -> None:
        for _ in range(200):
            one.step(100)
            assert one.position.shape == (22, 3)

    with pytest.raises(SimulationError, match=r"step \d+.*not finite"):
        go()


def test_a_static_bias_of_zero_changes_no_bit(alanine: MolecularSystem, cv: CollectiveVariable):
    grid = Grid([-4] * cv.dim, [4] * cv.dim, (20,) * cv.dim)
    if cv.periods[0]:
        grid = Grid(cv.low, cv.high, (20,) * cv.dim, (True,) * cv.dim)
    zero = engine(alanine, cv, Static(grid, np.zeros(grid.shape)), minimise=True)
    none = engine(alanine, cv, None, minimise=True)
    zero.step(500)
    one = zero.position
    none = engine(alanine, cv, None, minimise=True)
    none.step(500)
    np.testing.assert_array_equal(one, none.position)


def test_reading_changes_nothing_and_a_checkpoint_goes_on_bit_for_bit(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable]
):
    cv = torsions()
    one = engine(alanine, cv, wavy(cv))
    one.step(100)
    kept = one.checkpoint()
    one.step(300)
    end = one.position
    again = engine(alanine, cv, wavy(cv), seed=2)  # other noise, until it is restored
    again.restore(kept)
    for _ in range(30):
        again.step(10)
        assert np.isfinite(again.variable).all()
        assert np.isfinite(again.energy())
        again.checkpoint()
    np.testing.assert_array_equal(again.position, end)
    assert again.time == pytest.approx(0.8)


def test_an_umbrella_on_a_torsion_is_a_gaussian_of_its_width(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable]
):
    cv = torsions((6, 8, 14, 16))
    center, kappa = 1.3, 2000.0  # stiff: the molecule's own forces hardly matter
    grid = Grid(cv.low, cv.high, (8,), (True,))
    one = engine(
        alanine, cv, Umbrella(grid, center=[center], kappa=[kappa]), minimise=True, timestep=0.001
    )
    one.step(5000)
    s = np.zeros(3000)
    for k in range(len(s)):
        one.step(20)
        s[k] = one.variable[0]
    kt = 0.00831446261815324 * 300
    sigma = np.sqrt(kt / kappa)
    # correlated frames: about 1000 independent ones
    assert s.mean() == pytest.approx(center, abs=0.02)
    assert s.std() == pytest.approx(sigma, rel=0.08)
    kurtosis = ((s - s.mean()) ** 4).mean() / s.var() ** 2
    assert kurtosis == pytest.approx(3, abs=0.5)


def test_positions_are_read_as_the_public_way_reads_them(alanine: MolecularSystem):
    one = engine(alanine, None, None)
    state = one._context.getState(getPositions=True)
    x = np.empty((22, 3))
    positions_into(state, x)
    np.testing.assert_array_equal(x, np.array(state.getPositions(asNumpy=True)._value))


def test_a_variable_of_another_molecule_is_refused(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable]
):
    from dataclasses import replace

    from sciae.errors import DataError

    cv = torsions()
    other = replace(cv, descriptors=replace(cv.descriptors, atoms=30, names=()))
    with pytest.raises(DataError, match="22 atoms instead of 30"):
        engine(alanine, other, None)
