"""Friend trees: the same entries in the same order, whatever was left out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest
import uproot

from sciae.domains.jets import Jets, Mapping
from sciae.domains.jets.friend import Beside, write_friend
from sciae.errors import DataError, SourceError, SpecError
from sciae.table import Annotations, Origin
from sciae.tasks.anomaly import score, score_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Columns = dict[str, Any]
    JetsOf = Callable[..., Columns]
    Write = Callable[..., Path]


def annotated(
    path: str, start: int, stop: int, entry: list[int], values: list[float] | None = None
) -> Annotations:
    x = np.array(entry if values is None else values, np.float64)
    origin = Origin(path=path, start=start, stop=stop)
    return Annotations(origin, np.array(entry, np.int64), {"x": x})


def beside(entries: int, **kept: Any) -> Callable[[Origin], Beside]:
    """A source of so many entries, with whole columns to keep."""

    def of(origin: Origin) -> Beside:
        return Beside(entries, {n: x[origin.start : origin.stop] for n, x in kept.items()})

    return of


def scores_of(path: Path) -> Columns:
    with uproot.open(path) as file:
        return file["scores"].arrays(library="np")


# ---- through the domain -----------------------------------------------------------------------


@pytest.mark.parametrize("rows", [77, 5000])
def test_joined_arrays_agree_with_the_input(
    samples: Path, tmp_path: Path, detector_of: Callable[[str], Any], rows: int
) -> None:
    domain, out = Jets(keep=("label", "pt"), pt_max=620), tmp_path / "friend.root"
    detector = detector_of("observables")
    stream = score_stream(detector, domain.stream(samples / "top.root", rows=rows))
    entries = domain.write(out, (a for one in stream for a in one.annotations()))
    with uproot.open(samples / "top.root") as data, uproot.open(out) as friend:
        assert data["jets"].num_entries == friend["scores"].num_entries == entries == 600
        left = data["jets"].arrays(["evt", "jrank", "label", "pt"], library="np")
        right = friend["scores"].arrays(library="np")
    for name, values in left.items():
        np.testing.assert_array_equal(right[name], values)
        assert right[name].dtype == values.dtype
    table = domain.read(samples / "top.root")
    assert 0 < len(table) < 600
    whole = score(detector, table)
    scored = right["rows"] == 1
    np.testing.assert_array_equal(np.flatnonzero(scored), table.entry)
    for name, values in whole.columns.items():
        off = np.abs(right[name][scored] - values) / np.maximum(1, np.abs(whole.score))
        assert off.max() < 1e-6  # of the score: float32, in which parts are sums and differences
        assert np.isnan(right[name][~scored]).all()
    assert (right["rows"][~scored] == 0).all()
    np.testing.assert_array_equal(left["pt"] <= 620, scored)


def test_entries_without_rows_are_nan_with_rows_0(
    tmp_path: Path, jets_of: JetsOf, write: Write, detector_of: Callable[[str], Any]
) -> None:
    columns = jets_of(jets=30)
    lists = ak.to_list(columns["c_pt"])
    lists[0][0] = lists[17][2] = lists[29][0] = float("nan")
    path = write(tmp_path / "a.root", {**columns, "c_pt": ak.Array(lists)})
    domain, out = Jets(max_bad=0.2), tmp_path / "b.root"
    scores = score(detector_of("observables"), domain.read(path))
    assert domain.write(out, scores.annotations()) == 30
    found = scores_of(out)
    assert np.flatnonzero(np.isnan(found["score"])).tolist() == [0, 17, 29]
    assert np.flatnonzero(found["rows"] == 0).tolist() == [0, 17, 29]
    np.testing.assert_array_equal(found["evt"], columns["evt"])


def test_several_rows_of_an_entry_are_lists(
    tmp_path: Path, write: Write, detector_of: Callable[[str], Any]
) -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 4, 40)
    names = Jets().observables
    flat = {f"J_{n}": rng.uniform(0.1, 1, counts.sum()) for n in (*names, "pt")}
    columns = {n: ak.unflatten(x, counts) for n, x in flat.items()}
    columns["evt"] = np.arange(40)
    path = write(tmp_path / "a.root", columns)
    mapping = Mapping(tree="jets", stored={n[2:]: n for n in flat}, group="evt", keep=("evt",))
    domain, out = Jets(mapping=mapping, jets="all"), tmp_path / "b.root"
    scores = score(detector_of("observables"), domain.read(path))
    pieces = score_stream(detector_of("observables"), domain.stream(path, rows=9))
    for given in (scores.annotations(), (a for one in pieces for a in one.annotations())):
        assert domain.write(out, given) == 40
        with uproot.open(out) as file:
            found = file["scores"].arrays()
        assert ak.num(found["score"]).to_list() == counts.tolist()
        np.testing.assert_allclose(ak.flatten(found["score"]), scores.score, rtol=1e-6)
        np.testing.assert_array_equal(found["rows"], counts)
        np.testing.assert_array_equal(found["evt"], np.arange(40))


def test_an_empty_tree_gives_an_empty_friend(
    tmp_path: Path, jets_of: JetsOf, write: Write, detector_of: Callable[[str], Any]
) -> None:
    path = write(tmp_path / "a.root", {n: x[:0] for n, x in jets_of().items()})
    for which in ("leading", "all"):
        domain, out = Jets(jets=which), tmp_path / f"{which}.root"
        scores = score(detector_of("observables"), domain.read(path))
        assert scores.verdict == "No rows were scored."
        assert domain.write(out, scores.annotations()) == 0
        with uproot.open(out) as file:
            assert file["scores"].num_entries == 0
            assert {"score", "p_value", "rows", "evt"} <= set(file["scores"].keys())


def test_a_source_that_changed_is_refused(
    samples: Path, tmp_path: Path, detector_of: Callable[[str], Any]
) -> None:
    path, out, domain = tmp_path / "a.root", tmp_path / "b.root", Jets()
    shutil.copy(samples / "top.root", path)
    scores = score(detector_of("observables"), domain.read(path))
    shutil.copy(samples / "dark_visible.root", path)
    with pytest.raises(SourceError, match=r"changed while it was scored\. Score it again"):
        domain.write(out, scores.annotations())
    path.unlink()
    with pytest.raises(SourceError, match="no such file"):
        domain.write(out, scores.annotations())
    assert not list(tmp_path.iterdir())


def test_a_file_of_the_same_size_is_told_apart_by_its_uuid(
    tmp_path: Path, jets_of: JetsOf, write: Write, detector_of: Callable[[str], Any]
) -> None:
    path = write(tmp_path / "a.root", jets_of())
    scores = score(detector_of("observables"), Jets().read(path))
    size = path.stat().st_size
    assert write(path, jets_of()).stat().st_size == size
    with pytest.raises(SourceError, match="changed while it was scored"):
        Jets().write(tmp_path / "b.root", scores.annotations())


@pytest.mark.parametrize("name", ["score", "p_value", "rows", "score_code"])
def test_a_kept_branch_never_takes_the_place_of_a_score(
    tmp_path: Path, jets_of: JetsOf, write: Write, detector_of: Callable[[str], Any], name: str
) -> None:
    path = write(tmp_path / "a.root", {**jets_of(jets=5), name: np.zeros(5)})
    domain = Jets(keep=(name,))
    scores = score(detector_of("observables"), domain.read(path))
    with pytest.raises(SpecError, match=f"'{name}' has the name of a column of scores"):
        domain.write(tmp_path / "b.root", scores.annotations())
    assert not (tmp_path / "b.root").exists()


def test_some_rows_of_a_table_go_back_to_their_entries(
    samples: Path, tmp_path: Path, detector_of: Callable[[str], Any]
) -> None:
    domain = Jets()
    table = domain.read(samples / "top.root").take(np.arange(5, 600, 7))
    domain.write(tmp_path / "b.root", score(detector_of("observables"), table).annotations())
    found = scores_of(tmp_path / "b.root")
    np.testing.assert_array_equal(np.flatnonzero(found["rows"]), np.arange(5, 600, 7))


# ---- ranges -----------------------------------------------------------------------------------


def test_rows_are_spread_over_their_entries(tmp_path: Path) -> None:
    ranges = [annotated("a", 0, 3, [1]), annotated("a", 3, 3, []), annotated("a", 3, 7, [3, 6])]
    out = tmp_path / "f.root"
    assert write_friend(out, ranges, beside=beside(7, evt=np.arange(7) * 10)) == 7
    found = scores_of(out)
    np.testing.assert_array_equal(found["x"], [np.nan, 1, np.nan, 3, np.nan, np.nan, 6])
    np.testing.assert_array_equal(found["rows"], [0, 1, 0, 1, 0, 0, 1])
    np.testing.assert_array_equal(found["evt"], np.arange(7) * 10)


@pytest.mark.parametrize("kind", ["int16", "uint8", "bool"])
def test_whole_numbers_are_minus_one_without_a_row(tmp_path: Path, kind: str) -> None:
    one = Annotations(Origin(path="a", stop=3), np.array([2]), {"n": np.array([1], kind)})
    write_friend(tmp_path / "f.root", [one], beside=beside(3))
    np.testing.assert_array_equal(scores_of(tmp_path / "f.root")["n"], [-1, -1, 1])


def test_sources_follow_each_other(tmp_path: Path) -> None:
    both = [annotated("a", 0, 2, [0]), annotated("b", 0, 2, [1])]
    assert write_friend(tmp_path / "f.root", both, beside=beside(2)) == 4
    found = scores_of(tmp_path / "f.root")
    np.testing.assert_array_equal(found["x"], [0, np.nan, np.nan, 1])


@pytest.mark.parametrize(
    ("ranges", "says"),
    [
        ([annotated("a", 0, 3, [1]), annotated("a", 4, 9, [5])], "go on at entry 3"),
        ([annotated("a", 0, 3, [1]), annotated("a", 2, 9, [5])], "go on at entry 3"),
        ([annotated("a", 3, 9, [5]), annotated("a", 0, 3, [1])], "go on at entry 0"),
        ([annotated("a", 0, 9, [5]), annotated("b", 3, 9, [5])], "go on at entry 0"),
        ([annotated("a", 0, 3, [1])], "end at entry 3; expected all 9"),
        ([annotated("a", 0, 3, [1]), annotated("b", 0, 9, [1])], "a: ranges end at entry 3"),
        ([annotated("a", 0, 9, [5, 2])], "range or order"),
        ([annotated("a", 0, 9, [9])], "range or order"),
        ([annotated("a", 0, 4, [0]), annotated("a", 4, 9, [3])], "range or order"),
        ([annotated("a", 0, 9, [2, 2])], "several rows of one entry"),
    ],
)
def test_rows_out_of_place_are_refused_and_nothing_is_left(
    tmp_path: Path, ranges: list[Annotations], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        write_friend(tmp_path / "f.root", ranges, beside=beside(9))
    assert not list(tmp_path.iterdir())


def test_an_error_on_the_way_leaves_the_former_file(tmp_path: Path) -> None:
    out = tmp_path / "f.root"
    write_friend(out, [annotated("a", 0, 2, [0])], beside=beside(2))
    former = out.read_bytes()

    def broken() -> Iterator[Annotations]:
        yield annotated("a", 0, 1, [0])
        raise SourceError("cannot be decoded")

    with pytest.raises(SourceError):
        write_friend(out, broken(), beside=beside(2))
    assert out.read_bytes() == former
    assert list(tmp_path.iterdir()) == [out]
