from __future__ import annotations

import filecmp
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.descriptors import Descriptors, Torsions
from sciae.errors import SimulationError, SpecError
from sciae.sampling import Recipe, Rounds, rounds
from sciae.simulation import BiasedRun, from_pdb

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.domains.trajectories import Trajectories
    from sciae.free_energy import Transitions

pytest.importorskip("openmm")


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory,
    alanine: Path,
    domain: Trajectories,
    sources: list[Path],
) -> Rounds:
    return run(tmp_path_factory.mktemp("loop") / "out", alanine, domain, sources)


def run(
    out: Path, alanine: Path, domain: Trajectories, sources: list[Path], *, resume: bool = False
) -> Rounds:
    return rounds(
        from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), sources, domain=domain, out=out,
        number=3, time="40 ps", last="20 ps", rng=7, resume=resume,
        recipe=Recipe(lag="1 ps", hidden=(8,), heat=1.0, tries=2, rest="2 ps"),
        settings={"platform": "Reference", "stride": 50, "barrier": 20.0},
    )  # fmt: skip


@pytest.fixture(scope="module")
def crossed(
    tmp_path_factory: pytest.TempPathFactory,
    alanine: Path,
    domain: Trajectories,
    sources: list[Path],
) -> Rounds:
    """A loop that begins with a variable that is good enough to find the other basin."""
    return found_at_once(tmp_path_factory.mktemp("crossed") / "out", alanine, domain, sources)


def found_at_once(
    out: Path,
    alanine: Path,
    domain: Trajectories,
    sources: list[Path],
    number: int = 2,
    **more: Any,
) -> Rounds:
    pair = Torsions([(4, 6, 8, 14), (6, 8, 14, 16)])
    phi = CollectiveVariable.of_descriptors(Descriptors((pair,), atoms=22), names=("phi", "psi"))
    return rounds(
        from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), sources, domain=domain, out=out,
        number=number, time="100 ps", first=phi, rng=3, **more,
        recipe=Recipe(lag="1 ps", hidden=(8,), tries=4, rest="4 ps"),
        settings={"platform": "Reference", "stride": 50, "pace": 100, "barrier": 50.0},
    )  # fmt: skip


def test_rounds_explore_until_something_is_found(ran: Rounds) -> None:
    assert [one.kind for one in ran.rounds] == ["explore", "heat", "explore"]
    assert all("stayed away from the first basin: look on" in one.next for one in ran.rounds)
    runs = [BiasedRun.load(ran.directory / f"round-{k}" / "run") for k in range(3)]
    assert [run.plan.method for run in runs] == ["opes", "none", "opes"]
    assert not runs[1].log_weight.any()
    assert [round(one.time, 6) for one in ran.rounds] == [0.04, 0.04, 0.02]
    assert len(ran.run.time) == 200


def test_heat_is_so_many_times_the_temperature_and_needs_no_bias(
    tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path]
) -> None:
    found = rounds(
        from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), sources, domain=domain,
        out=tmp_path / "out", number=3, time="4 ps", rng=1,
        recipe=Recipe(lag="1 ps", heat=2.5, tries=1, rest="2 ps"),
        settings={"platform": "Reference", "stride": 50, "temperature": "280 K"},
    )  # fmt: skip
    assert [one.kind for one in found.rounds] == ["explore", "heat", "explore"]
    hot = BiasedRun.load(found.directory / "round-1" / "run")
    assert (hot.temperature, hot.plan.method) == (700.0, "none")
    assert found.run.temperature == 280.0  # free energies are of the last


def test_rounds_refine_once_another_basin_is_found(crossed: Rounds) -> None:
    assert [one.kind for one in crossed.rounds] == ["given", "refine"]
    assert "stay in another basin" in crossed.rounds[0].next
    assert crossed.rounds[0].next.endswith("refine.")
    assert crossed.variable.about["kind"] == "committor"
    assert crossed.run.plan.method == "metadynamics"
    assert crossed.run.plan.settings["sigma"] == [0.05]
    assert str(crossed.conclusion) in crossed.verdict


def test_what_is_learnt_rises_from_the_first_basin_to_the_other(
    crossed: Rounds, domain: Trajectories, sources: list[Path]
) -> None:
    stayed = sorted((crossed.directory / "round-0" / "settled").glob("longer/*/*/trajectory.dcd"))
    first, other = (
        np.concatenate([crossed.variable.of_table(domain.read(path))[:, 0] for path in paths])
        for paths in (sources, stayed)
    )
    assert abs(np.median(first) - np.median(other)) > 4 * max(first.std(), other.std())


def test_a_short_loop_is_not_called_converged(ran: Rounds) -> None:
    assert "round 2 (explore, 0.02 ns)" in ran.verdict
    assert "not converged" in ran.verdict.lower()


def test_exploring_rounds_bias_other_components_in_turn(ran: Rounds) -> None:
    folders = [ran.directory / f"round-{k}" / "cv" for k in (0, 2)]
    first, second = map(CollectiveVariable.load, folders)
    assert (first.names, second.names) == (("s0", "s1"), ("s1", "s2"))


def test_a_loop_cut_short_goes_on_to_the_same_files(
    ran: Rounds, tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path]
) -> None:
    import shutil

    out = tmp_path / "out"
    shutil.copytree(ran.directory, out)
    shutil.rmtree(out / "round-2")
    (out / "round-1" / "round.json").unlink()
    again = run(out, alanine, domain, sources, resume=True)
    assert [str(one) for one in again.rounds] == [str(one) for one in ran.rounds]
    for name in ("round-2/cv/encoder.npz", "round-2/run/COLVAR", "round-2/run/trajectory.dcd"):
        assert filecmp.cmp(out / name, ran.directory / name, shallow=False), name


@pytest.mark.parametrize(("number", "count"), [(1, 2), (3, 0)])
def test_too_little_to_begin_with_is_refused(
    tmp_path: Path, alanine: Path, domain: Trajectories, sources: list[Path], number: int,
    count: int,
) -> None:  # fmt: skip
    with pytest.raises(SpecError, match="two rounds or more"):
        rounds(
            from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), sources[:count],
            domain=domain, out=tmp_path, number=number,
        )  # fmt: skip


def test_a_run_that_breaks_is_run_again_in_smaller_steps(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    alanine: Path,
    domain: Trajectories,
    sources: list[Path],
) -> None:
    module = import_module("sciae.sampling.rounds")  # the package's `rounds` is the function
    real, asked = module.simulate, []

    def breaks_once(*args: Any, **settings: Any) -> Any:
        asked.append((settings.get("timestep"), settings["frames"], settings["stride"]))
        if len(asked) == 1:
            settings["out"].mkdir(parents=True)
            raise SimulationError("no longer finite", where="step 7")
        return real(*args, **settings)

    monkeypatch.setattr(module, "simulate", breaks_once)
    ran = run(tmp_path / "out", alanine, domain, sources)
    assert asked == [(None, 250, 50), (0.001, 500, 100), (None, 250, 50), (None, 250, 50)]
    assert [round(one.time, 6) for one in ran.rounds] == [0.04, 0.04, 0.02]
    assert (tmp_path / "out" / "round-0" / "broken-0" / "run").is_dir()
    again = run(tmp_path / "out", alanine, domain, sources, resume=True)
    assert [str(one) for one in again.rounds] == [str(one) for one in ran.rounds]


def test_along_a_variable_that_breaks_a_smoother_one_is_learnt(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    alanine: Path,
    crossed: Rounds,
    domain: Trajectories,
    sources: list[Path],
) -> None:
    import shutil

    module = import_module("sciae.sampling.rounds")
    real, asked, noise = module.simulate, [], []
    learn = import_module("sciae.sampling.learner").learn

    def breaks_twice(*args: Any, **settings: Any) -> Any:
        if settings["method"] == "metadynamics":
            asked.append(settings["frames"])
            if len(asked) < 3:
                settings["out"].mkdir(parents=True)
                raise SimulationError("no longer finite", where="step 7")
        return real(*args, **settings)

    def told(*args: Any, **settings: Any) -> Any:
        noise.append(settings.get("noise"))
        return learn(*args, **settings)

    monkeypatch.setattr(module, "simulate", breaks_twice)
    monkeypatch.setattr("sciae.sampling.learner.learn", told)
    out = tmp_path / "out"
    shutil.copytree(crossed.directory / "round-0", out / "round-0")
    ran = found_at_once(out, alanine, domain, sources, resume=True)
    assert noise == pytest.approx([0.0, 0.1, 0.2])
    assert asked == [250, 250, 250]  # the time step stays
    kept = [out / "round-1" / f"broken-{k}" / "cv" for k in range(2)]
    weights = [CollectiveVariable.load(folder).encoder.weights for folder in kept]
    assert not np.array_equal(weights[0], weights[1])
    assert [one.kind for one in ran.rounds] == ["given", "refine"]


def test_a_basin_that_is_never_reached_is_set_aside(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    alanine: Path,
    crossed: Rounds,
    domain: Trajectories,
    sources: list[Path],
) -> None:
    """Told that nothing crosses, the loop looks on, and what it found first is known."""
    import shutil

    from sciae.sampling.crossings import Crossings

    real = Crossings.of

    def nothing(self: Crossings, run: BiasedRun) -> Transitions:
        return replace(real(self, run), forward=0, backward=0)

    monkeypatch.setattr(Crossings, "of", nothing)
    out = tmp_path / "out"
    shutil.copytree(crossed.directory / "round-0", out / "round-0")
    (out / "round-0" / "round.json").unlink()
    ran = found_at_once(out, alanine, domain, sources, number=5, resume=True)
    kinds = [one.kind for one in ran.rounds]
    assert kinds[:4] == ["given", "refine", "refine", "explore"]
    assert [("set aside" in one.next) for one in ran.rounds[:3]] == [False, False, True]
    names = CollectiveVariable.load(out / "round-3" / "cv").names
    assert names == ("s0", "s1")  # the first pair of components: no look was spent before
    again = found_at_once(out, alanine, domain, sources, number=5, resume=True)
    assert [str(one) for one in again.rounds] == [str(one) for one in ran.rounds]


def test_heat_that_breaks_is_halved(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    alanine: Path,
    domain: Trajectories,
    sources: list[Path],
) -> None:
    module = import_module("sciae.sampling.rounds")
    real, asked = module.simulate, []

    def breaks_once(*args: Any, **settings: Any) -> Any:
        if settings["method"] == "none":
            asked.append(settings["temperature"])
            if len(asked) == 1:
                settings["out"].mkdir(parents=True)
                raise SimulationError("no longer finite", where="step 7")
        return real(*args, **settings)

    monkeypatch.setattr(module, "simulate", breaks_once)
    rounds(
        from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), sources, domain=domain,
        out=tmp_path / "out", number=3, time="4 ps", rng=1,
        recipe=Recipe(lag="1 ps", tries=1, rest="2 ps"),
        settings={"platform": "Reference", "stride": 50},
    )  # fmt: skip
    assert asked == [750.0, 525.0]


def test_the_last_round_holds_the_bias_of_the_best_one_fixed(
    tmp_path: Path, alanine: Path, crossed: Rounds, domain: Trajectories, sources: list[Path],
) -> None:  # fmt: skip
    import json
    import shutil

    out = tmp_path / "out"
    shutil.copytree(crossed.directory, out)
    told = out / "round-1" / "round.json"  # as if it had crossed
    told.write_text(json.dumps({**json.loads(told.read_text()), "transitions_per_ns": 70.0}))
    ran = found_at_once(out, alanine, domain, sources, resume=True, number=3)
    assert ran.run.plan.method == "static"
    assert "round-1, that crossed most. Its bias was held fixed." in ran.rounds[2].next
    assert np.array_equal(ran.variable.encoder.weights, crossed.variable.encoder.weights)
    acted, known = ran.run, crossed.run
    at = np.abs(acted.variable[:, None, 0] - known.variable[-50:, 0]).argmin(0)
    assert np.corrcoef(acted.log_weight[at], known.log_weight[-50:])[0, 1] > 0.5
