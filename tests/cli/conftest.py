from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sciae.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ALANINE = Path(__file__).parent / "ala2.pdb"
ENTRY = [sys.executable, "-c", "from sciae.cli import main; main()"]


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def sciae(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    """The command line in this process: as the user calls it, but without the imports again."""

    def run(*arguments: Any) -> Said:
        monkeypatch.setattr(sys, "argv", ["sciae", *map(str, arguments)])
        terminate = signal.getsignal(signal.SIGTERM)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, terminate)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """The command line in a process of its own."""

    def begin(*arguments: Any, cwd: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*ENTRY, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    return begin


@pytest.fixture(scope="session")
def finish(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Said]:
    """The command line in a process of its own, to its end."""

    def run(*arguments: Any, cwd: Path | None = None) -> Said:
        process = start(*arguments, cwd=cwd)
        out, err = process.communicate(timeout=200)
        return Said(process.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def background(
    tmp_path_factory: pytest.TempPathFactory,
    jets_of: Callable[..., Any],
    write: Callable[..., Path],
) -> Path:
    """A file of 300 jets, recognised without a mapping."""
    return write(tmp_path_factory.mktemp("jets") / "background.root", jets_of("qcd_train", 300))


@pytest.fixture(scope="session")
def model(
    tmp_path_factory: pytest.TempPathFactory, background: Path, finish: Callable[..., Said]
) -> Path:
    """What `sciae fit` wrote in a process of its own; not to be changed."""
    out = tmp_path_factory.mktemp("models") / "model"
    said = finish("fit", background, "--domain", "jets", "--out", out, "--epochs", 2)
    assert said.code == 0, said.err
    return out


@pytest.fixture(scope="session")
def alanine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ACE-ALA-NME (ala2.pdb) and 40 ps of it in vacuum, unbiased (md/)."""
    from shutil import copy

    from sciae.simulation import from_pdb, simulate

    folder = tmp_path_factory.mktemp("alanine")
    copy(ALANINE, folder / "ala2.pdb")
    simulate(
        None, system=from_pdb(folder / "ala2.pdb", force_field="amber99sb"), method="none",
        time="40 ps", out=folder / "md", platform="Reference", rng=1,
    )  # fmt: skip
    copy(folder / "md" / "trajectory.dcd", folder / "md.dcd")
    return folder
