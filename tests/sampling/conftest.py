from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from sciae.domains.trajectories import Trajectories


@pytest.fixture(scope="session")
def alanine() -> Path:
    return Path(str(files("sciae") / "samples" / "alanine_dipeptide"))


@pytest.fixture(scope="session")
def domain(alanine: Path) -> Trajectories:
    return Trajectories(topology=alanine / "ala2.pdb", features=("torsions",))


@pytest.fixture(scope="session")
def sources(alanine: Path) -> list[Path]:
    return sorted(alanine.glob("*.xtc"))[:2]
