"""Branches of the wrong shape are named, with what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciae.domains.jets import Jets, Mapping
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    JetsOf = Callable[..., dict[str, Any]]
    Write = Callable[..., Path]

POLAR = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}


def read(path: Path, **parts: Any) -> Any:
    mapping = Mapping(**{"tree": "jets", "constituents": POLAR} | parts)
    return Jets(mapping=mapping, max_bad=1.0).read(path)


def test_lists_of_other_lengths(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    columns = jets_of(jets=20)
    for shorter in (
        columns["c_eta"][:, 1:],
        ak.concatenate([columns["c_eta"][1:], columns["c_eta"][:1]]),
    ):
        path = write(tmp_path / "a.root", {**columns, "c_eta": shorter})
        with pytest.raises(
            SourceError, match=r"entries 0 to 20: branch 'c_eta' has lists of other"
        ):
            read(path)


def test_one_number_where_a_list_is_wanted(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    path = write(tmp_path / "a.root", jets_of(jets=20))
    with pytest.raises(SourceError, match="branch 'evt' has 1 dimensions; expected a list"):
        read(path, constituents={**POLAR, "pt": "evt"})


@pytest.mark.parametrize(
    "values",
    [
        [["1.5", "2.5"], ["3.5"]],  # numbers as text are text
        [[[1.0], [2.0]], [[3.0]]],
        [[{"x": 1.0}, {"x": 2.0}], [{"x": 3.0}]],
    ],
    ids=["text", "deeper", "records"],
)
def test_what_is_no_number(tmp_path: Path, values: list[Any]) -> None:
    fine = [[1.0, 2.0], [3.0]]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"c_pt": values, "c_eta": fine, "c_phi": fine}), path)
    with pytest.raises(SourceError, match=r"branch 'c_pt' (does not hold numbers|has 3 dim)"):
        read(path)


@pytest.mark.parametrize("text", [["a", "b"], [["a"], ["b"]]], ids=["one", "list"])
def test_a_text_branch(tmp_path: Path, text: list[Any]) -> None:
    path = tmp_path / "a.parquet"
    fine = [[1.0], [3.0]]
    pq.write_table(pa.table({"name": text, "c_pt": fine, "c_eta": fine, "c_phi": fine}), path)
    with pytest.raises(SourceError, match="branch 'name'"):
        read(path, constituents={**POLAR, "pt": "name"})
    with pytest.raises(SourceError, match=r"branch 'name' holds .*; expected one number in each"):
        read(path, keep=("name",))
    with pytest.raises(SourceError, match="branch 'name' holds"):
        read(path, group="name")


def test_what_is_missing_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    fine = [[1.0, 2.0], [3.0], [], [5.0]]
    holes = {
        "c_pt": [[1.0, 2.0], [None], None, [5.0]],
        "c_eta": fine, "c_phi": fine,
        "k": [1, None, 3, 4],
    }  # fmt: skip
    pq.write_table(pa.table(holes), path)
    table = read(path, keep=("k",))
    assert dict(table.rejected) == {"not finite": 1, "no constituents": 1}
    assert table.entry.tolist() == [0, 3]
    assert table["k"].tolist() == [1, 4]
    with pytest.raises(SourceError, match="whole numbers"):
        read(path, group="k")


def test_lists_of_one_fixed_length(tmp_path: Path, write: Write) -> None:
    pt = np.arange(1.0, 13).reshape(4, 3)
    path = write(tmp_path / "a.root", {"c_pt": pt, "c_eta": pt / 99, "c_phi": pt / 99})
    table = read(path)
    np.testing.assert_array_equal(table["jet_multiplicity"], [3, 3, 3, 3])


def test_integers_and_float32_are_numbers(tmp_path: Path, write: Write) -> None:
    pt = ak.Array([[3, 2], [1]])
    place = ak.values_astype(ak.Array([[0.1, 0.2], [0.3]]), np.float32)
    path = write(tmp_path / "a.root", {"c_pt": pt, "c_eta": place, "c_phi": place})
    np.testing.assert_allclose(read(path)["jet_pt"], [5, 1], rtol=0.01)


def test_groups_are_event_numbers(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    columns = jets_of(jets=4)
    large = np.array([2**64 - 1, 2**64 - 2, 2**63, 5], np.uint64)
    path = write(tmp_path / "a.root", {**columns, "big": large, "real": large.astype(float) / 3})
    assert len(set(read(path, group="big").group.tolist())) == 4
    with pytest.raises(SourceError, match="'real' does not hold whole numbers"):
        read(path, group="real")
    with pytest.raises(SourceError, match=r"'c_pt' holds var \* float64"):
        read(path, group="c_pt")
