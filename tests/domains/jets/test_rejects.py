"""What cannot be used is left out, counted by reason, and shifts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest

from sciae.domains.jets import Jets, Mapping
from sciae.errors import SourceError
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Columns = dict[str, Any]
    JetsOf = Callable[..., Columns]
    Write = Callable[..., Path]

POLAR = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}
REPRESENTATIONS = ("observables", "images", "constituents")


def jets(**settings: Any) -> Jets:
    own = Mapping(tree="jets", constituents={**POLAR, "e": "c_e"}, group="evt")
    return Jets(**{"mapping": own} | settings)


def spoilt(columns: Columns) -> tuple[Columns, dict[str, list[int]]]:
    """Jets of which every seventh is unusable for one reason or another."""
    pt, eta = ak.to_list(columns["c_pt"]), ak.to_list(columns["c_eta"])
    others = {name: ak.to_list(columns[name]) for name in ("c_phi", "c_e")}
    wrong: dict[str, list[int]] = {"not finite": [], "no constituents": []}
    for at, jet in enumerate(range(0, len(pt), 7)):
        kind = at % 5
        wrong["no constituents" if kind > 2 else "not finite"].append(jet)
        if kind == 0:
            pt[jet][0] = float("nan")
        elif kind == 1:
            eta[jet][-1] = float("inf")
        elif kind == 2:
            pt[jet][1] = -pt[jet][1]
        elif kind == 3:
            pt[jet] = [0.0 for _ in pt[jet]]  # padding only
        else:
            pt[jet], eta[jet] = [], []
            others["c_phi"][jet], others["c_e"][jet] = [], []
    lists = {"c_pt": pt, "c_eta": eta, **others}
    made = {name: ak.values_astype(ak.Array(x), np.float64) for name, x in lists.items()}
    return {**made, "evt": columns["evt"], "jrank": columns["jrank"]}, wrong


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_unusable_jets_are_counted_and_nothing_shifts(
    tmp_path: Path, jets_of: JetsOf, write: Write, representation: str
) -> None:
    columns = jets_of()
    bad, wrong = spoilt(columns)
    domain = Jets(representation=representation, max_bad=0.5)
    whole = domain.read(write(tmp_path / "good.root", columns))
    path = write(tmp_path / "bad.root", bad)
    for rows in (13, 5000):
        table = Table.concat(domain.stream(path, rows=rows))
        assert dict(table.rejected) == {reason: len(at) for reason, at in wrong.items()}
        left = np.setdiff1d(np.arange(120), [*wrong["not finite"], *wrong["no constituents"]])
        np.testing.assert_array_equal(table.entry, left)
        for name in table.columns:
            np.testing.assert_array_equal(table[name], whole[name][left])
        assert all(np.isfinite(x).all() for x in table.columns.values())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_every_coordinate_is_looked_at(
    tmp_path: Path, jets_of: JetsOf, write: Write, value: float
) -> None:
    columns = jets_of(jets=30)
    for name in ("c_pt", "c_eta", "c_phi", "c_e"):
        lists = ak.to_list(columns[name])
        lists[4][0] = value
        path = write(tmp_path / f"{name}.root", {**columns, name: ak.Array(lists)})
        table = jets(max_bad=0.1).read(path)
        assert dict(table.rejected) == {"not finite": 1}
        assert 4 not in table.entry


def test_too_many_bad_entries_are_an_error_whatever_the_chunks(
    tmp_path: Path, jets_of: JetsOf, write: Write
) -> None:
    bad, wrong = spoilt(jets_of())
    path = write(tmp_path / "bad.root", bad)
    share = len(wrong["not finite"]) / 120
    for rows in (1, 10, 5000):
        assert list(Jets(max_bad=share).stream(path, rows=rows))
        with pytest.raises(SourceError, match=r"of 120 entries hold numbers .*max_bad.*damaged"):
            list(Jets(max_bad=share * 0.99).stream(path, rows=rows))


def test_jets_of_one_constituent_are_finite(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    one = {name: x[:, :1] if x.ndim == 2 else x for name, x in jets_of().items()}
    path = write(tmp_path / "one.root", one)
    for representation in REPRESENTATIONS:
        table = Jets(representation=representation).read(path)
        assert len(table) == 120
        assert all(np.isfinite(x).all() for x in table.columns.values())
