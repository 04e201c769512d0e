"""Help, versions, and how a command ends."""

from __future__ import annotations

import signal
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
import pytest

from sciae import cli, kinds
from sciae.errors import SourceError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

VERBS = tuple(cli.VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_an_example_with_its_output(sciae: Callable[..., Any], verb: str) -> None:
    said = sciae(verb, "--help")
    lines = said.out.splitlines()
    assert said.code == 0
    example = next(at for at, line in enumerate(lines) if line.startswith(f"  $ sciae {verb} "))
    assert lines[example + 1].startswith("  ")
    assert len(lines[example + 1].split()) > 2


def test_help_lists_the_verbs(sciae: Callable[..., Any]) -> None:
    for arguments in (["--help"], ["-h"]):
        said = sciae(*arguments)
        assert said.code == 0
        assert said.out.startswith("Usage: sciae [OPTIONS] COMMAND")
        for verb, about in cli.VERBS.items():
            assert f"{verb} " in said.out
            assert about in said.out
        assert "$ sciae" in said.out or "sciae fit qcd.root" in said.out


def test_fit_offers_every_kind() -> None:
    assert tuple(kinds.KINDS) == import_module("sciae.cli.fit").KINDS


def test_the_version(sciae: Callable[..., Any]) -> None:
    import sciae as package

    assert sciae("--version")[:2] == (0, f"sciae {package.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Usage: sciae"),
        (["gues"], "No such command 'gues'"),
        (["fit"], "Missing argument 'SOURCES...'"),
        (["score", "a.root"], "Missing option '--model'"),
        (["fit", "a.root", "--domain", "jets", "--out", "m", "--epochs", "0"], "range x>=1"),
        (["fit", "a.root", "--domain", "jets", "--out", "m", "--seed", "-1"], "range x>=0"),
        (["fit", "a.root", "--domain", "jets", "--out", "m", "--kind", "magic"], "'magic' is not"),
    ],
)
def test_a_wrong_command_says_what_is_right(
    sciae: Callable[..., Any], arguments: list[str], says: str
) -> None:
    said = sciae(*arguments)
    assert said.code == 2
    assert says in said.out + said.err
    assert "Traceback" not in said.err


def planted(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A verb that raises."""

    @click.command()
    def fit() -> None:
        raise error

    monkeypatch.setattr("sciae.cli.fit.fit", fit)


def test_our_errors_are_one_line_and_status_2(
    sciae: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, SourceError("3 bytes", where="a.root", expected="9", fix="Copy it again."))
    assert sciae("fit") == (2, "", "sciae: a.root: 3 bytes; expected 9. Copy it again.\n")


def test_other_errors_keep_their_trace(
    sciae: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, ZeroDivisionError("planted"))
    with pytest.raises(ZeroDivisionError, match="planted"):
        sciae("fit")


def test_an_error_in_a_process_of_its_own_is_one_line(
    finish: Callable[..., Any], tmp_path: Path
) -> None:
    said = finish("fit", "none.root", "--domain", "jets", "--out", "model", cwd=tmp_path)
    assert said == (2, "", "sciae: none.root: no such file or directory\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_130_and_the_run_can_be_resumed(
    start: Callable[..., subprocess.Popen[str]],
    background: Path,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    out = tmp_path / "model"
    process = start("fit", background, "--domain", "jets", "--out", out, "--epochs", 100_000)
    wait_for(out / "checkpoint.safetensors", process)
    process.send_signal(number)
    begin = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - begin < 20  # a busy machine; usually far less
    assert process.returncode == 130
    assert err.strip() == "sciae: interrupted; nothing was left half-written"
    assert '"status": "failed"' in (out / "manifest.json").read_text()
    assert not [path for path in out.iterdir() if path.name.startswith(".tmp")]


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
