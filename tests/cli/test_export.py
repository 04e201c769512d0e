from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.autoencoders.files import load
from sciae.cli.export import export
from sciae.export import NumpyEncoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Sciae = Callable[..., Any]

NUMBER = re.compile(r"\d+")


def test_the_example_of_the_help_is_real(
    sciae: Sciae, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(model, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    lines = [line.strip() for line in str(export.help).splitlines()]
    at = next(n for n, line in enumerate(lines) if line.startswith("$ sciae "))
    said = sciae(*shlex.split(lines[at])[2:])
    assert (said.code, said.err) == (0, "")
    shown = [NUMBER.sub("#", line) for line in lines[at + 1 :] if line]
    assert [NUMBER.sub("#", line) for line in said.out.splitlines()] == shown
    made = json.loads((tmp_path / "cv.pt.json").read_text())
    assert made["sha256"] == hashlib.sha256((tmp_path / "cv.pt").read_bytes()).hexdigest()


def test_arrays_that_are_asked_for_are_those_of_the_model(
    sciae: Sciae, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cv.npz"
    said = sciae("export", model, "--format", "numpy", "--out", out)
    assert said.code == 0, said.err
    fitted, encoder = load(model), NumpyEncoder.load(out)
    assert encoder.dim == fitted.latent.dim
    rows = np.ones((2, len(encoder.columns)))
    want = fitted.cv()(fitted.normaliser.location.new_tensor(rows))
    np.testing.assert_allclose(encoder.value(rows), want, rtol=1e-5, atol=1e-5)


def test_what_cannot_be_done_is_said_in_a_line(sciae: Sciae, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "cv.npz"
    out.write_text("mine")
    for arguments, says in (
        ((model, "--format", "numpy"), "already there. Pass --overwrite."),
        ((tmp_path / "none", "--format", "numpy", "--overwrite"), "no such file or directory"),
        ((tmp_path, "--format", "numpy", "--overwrite"), "no model here"),
        ((model, "--format", "numpy", "--what", "reconstruction", "--overwrite"), "reconstruction"),
    ):
        said = sciae("export", *arguments, "--out", out)
        assert said.code == 2
        assert says in said.err
        assert said.err.count("\n") == 1
        assert out.read_text() == "mine"
