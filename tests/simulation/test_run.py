from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.errors import DataError, RunError, SimulationError, SpecError
from sciae.export import NumpyEncoder
from sciae.simulation import BiasedRun, Static, load_bias, simulate
from sciae.simulation.bias import Grid
from sciae.simulation.colvar import read_columns
from sciae.simulation.engines.potential import double_well, mueller_brown
from sciae.simulation.methods import bias_of, grid_of, walls_of
from sciae.simulation.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.simulation.system import MolecularSystem

KT = 0.00831446261815324 * 300
SHORT = {
    "time": "4 ps", "stride": 50, "pace": 100, "platform": "Reference", "rng": 1,
    "sigma": [0.3, 0.3],
}  # fmt: skip


@pytest.mark.parametrize("method", ["opes", "metadynamics", "umbrella", "none"])
def test_every_promised_row_is_there_and_is_what_it_says(
    method: str,
    alanine: MolecularSystem,
    torsions: Callable[..., CollectiveVariable],
    tmp_path: Path,
):
    cv = torsions()
    more = {"centers": [[-1.4, 1.3]], "kappa": [50.0, 50.0]} if method == "umbrella" else {}
    run = simulate(
        cv, system=alanine, method=method, out=tmp_path / "run", frames=100, **SHORT, **more
    )
    assert run.steps == 2000
    np.testing.assert_allclose(run.time, 0.1 * np.arange(1, 41), rtol=1e-9)
    assert run.variable.shape == (40, 2)
    assert run.in_trajectory.sum() == 20
    text = (tmp_path / "run" / "COLVAR").read_text().splitlines()
    assert text[0].startswith("#! FIELDS time phi psi bias offset")
    assert text[1:5] == [
        "#! SET min_phi -pi", "#! SET max_phi pi", "#! SET min_psi -pi", "#! SET max_psi pi",
    ]  # fmt: skip
    x = _positions(run)
    np.testing.assert_allclose(cv.value(x), run.variable[run.in_trajectory], atol=5e-6)
    if method == "none":
        assert not run.bias.any()
    if method == "umbrella":
        d = (run.variable - [-1.4, 1.3] + np.pi) % (2 * np.pi) - np.pi
        np.testing.assert_allclose(run.bias, 25 * (d**2).sum(1), rtol=1e-6)
    if method in ("opes", "metadynamics"):
        lines = run.records.read_text().splitlines()
        assert sum(not line.startswith("#") for line in lines) > 5
        assert {"rct", "zed", "neff", "nker"} <= set(run.extras) or method == "metadynamics"
    np.testing.assert_allclose(run.log_weight, (run.bias - run.offset) / KT)
    again = BiasedRun.load(tmp_path / "run")
    np.testing.assert_array_equal(again.bias, run.bias)


def _positions(run: BiasedRun) -> Any:
    import mdtraj

    trajectory = mdtraj.load(str(run.trajectories[0]), top=str(run.topology))
    return trajectory.xyz


def test_the_bias_in_a_row_is_the_one_before_the_deposit_at_it(tmp_path: Path):
    run = simulate(
        None, system=double_well(), method="metadynamics", time=20.0, out=tmp_path / "run",
        stride=50, pace=50, sigma=[0.3], temperature=300, rng=1,
    )  # fmt: skip
    assert run.bias[0] == 0
    assert run.bias[1] > 0
    hills = read_columns(run.records)
    np.testing.assert_allclose(hills["time"], run.time)
    np.testing.assert_allclose(hills["x"], run.variable[:, 0], rtol=1e-6)


def test_a_particle_in_a_static_bias_is_reweighted_to_its_potential(tmp_path: Path):
    potential = double_well(barrier=6.0, tilt=1.0)
    x = np.linspace(-2.5, 2.5, 101)
    grid = Grid((-2.5,), (2.5,), (100,))
    flat = Static(grid, -np.minimum(potential.energy(x[:, None]), 30.0))
    run = simulate(
        None, system=potential, method="static", static=flat, time="20 ns", out=tmp_path / "run",
        stride=100, rng=1, walls=True, margin=0.01,
    )  # fmt: skip
    weight = np.exp(run.log_weight - run.log_weight.max())
    right = (weight * (run.variable[:, 0] > 0)).sum() / weight.sum()
    p = np.exp(-potential.energy(x[:, None]) / KT)
    assert right == pytest.approx(p[x > 0].sum() / p.sum(), abs=0.03)
    assert ((run.variable[:, 0] > 0).mean()) == pytest.approx(0.5, abs=0.2)  # flat indeed


def test_opes_on_mueller_brown_visits_all_wells(tmp_path: Path):
    run = simulate(
        None, system=mueller_brown(scale=0.25), time="3 ns", out=tmp_path / "run", barrier=30.0,
        rng=1, stride=200, pace=500, temperature=300, bins=60,
    )  # fmt: skip
    assert (run.variable[:, 0] > 0.2).mean() > 0.05
    assert (run.variable[:, 0] < -0.2).mean() > 0.05
    assert run.n_eff > 50
    assert run.variable.shape[1] == 2
    assert run.trajectories == ()
    last = load_bias(run.history[-1])
    assert last.energy(run.variable[-1]).energy > last.energy([1.5, 2.5]).energy


def test_a_particle_is_biased_along_a_network_of_its_position(tmp_path: Path):
    rng, potential = np.random.default_rng(2), double_well(barrier=8.0, tilt=1.0, dim=2)
    encoder = NumpyEncoder(
        columns=np.array(["x", "y"]), function=np.zeros(2, int), column=np.arange(2),
        a=np.zeros(2), b=np.ones(2), least=np.full(2, -np.inf), sizes=np.array([2, 4, 1]),
        weights=np.append(0.5 * rng.normal(size=12), [1.0, -0.8, 0.6, 0.7, 0.0]), activation="tanh",
        end="linear",
    )  # fmt: skip
    cv = CollectiveVariable(encoder=encoder, low=[-1.5], high=[1.5], names=("s",))
    settings = {"system": potential, "stride": 50, "pace": 250, "barrier": 20.0, "rng": 1}
    run = simulate(cv, time="2 ns", out=tmp_path / "long", **settings)
    axis = np.linspace(-2.5, 2.5, 501)
    nodes = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    edges = np.linspace(-1.5, 1.5, 13)
    exact, found = (
        np.histogram(s[:, 0], edges, weights=np.exp(w - w.max()))[0]
        for s, w in ((cv.of_numbers(nodes), -potential.energy(nodes) / KT),
                     (run.variable, run.log_weight))
    )  # fmt: skip
    low = exact > exact.max() * np.exp(-5)
    apart = np.log(found[low] / exact[low])
    assert low.sum() > 5
    assert np.std(apart) < 0.2
    for length, resume in (("0.3 ns", False), ("0.6 ns", True)):
        simulate(cv, time=length, out=tmp_path / "short", **settings, resume=resume)
    for name in ("COLVAR", "KERNELS"):
        short, long = ((tmp_path / run / name).read_bytes() for run in ("short", "long"))
        assert long.startswith(short)
        assert short.count(b"\n") > len(long.splitlines()) / 5


def test_windows_of_an_umbrella_stand_where_they_should(tmp_path: Path):
    run = simulate(
        None, system=double_well(barrier=2.0), method="umbrella", walkers=3, time=100.0,
        out=tmp_path / "run", stride=20, centers=[[-1.0], [0.0], [1.0]], kappa=[200.0], rng=1,
    )  # fmt: skip
    means = [run.variable[run.walker == k].mean() for k in range(3)]
    np.testing.assert_allclose(means, [-1, 0, 1], atol=0.1)
    assert (tmp_path / "run" / "COLVAR.2").exists()


def test_a_longer_time_goes_on_with_a_finished_run(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    cv = torsions()
    simulate(cv, system=alanine, out=tmp_path / "short", **SHORT)
    simulate(cv, system=alanine, out=tmp_path / "short", **SHORT | {"time": "8 ps"}, resume=True)
    simulate(cv, system=alanine, out=tmp_path / "long", **SHORT | {"time": "8 ps"})
    for name in ("COLVAR", "KERNELS", "trajectory.dcd"):
        assert (tmp_path / "short" / name).read_bytes() == (tmp_path / "long" / name).read_bytes()
    with pytest.raises(SpecError, match="the 4000 of the run, or more"):
        simulate(cv, system=alanine, out=tmp_path / "short", **SHORT, resume=True)


def test_another_setting_is_not_resumed_and_nothing_is_overwritten(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    cv, out = torsions(), tmp_path / "run"
    simulate(cv, system=alanine, out=out, **SHORT)
    before = (out / "COLVAR").read_bytes()
    with pytest.raises(RunError, match=r"temperature: 300\.0 then, 310\.0 now"):
        simulate(cv, system=alanine, out=out, **SHORT, temperature="310 K", resume=True)
    with pytest.raises(RunError, match="holds a finished run"):
        simulate(cv, system=alanine, out=out, **SHORT)
    assert (out / "COLVAR").read_bytes() == before
    run = simulate(cv, system=alanine, out=out, **SHORT | {"rng": 2}, overwrite=True)
    assert run.time.size == 40
    assert (out / "COLVAR").read_bytes() != before


def test_overwriting_forgets_the_checkpoints_of_a_run_that_was_killed(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    cv, out = torsions(), tmp_path / "run"
    simulate(cv, system=alanine, out=out, **SHORT)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest |= {"status": "running", "outputs": []}  # as a kill leaves it
    (out / "manifest.json").write_text(json.dumps(manifest))
    run = simulate(cv, system=alanine, out=out, **SHORT | {"time": "2 ps"}, overwrite=True)
    assert run.time.size == 20


def test_a_run_that_lost_rows_is_refused(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    out = tmp_path / "run"
    simulate(torsions(), system=alanine, out=out, **SHORT)
    lines = (out / "COLVAR").read_text().splitlines(keepends=True)
    (out / "COLVAR").write_text("".join(lines[:-3]))
    with pytest.raises(DataError, match=r"37 rows; expected 40, as planned"):
        BiasedRun.load(out)
    assert BiasedRun.load(out, unfinished=True).time.size == 37
    with pytest.raises(RunError, match="not the directory of a biased run"):
        BiasedRun.load(tmp_path)


def test_what_was_written_before_a_fault_stays(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    cv, out = torsions(), tmp_path / "run"
    with pytest.raises(SimulationError, match=r"step \d+"):
        simulate(
            cv, system=alanine, out=out, method="umbrella", centers=[[1.0, 1.0]],
            kappa=[1e7, 1e7], time="40 ps", stride=1, frames=10, platform="Reference", rng=1,
            minimise=False, timestep=0.02,
        )  # fmt: skip
    left = BiasedRun.load(out, unfinished=True)
    assert 0 <= left.time.size < 2000
    assert json.loads((out / "manifest.json").read_text())["status"] == "failed"


def test_each_walker_starts_where_it_is_told(
    alanine: MolecularSystem,
    alanine_positions: Callable[..., Any],
    torsions: Callable[..., CollectiveVariable],
    tmp_path: Path,
):
    cv = torsions()
    start = np.stack([alanine_positions(-80, 75), alanine_positions(60, -60)])
    run = simulate(
        cv, system=alanine, method="none", walkers=2, start=start, out=tmp_path / "run",
        time="0.2 ps", stride=10, platform="Reference", rng=1, processes=1,
    )  # fmt: skip
    phi = run.variable[:, 0]
    assert (phi[run.walker == 0] < 0).all()
    assert (phi[run.walker == 1] > 0).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "magic"}, "no method 'magic'"),
        ({"time": "ten ns"}, "not a time"),
        ({"time": "3 fs"}, "whole steps"),
        ({"temperature": "300 C"}, "not a temperature"),
        ({"frames": 70}, "multiple of stride"),
        ({"pace": 0}, "pace"),
        ({"method": "static"}, "a Static for method='static'"),
        ({"platform": "Abacus"}, "no platform 'Abacus'"),
        ({"start": np.zeros((3, 22, 3))}, "expected 1 or 1"),
        ({"start": np.zeros((21, 3))}, r"expected \(22, 3\)"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    changes: dict[str, Any],
    said: str,
    alanine: MolecularSystem,
    torsions: Callable[..., CollectiveVariable],
    tmp_path: Path,
):
    with pytest.raises((SpecError, DataError), match=said):
        simulate(torsions(), system=alanine, out=tmp_path / "run", **SHORT | changes)
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_variable_is_unbiased(alanine: MolecularSystem, tmp_path: Path):
    run = simulate(None, system=alanine, method="none", out=tmp_path / "run", **SHORT)
    assert run.variable.shape == (40, 0)
    with pytest.raises(SpecError, match="no variable to bias"):
        simulate(None, system=alanine, out=tmp_path / "other", **SHORT)


def test_equilibration_is_not_recorded(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    cv = torsions()
    plain = simulate(cv, system=alanine, out=tmp_path / "a", method="none", **SHORT)
    later = simulate(
        cv, system=alanine, out=tmp_path / "b", method="none", equilibration="2 ps",
        **SHORT | {"time": "2 ps"},
    )  # fmt: skip
    assert later.time[0] == pytest.approx(0.1)
    np.testing.assert_array_equal(later.variable, plain.variable[20:])


def test_the_seed_decides_everything(
    alanine: MolecularSystem, torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    cv = torsions()
    runs = [
        simulate(cv, system=alanine, out=tmp_path / str(k), **SHORT | {"rng": seed})
        for k, seed in enumerate([1, 1, 2])
    ]
    np.testing.assert_array_equal(runs[0].variable, runs[1].variable)
    assert not np.array_equal(runs[0].variable, runs[2].variable)


def test_walls_stand_beyond_the_known_range_and_within_the_grid(
    learned: CollectiveVariable, torsions: Callable[..., CollectiveVariable]
):
    grid, walls = grid_of(learned, margin=0.25), walls_of(learned, margin=0.25)
    assert grid.low == (-2, -2)
    assert walls.low == (-1.5, -1.5)
    np.testing.assert_allclose(np.array(walls.kappa) / 2 * 0.5**2, 100)
    assert walls_of(torsions(), margin=0.25) is None
    assert grid_of(torsions(), margin=0.25).periodic == (True, True)


def test_a_plan_survives_json():
    plan = Plan.example(periods=(None,), settings={"barrier": 3.0})
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    with pytest.raises(RunError, match="damaged plan"):
        Plan.from_json({"method": "opes"})


def test_events_come_in_their_order():
    plan = Plan.example(steps=100, stride=30, frames=60, pace=40, equilibration=5)
    at, seen = -5, []
    while at < plan.steps:
        at = plan.next_event(at)
        seen.append(at)
    assert seen == [0, 30, 40, 60, 80, 90, 100]


def test_a_variable_of_atoms_is_refused_for_a_particle_before_anything_is_written(
    torsions: Callable[..., CollectiveVariable], tmp_path: Path
):
    with pytest.raises(SpecError, match=r"2 numbers of atoms; expected one of the 2 numbers"):
        simulate(torsions(), system=mueller_brown(), time=1.0, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_steep_variable_gets_wide_kernels_and_walls_that_yield(learned: CollectiveVariable):
    steep = replace(learned, about={**learned.about, "steepness": [40.0, 1.0]})
    grid, walls = grid_of(steep, margin=0.25), walls_of(steep, margin=0.25)
    assert walls.low == (-1.5, -1.5)
    springs = np.array(walls.kappa) * (3 * np.array([40.0, 1.0])) ** 2  # along x, kJ/mol/nm^2
    np.testing.assert_allclose(springs, [1e6, 7200])
    np.testing.assert_allclose(
        np.array(walls.kappa) / 2 * (np.array(walls.low) - grid.low) ** 2, 100
    )
    plan = replace(Plan.example(), settings={
        "margin": 0.25, "walls": True, "bins": 1000, "barrier": 40.0, "sigma": [0.001, 0.001],
        "gamma": None, "explore": False,
    })  # fmt: skip
    opes = bias_of(plan, steep, walker=0)
    opes.deposit([0.0, 0.0])
    width = opes.records()[-1].split()[3:5]
    spacing = grid_of(steep, margin=0.25, bins=1000).spacing
    assert float(width[0]) == pytest.approx(40 * 40 / 60_000)
    assert float(width[1]) == pytest.approx(spacing[1])
    assert spacing[0] < float(width[0])


def test_a_run_is_not_resumed_with_a_variable_of_another_steepness(
    alanine: MolecularSystem, learned: CollectiveVariable, tmp_path: Path
):
    settings: dict[str, Any] = {"system": alanine, "out": tmp_path / "run", **SHORT}
    simulate(learned, **settings)
    steep = replace(learned, about={**learned.about, "steepness": [40.0, 1.0]})
    with pytest.raises(RunError, match="settings"):
        simulate(steep, resume=True, **settings)
