from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciae.domains.jets.mapping import MAPPINGS, Mapping, parse
from sciae.errors import SpecError

POLAR = {"pt": "a", "eta": "b", "phi": "c"}
NAMES = st.text(st.characters(exclude_characters=",=", categories=("L", "N", "P")), min_size=1)


@pytest.mark.parametrize(
    ("parts", "polar"),
    [
        (POLAR, True),
        ({**POLAR, "e": "d"}, True),
        ({**POLAR, "m": "d"}, True),
        ({"px": "a", "py": "b", "pz": "c", "e": "d"}, False),
    ],
)
def test_two_coordinates_are_known(parts: dict[str, str], polar: bool) -> None:  # noqa: FBT001 - a parameter
    mapping = Mapping(tree="t", constituents=parts)
    assert mapping.polar is polar
    assert mapping.branches == tuple(parts.values())


@pytest.mark.parametrize(
    "parts",
    [
        {"pt": "a", "eta": "b"},
        {**POLAR, "e": "d", "m": "f"},
        {**POLAR, "px": "d"},
        {"px": "a", "py": "b", "pz": "c"},
        {"px": "a", "py": "b", "pz": "c", "m": "d"},
    ],
)
def test_other_coordinates_are_refused(parts: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="expected pt, eta, phi and at most one"):
        Mapping(tree="t", constituents=parts)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"constituents": POLAR, "particles": POLAR},
        {"constituents": POLAR, "stored": {"mass": "m"}},
    ],
)
def test_one_shape_of_three(parts: dict[str, dict[str, str]]) -> None:
    with pytest.raises(SpecError, match="exactly one of the three"):
        Mapping(tree="t", **parts)


def test_unknown_units_are_refused() -> None:
    with pytest.raises(SpecError, match="one of GeV, MeV, TeV"):
        Mapping(tree="t", constituents=POLAR, unit="keV")


def test_each_branch_is_read_once() -> None:
    mapping = Mapping(tree="t", constituents=POLAR, group="g", keep=("g", "a", "k"))
    assert mapping.branches == ("a", "b", "c", "g", "k")


@pytest.mark.parametrize("name", MAPPINGS)
def test_known_layouts_survive_json(name: str) -> None:
    parts = json.loads(json.dumps(asdict(MAPPINGS[name])))
    assert Mapping(**{**parts, "keep": tuple(parts["keep"])}) == MAPPINGS[name]


@given(st.dictionaries(NAMES, NAMES, min_size=1))
def test_parse_reads_what_is_written(pairs: dict[str, str]) -> None:
    text = " , ".join(f"{name} = {branch}" for name, branch in pairs.items())
    assert parse(text) == pairs


@pytest.mark.parametrize("text", ["", "pt", "pt=", "=c_pt", "pt=a,eta", " , "])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="name=branch pairs, as in"):
        parse(text)
