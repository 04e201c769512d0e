from __future__ import annotations

import csv
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.errors import SpecError
from sciae.run import verify
from sciae.sampling import of_run
from sciae.simulation import BiasedRun, simulate
from sciae.simulation.engines.potential import double_well

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Sciae = Callable[..., Any]

PHI, PSI = "torsion:4-6-8-14", "torsion:6-8-14-16"
KT = 0.00831446261815324 * 300


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A particle in two wells, under OPES."""
    out = tmp_path_factory.mktemp("well") / "run"
    simulate(None, system=double_well(barrier=15.0, tilt=3.0), time="10 ns", out=out, rng=1)
    return out


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, alanine: Path) -> Path:
    """40 ps of alanine dipeptide, biased along phi."""
    from sciae.cli.along import variable_along
    from sciae.simulation import from_pdb

    out = tmp_path_factory.mktemp("phi") / "run"
    simulate(
        variable_along(alanine / "ala2.pdb", [PHI]), time="40 ps", out=out, rng=1,
        system=from_pdb(alanine / "ala2.pdb", force_field="amber99sb"), platform="Reference",
        frames=200, barrier=20.0,
    )  # fmt: skip
    return out


def read(path: Path) -> dict[str, np.ndarray]:
    """The columns of a CSV file."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_the_profile_is_that_of_the_potential(sciae: Sciae, well: Path, tmp_path: Path) -> None:
    said = sciae("fes", well, "--out", tmp_path / "fes")
    assert (said.code, said.err) == (0, "")
    table = read(tmp_path / "fes" / "fes-x.csv")
    x, energy = table["x [1]"], table["F [kJ/mol]"]
    exact = 15 * (x**2 - 1) ** 2 + 3 * x
    low = exact - exact.min() < 12
    difference = (energy - exact)[low]
    assert np.std(difference) < 0.5
    assert verify(tmp_path / "fes").status == "complete"
    assert "along x: ΔF " in said.out
    assert f"written to {tmp_path / 'fes'}" in said.out


def test_basins_that_are_named_are_those_of_the_difference(
    sciae: Sciae, well: Path, tmp_path: Path
) -> None:
    basins = ["--basin", "left=-2:0", "--basin", "right=0:2"]
    said = sciae("fes", well, "--out", tmp_path / "fes", *basins)
    assert said.code == 0, said.err
    words = next(line for line in said.out.splitlines() if "along x: ΔF" in line)
    value, low, high = (float(part.strip("[],")) for part in words.split()[3:6])
    x = np.linspace(-2, 2, 4001)
    mass = np.exp(-(15 * (x**2 - 1) ** 2 + 3 * x) / KT)
    exact = -KT * math.log(mass[x > 0].sum() / mass[x < 0].sum())
    assert low < exact < high
    assert abs(value - exact) < 1
    assert "ΔF left to right along x" in (tmp_path / "fes" / "report.html").read_text()


def test_anything_of_the_trajectory_can_be_looked_along(
    sciae: Sciae, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "fes"
    said = sciae("fes", run, "--along", PHI, "--along", PSI, "--bins", 12, "--out", out)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("100 frames, 0.4 ps apart")
    assert {path.name for path in out.glob("*.csv")} == {
        "fes-phi-ALA2-and-psi-ALA2.csv", "fes-phi-ALA2.csv", "fes-psi-ALA2.csv",
    }  # fmt: skip
    table = read(out / "fes-phi-ALA2.csv")
    assert len(table["frames"]) == 12
    biased = BiasedRun.load(run)
    phi = biased.variable[biased.in_trajectory, 0]
    weight = np.exp(biased.log_weight[biased.in_trajectory])
    skipped = round(0.2 * len(phi))
    edges = np.linspace(-np.pi, np.pi, 13)
    mass, _ = np.histogram(phi[skipped:], edges, weights=weight[skipped:])
    seen = mass > 0
    want = -KT * np.log(mass[seen])
    np.testing.assert_allclose(table["F [kJ/mol]"][seen], want - want.min(), atol=1e-4)


def test_many_numbers_get_a_profile_each(sciae: Sciae, run: Path, tmp_path: Path) -> None:
    said = sciae("fes", run, "--along", "torsions", "--out", tmp_path / "fes")
    assert said.code == 0, said.err
    assert len(list((tmp_path / "fes").glob("fes-*.csv"))) == 4


def test_the_variable_beside_a_feature(sciae: Sciae, run: Path, tmp_path: Path) -> None:
    along = ["--along", "phi_ALA2", "--along", "rg"]
    said = sciae("fes", run, *along, "--out", tmp_path / "fes")
    assert said.code == 0, said.err
    assert len(list((tmp_path / "fes").glob("fes-*.csv"))) == 3


def test_a_colvar_file_gives_what_its_run_gives(sciae: Sciae, well: Path, tmp_path: Path) -> None:
    assert sciae("fes", well, "--out", tmp_path / "run").code == 0
    colvar = ["fes", well / "COLVAR", "--along", "x", "--temperature", "300 K"]
    said = sciae(*colvar, "--out", tmp_path / "colvar")
    assert (said.code, said.err) == (0, "")
    one, other = (read(tmp_path / name / "fes-x.csv") for name in ("run", "colvar"))
    np.testing.assert_allclose(one["F [kJ/mol]"], other["F [kJ/mol]"], atol=1e-4)
    assert "<svg" in (tmp_path / "colvar" / "report.html").read_text()
    unbiased = sciae(*colvar, "--bias-column", "none", "--out", tmp_path / "flat")
    assert unbiased.code == 0
    flat = read(tmp_path / "flat" / "fes-x.csv")
    assert np.nanmax(flat["F [kJ/mol]"]) < np.nanmax(one["F [kJ/mol]"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--along", "s7"], "no coordinate 's7'"),
        (["--basin", "A=-1:0"], "1 basins; expected two"),
        (["--basin", "A=-1"], "expected NAME=LOW:HIGH"),
        (["--basin", "A=-1:0", "--basin", "A=0:1"], "expected two, of different names"),
        (["--temperature", "300"], "--temperature with a run directory"),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_no_directory(
    sciae: Sciae, well: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    said = sciae("fes", well, "--out", tmp_path / "fes", *more)
    assert (said.code, says in said.err) == (2, True), said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "fes").exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([], "no temperature; expected --temperature"),
        (["--temperature", "300", "--along", "z"], "no columns called 'z'"),
        (["--temperature", "300", "--bias-column", "metad"], "no columns called 'metad'"),
        (["--temperature", "0"], "'0' is not a temperature"),
    ],
)
def test_a_colvar_file_without_what_it_takes(
    sciae: Sciae, well: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    said = sciae("fes", well / "COLVAR", "--out", tmp_path / "fes", *more)
    assert (said.code, says in said.err) == (2, True), said.err


def test_what_is_no_run(sciae: Sciae, tmp_path: Path) -> None:
    said = sciae("fes", tmp_path / "none", "--out", tmp_path / "fes")
    assert (said.code, "no such file or directory" in said.err) == (2, True)
    said = sciae("fes", tmp_path, "--out", tmp_path / "fes")
    assert (said.code, "not the directory of a biased run" in said.err) == (2, True)


def test_windows_have_no_common_scale(well: Path) -> None:
    found = BiasedRun.load(well)
    windows = replace(found, plan=replace(found.plan, method="umbrella", walkers=2))
    with pytest.raises(SpecError, match="MBAR"):
        of_run(windows)


def test_a_basin_that_was_never_visited_is_said_not_raised(
    sciae: Sciae, well: Path, tmp_path: Path
) -> None:
    basins = ["--basin", "left=-2:0", "--basin", "far=50:60"]
    said = sciae("fes", well, "--out", tmp_path / "fes", *basins)
    assert (said.code, said.err) == (0, "")
    assert "along x: one of the basins was never visited" in said.out
    assert "Not converged" in said.out
