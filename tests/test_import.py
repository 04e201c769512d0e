"""Importing is light, and every public name is there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import sciae

HEAVY = (
    "arviz", "awkward", "fastjet", "matplotlib", "mdtraj", "numba", "numpy", "pyarrow", "pymc",
    "rdkit", "safetensors", "scipy", "sklearn", "torch", "uproot",
)  # fmt: skip
TRIES = 5

MEASURED = """
import json, resource, sys
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    {code}
except SystemExit:
    pass
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime  # with the start of the interpreter
print(json.dumps([cpu, sorted(name for name in sys.modules if "." not in name)]), file=sys.stderr)
"""


def measured(code: str) -> tuple[float, set[str]]:
    """The least CPU time of a few processes that run the code, and what they imported."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", MEASURED.format(code=code)],
            check=True,
            capture_output=True,
            text=True,
        )
        for _ in range(TRIES)
    ]
    told = [json.loads(run.stderr.splitlines()[-1]) for run in runs]
    return min(cpu for cpu, _ in told), set(told[0][1])


def test_the_package_is_light() -> None:
    cpu, modules = measured("import sciae")
    assert not modules & set(HEAVY)
    assert cpu < 0.15


@pytest.mark.parametrize("arguments", [[], ["--help"], ["fit", "--help"], ["score", "--help"]])
def test_help_waits_for_nothing_heavy(arguments: list[str]) -> None:
    code = f"sys.argv = ['sciae', *{arguments}]; from sciae.cli import main; main()"
    cpu, modules = measured(code)
    assert not modules & set(HEAVY)
    assert cpu < 0.3


@pytest.mark.parametrize("name", sciae.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(sciae, name) is not None
    assert name in dir(sciae)


def test_the_version_is_a_text() -> None:
    assert isinstance(sciae.__version__, str)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'sciae' has no attribute 'scor'"):
        _ = sciae.scor
