"""The output that help shows is what the commands print, but for the numbers."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBER = re.compile(r"\d+(\.\d+)?")


def example(verb: str) -> tuple[list[str], list[str]]:
    """The command that a verb's help shows, and its output line by line."""
    command = getattr(import_module(f"sciae.cli.{verb}"), verb)
    lines = [line.strip() for line in command.help.splitlines()]
    at = next(n for n, line in enumerate(lines) if line.startswith("$ sciae "))
    end = next((n for n, line in enumerate(lines[at:], at) if not line), len(lines))
    return shlex.split(lines[at])[2:], lines[at + 1 : end]


def masked(lines: list[str]) -> list[str]:
    return [NUMBER.sub("#", line) for line in lines]


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    jets_of: Callable[..., Any],
    write: Callable[..., Path],
) -> Path:
    """Where the examples run, with the files that they name."""
    path = tmp_path_factory.mktemp("examples")
    write(path / "qcd_train.root", jets_of("qcd_train", 1000))
    write(path / "data.root", jets_of("qcd_test", 1000))
    return path


@pytest.mark.parametrize("verb", ["fit", "score"])  # in the order of use; demo takes minutes
def test_examples_are_real(
    sciae: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.chdir(folder)
    arguments, shown = example(verb)
    said = sciae(*arguments)
    assert (said.code, said.err) == (0, "")
    assert masked(said.out.splitlines()) == masked(shown)
