"""A package of a stranger adds a domain, and sciae takes it as its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

OUTSIDE = Path(__file__).parents[1] / "outside" / "points"

CHECK = """
import sys
import sciae
from sciae.testing import check_domain
Points = sciae.domains.load("points")
assert "points" in sciae.domains.names()
print(len(check_domain(Points(), sys.argv[1])), Points.__module__)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stranger's package, installed into a folder of its own, without the network."""
    folder = tmp_path_factory.mktemp("outside")
    source, target = folder / "source", folder / "site"
    shutil.copytree(OUTSIDE, source)
    install(source, target)
    return target


def install(source: Path, target: Path) -> None:
    pytest.importorskip("hatchling", reason="builds the stranger's package")
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--no-build-isolation", "--no-index", "--target", target, source,
        ],
        check=True,
    )  # fmt: skip


def run(site: Path, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    paths = [str(site), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    x = np.random.default_rng(1).normal(size=(200, 3))
    x[::50, 0] = np.nan
    np.savetxt(tmp_path / "cloud.csv", x, delimiter=",", header="x,y,z", comments="")
    return tmp_path / "cloud.csv"


def test_a_strangers_domain_keeps_the_contract(site: Path, cloud: Path) -> None:
    said = run(site, CHECK, cloud)
    assert said.stdout.split() == ["196", "sciae_points"], said.stderr


def test_both_verbs_take_a_strangers_domain(site: Path, cloud: Path, tmp_path: Path) -> None:
    command = "from sciae.cli import main; main()"
    model, out = tmp_path / "model", tmp_path / "scores.csv"
    fit = ["fit", cloud, "--domain", "points", "--out", model, "--epochs", 2]
    said = run(site, command, *fit, "--set", "columns=x,z")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("196 rows from 1 file")
    assert said.stderr == "left out: 4 rows (not finite)\n"
    said = run(site, command, "score", cloud, "--model", model, "--out", out)
    assert said.returncode == 0, said.stderr
    assert "200 entries written" in said.stdout
    said = run(site, command, *fit[:-2], "--overwrite", "--set", "columns=x,colour")
    assert said.returncode == 2
    assert said.stderr == f"sciae: {cloud}: no column 'colour'; expected ['x', 'y', 'z']\n"


def test_a_clash_with_a_built_in_name_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(OUTSIDE, source)
    text = (source / "pyproject.toml").read_text()
    (source / "pyproject.toml").write_text(text.replace("points = ", "jets = "))
    install(source, tmp_path / "site")
    said = run(tmp_path / "site", "import sciae; sciae.domains.load('jets')")
    assert said.returncode == 1
    assert "domain 'jets' is claimed more than once (sciae_points:Points)" in said.stderr
