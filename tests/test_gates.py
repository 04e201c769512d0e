"""What no source file may contain."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

SOURCES = sorted(Path(str(files("sciae"))).rglob("*.py"))
FORBIDDEN = {
    "code run from a file": r"\bpickle\b|\btorch\.load\b|\bjoblib\b|\bdill\b|\bmarshal\b",
    "code run from text": r"(?<![\w.])(eval|exec)\(",
    "a shell": r"shell\s*=\s*True|os\.system|os\.popen",
    "prints": r"(?<![\w.])print\(",
}
# A walker is told its task by the process that started it, through a pipe, not a file.
PIPED = {"code run from a file": ("simulation/walker.py", "simulation/walkers.py")}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_source_holds(what: str) -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in SOURCES
        if not path.as_posix().endswith(PIPED.get(what, ("nothing",)))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(FORBIDDEN[what], line)
    ]
    assert found == []


def test_there_are_sources_to_look_at() -> None:
    assert len(SOURCES) > 30
