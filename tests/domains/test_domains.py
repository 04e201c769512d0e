from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from sciae import domains
from sciae.errors import SciaeError, SpecError


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Announce domains as installed packages do."""

    def announce(**values: str) -> None:
        found = [EntryPoint(name, value, domains.GROUP) for name, value in values.items()]
        monkeypatch.setattr(domains, "entry_points", lambda **_: found)

    return announce


@pytest.mark.parametrize("name", domains.BUILT_IN)
def test_built_in_domains_load(name: str) -> None:
    kind = domains.load(name)
    assert kind(**kind().settings) == kind()


def test_a_stranger_loads_by_its_name(announced: Any) -> None:
    announced(counter="collections:Counter")
    assert domains.load("counter").__name__ == "Counter"
    assert domains.names() == tuple(sorted(("counter", *domains.BUILT_IN)))


def test_a_clash_with_a_built_in_name_is_refused(announced: Any) -> None:
    announced(jets="collections:Counter")
    with pytest.raises(SpecError, match=r"'jets' is claimed more than once \(collections:Counter"):
        domains.load("jets")


def test_two_strangers_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [EntryPoint("a", value, domains.GROUP) for value in ("one:A", "two:A")]
    monkeypatch.setattr(domains, "entry_points", lambda **_: found)
    with pytest.raises(SpecError, match="one:A, two:A"):
        domains.load("a")


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(SpecError, match="no domain 'jet'; expected one of colvar, jets"):
        domains.load("jet")


def test_a_strangers_own_error_passes(announced: Any) -> None:
    announced(broken="no_such_module_anywhere:Domain")
    with pytest.raises(ModuleNotFoundError) as caught:
        domains.load("broken")
    assert not isinstance(caught.value, SciaeError)
