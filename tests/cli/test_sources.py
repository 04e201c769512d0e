from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sciae.cli.sources import check_device, check_sources, domain_of, settings_of
from sciae.domains.jets import Jets
from sciae.errors import SourceError, SpecError

POLAR = {"pt": "a", "eta": "b", "phi": "c"}


@pytest.mark.parametrize(
    ("assignments", "given", "want"),
    [
        ((), {}, {}),
        (("radius=1.0", "jets=all"), {}, {"radius": 1.0, "jets": "all"}),
        (("observables=mass,tau21",), {}, {"observables": ["mass", "tau21"]}),
        (('observables=["mass"]',), {}, {"observables": ["mass"]}),
        (("pt_max=null",), {}, {"pt_max": None}),
        (("mapping=pfnano",), {}, {"mapping": "pfnano"}),
        ((), {"representation": "images"}, {"representation": "images"}),
        ((), {"keep": "run, event"}, {"keep": ["run", "event"]}),
        (
            (),
            {"tree": "t", "constituents": "pt=a,eta=b,phi=c", "group": "evt", "unit": "MeV"},
            {"mapping": {"tree": "t", "constituents": POLAR, "group": "evt", "unit": "MeV"}},
        ),
        ((), {"particles": "pt=a,eta=b,phi=c"}, {"mapping": {"particles": POLAR}}),
    ],
)
def test_options_become_settings(
    assignments: tuple[str, ...], given: dict[str, str | None], want: dict[str, Any]
) -> None:
    found = settings_of(assignments, given)
    assert found == want
    assert isinstance(domain_of("jets", found), Jets)


@pytest.mark.parametrize(
    ("assignments", "given", "says"),
    [
        (("radius",), {}, "--set 'radius'; expected name=value"),
        ((), {"tree": "t"}, "--tree without branches; expected --constituents or --particles"),
        ((), {"group": "evt"}, "--group without branches"),
        ((), {"constituents": "pt"}, "name=branch pairs"),
    ],
)
def test_options_that_say_too_little(
    assignments: tuple[str, ...], given: dict[str, str | None], says: str
) -> None:
    with pytest.raises(SpecError, match=says):
        settings_of(assignments, given)


def test_unknown_settings_are_named() -> None:
    with pytest.raises(SpecError, match=r"'jets': settings colour \(got an unexpected .*'colour'"):
        domain_of("jets", {"colour": "red"})
    with pytest.raises(SpecError, match="no domain 'jet'; expected one of"):
        domain_of("jet", {})


def test_a_single_name_is_a_name() -> None:
    assert domain_of("jets", settings_of(("keep=label",), {})).keep == ("label",)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    check_sources((tmp_path,))
    with pytest.raises(SourceError, match=r"b.root: no such file or directory"):
        check_sources((tmp_path, Path("b.root")))


@pytest.mark.parametrize("device", ["warp", "cpu:x", ""])
def test_devices_that_are_not_there(device: str) -> None:
    check_device("cpu")
    with pytest.raises(SpecError, match="expected cpu, cuda or mps"):
        check_device(device)
