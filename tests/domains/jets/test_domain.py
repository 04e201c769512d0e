"""The domain: its contract, what comes along, chunks and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest
import uproot

from sciae.domains.jets import Jets, Mapping
from sciae.errors import DataError, SpecError
from sciae.table import Table
from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Columns = dict[str, Any]
    JetsOf = Callable[..., Columns]
    Write = Callable[..., Path]

POLAR = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}
REPRESENTATIONS = ("observables", "images", "constituents")


def mapping(tree: str = "jets", **parts: Any) -> Mapping:
    return Mapping(tree=tree, **{"group": "evt", "constituents": {**POLAR, "e": "c_e"}} | parts)


def jets(**settings: Any) -> Jets:
    return Jets(**{"mapping": mapping()} | settings)


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_the_contract_is_kept(samples: Path, representation: str) -> None:
    table = check_domain(Jets(representation=representation), samples / "top.root")
    assert len(table) == 600


# ---- branches beside --------------------------------------------------------------------------


def test_kept_branches_are_carried(samples: Path) -> None:
    table = Jets(keep=("label", "mass")).read(samples / "top.root")
    with uproot.open(samples / "top.root") as file:
        raw = file["jets"].arrays(["label", "mass", "evt", "jrank"], library="np")
    for name, values in raw.items():
        np.testing.assert_array_equal(table.carried[name], values)
    np.testing.assert_array_equal(table.group, raw["evt"])
    np.testing.assert_allclose(table["jet_mass"], raw["mass"], rtol=1e-3, atol=0.1)


def test_one_name_is_a_name_not_letters(samples: Path) -> None:
    table = Jets(keep="label", observables="mass").read(samples / "top.root")
    assert list(table.columns) == ["mass"]
    assert "label" in table.carried


def test_without_a_group_each_entry_is_its_own(
    tmp_path: Path, jets_of: JetsOf, write: Write
) -> None:
    path = write(tmp_path / "jets.root", jets_of())
    table = Table.concat(jets(mapping=mapping(group="")).stream(path, rows=7))
    np.testing.assert_array_equal(table.group, np.arange(120))


def test_weights_are_those_of_the_entries(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    columns = jets_of(jets=40)
    weight = np.linspace(-1, 3, 40)
    path = write(tmp_path / "a.root", {**columns, "w": weight})
    domain = jets(mapping=mapping(weight="w"), pt_max=600)
    table = check_domain(domain, path)
    assert 0 < len(table) < 40
    np.testing.assert_array_equal(table.weight, weight[table.entry])
    weight[3] = np.nan
    path = write(tmp_path / "b.root", {**columns, "w": weight})
    with pytest.raises(DataError, match="1 rows with wrong weights"):
        jets(mapping=mapping(weight="w")).read(path)


# ---- chunks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("representation", REPRESENTATIONS)
@pytest.mark.parametrize("rows", [13, 200, 599, 600, 10_000])
def test_the_size_of_chunks_changes_nothing(
    samples: Path, representation: str, rows: int, assert_same: Callable[..., None]
) -> None:
    domain = Jets(representation=representation)
    pieces = list(domain.stream(samples / "top.root", rows=rows))
    whole = domain.read(samples / "top.root")
    assert_same(Table.concat(pieces), whole)
    assert [p.origins[0].start for p in pieces] == list(range(0, 600, rows))
    assert pieces[-1].origins[0].stop == 600


def test_an_empty_tree_is_an_empty_table(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    empty = {name: x[:0] for name, x in jets_of().items()}
    for ending in ("root", "parquet"):
        path = write(tmp_path / f"empty.{ending}", empty)
        for representation in REPRESENTATIONS:
            table = Jets(representation=representation).read(path)
            assert len(table) == 0
            assert [(o.start, o.stop) for o in table.origins] == [(0, 0)]
            assert dict(table.rejected) == {}
            assert set(table.carried) >= {"evt", "jet_pt"}


# ---- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"representation": "graph"},
        {"observables": ("mass", "spin")},
        {"observables": ()},
        {"jets": "second"},
        {"algorithm": "cone"},
        {"radius": 0.0},
        {"pt_min": 5.0, "pt_max": 4.0},
        {"pixels": 0, "representation": "images"},
        {"intensity": "loud", "representation": "images"},
        {"most": 0, "representation": "constituents"},
        {"mapping": "delphes"},
        {"mapping": {"tree": "t"}},
    ],
)
def test_wrong_settings_are_refused_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        _ = Jets(**settings).schema


def test_settings_make_an_equal_domain() -> None:
    domain = jets(keep=("label",), pt_min=550, representation="images", pixels=20)
    assert Jets(**domain.settings) == domain
    assert Jets(mapping="pfnano") == Jets(**Jets(mapping="pfnano").settings)


def test_restore_gives_back_what_was_read(samples: Path) -> None:
    with uproot.open(samples / "top.root") as file:
        pt = file["jets"]["c_pt"].array(entry_stop=50)
    domain = Jets(representation="constituents", most=200)
    table = domain.read(samples / "top.root").take(np.arange(50))
    found = domain.restore(table)["constituents", "relative_pt"]
    want = ak.sort(pt / ak.sum(pt, axis=1), axis=1, ascending=False)
    assert ak.num(found).to_list() == ak.num(pt).to_list()
    np.testing.assert_allclose(ak.flatten(found), ak.flatten(want), rtol=1e-5)
    assert set(Jets().restore(Jets().read(samples / "top.root")).fields) == set(Jets().schema.names)
