"""The code that the documents show runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import uproot

from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable


SCRIPTS = sorted((Path(__file__).parents[2] / "examples").glob("[0-9]*.py"))


def code_of(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def folder(
    tmp_path: Path,
    jets_of: Callable[..., Any],
    write: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    write(tmp_path / "qcd.root", jets_of("qcd_train", 600))
    write(tmp_path / "data.root", jets_of("qcd_test", 300))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme(folder: Path, pytestconfig: pytest.Config) -> None:
    blocks = code_of(pytestconfig.rootpath / "README.md")
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})
    assert (folder / "cv.pt").exists()
    with uproot.open(folder / "scores.root") as file:
        assert file["scores"].num_entries == 300


def test_choose_your_loss(pytestconfig: pytest.Config) -> None:
    (block,) = code_of(pytestconfig.rootpath / "docs" / "explanation" / "losses.md")
    shown: dict[str, Any] = {}
    exec(block, shown)
    names = [type(head).__name__ for head in shown["model"].heads.heads]
    assert names == ["Mixture", "ZeroInflatedNegativeBinomial"]


def test_a_domain_of_your_own(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    page = pytestconfig.rootpath / "docs" / "how-to" / "new-domain.md"
    shown: dict[str, Any] = {"__name__": "points"}
    source = code_of(page)[0]
    module = type(sys)("points")  # a dataclass looks its module up
    sys.modules["points"] = module
    exec(compile(source, "points.py", "exec"), module.__dict__)
    shown |= module.__dict__
    rows = np.random.default_rng(1).normal(size=(30, 2))
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="x,y", comments="")
    table = check_domain(shown["Points"](), tmp_path / "a.csv")
    del sys.modules["points"]
    np.testing.assert_allclose(table["y"], rows[:, 1])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example(script: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
