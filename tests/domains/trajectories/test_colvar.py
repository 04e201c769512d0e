from __future__ import annotations

import gzip
import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.domains.trajectories import Colvar
from sciae.domains.trajectories.colvar import text
from sciae.domains.trajectories.colvar.header import number
from sciae.errors import DataError, SourceError, SpecError
from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "#! FIELDS time phi d.x opes.bias\n#! SET min_phi -pi\n#! SET max_phi pi\n"


def lines(start: float = 0.0, count: int = 30, dt: float = 0.5) -> str:
    time = start + dt * np.arange(count)
    rows = np.column_stack([time, np.sin(time), 0.1 * time, 2.0 + 0 * time])
    return "".join(f" {t:.6f} {a:.6f} {d:.6f} {v:.6f}\n" for t, a, d, v in rows)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A file of this text."""

    def to(content: str, name: str = "COLVAR") -> Path:
        path = tmp_path / name
        path.write_text(content)
        return path

    return to


@pytest.fixture
def plain(write: Any) -> Path:
    """A COLVAR file."""
    return write(HEAD + lines())


def test_the_contract_of_a_domain_is_kept(plain: Path) -> None:
    table = check_domain(Colvar(like=plain), plain)
    assert table.schema.names == ("phi", "d_x")
    assert table.schema["phi"].kind == "periodic"
    assert table.schema["phi"].period == pytest.approx(2 * math.pi)
    assert table.schema["phi"].unit == "rad"
    np.testing.assert_allclose(table["d_x"], 0.05 * np.arange(30))
    np.testing.assert_allclose(table["time"], 0.5 * np.arange(30))
    assert sorted(table.carried) == ["frame", "opes.bias", "time"]


def test_what_a_file_says_is_kept_without_it(plain: Path) -> None:
    made = Colvar(like=plain, units={"d.x": "nm"})
    assert made == Colvar(
        fields=("phi", "d.x"), periods={"phi": (-math.pi, math.pi)}, units={"d.x": "nm"}
    )
    assert made.settings["like"] == ""
    assert made.schema["d_x"].unit == "nm"
    assert Colvar(like=plain, fields="phi").schema.names == ("phi",)


def test_units_can_stand_in_the_file(write: Any) -> None:
    path = write("#! FIELDS time d\n#! SET unit_d nm\n 0 1\n")
    assert Colvar(like=path).schema["d"].unit == "nm"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("pi", math.pi), ("-pi", -math.pi), ("+2pi", 2 * math.pi), ("0.5*pi", math.pi / 2),
        ("-3.14", -3.14), ("1e2", 100),
    ],
)  # fmt: skip
def test_numbers_with_pi(word: str, value: float) -> None:
    assert number(word) == pytest.approx(value)


@pytest.mark.parametrize("word", ["", "+", "pie", "1..2", "inf", "nan", "2*e"])
def test_words_that_are_no_numbers(word: str) -> None:
    assert math.isnan(number(word))


def test_compressed_text_is_read(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "COLVAR.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    made = Colvar(like=plain)
    np.testing.assert_array_equal(made.read(path)["phi"], made.read(plain)["phi"])
    path.write_bytes(gzip.compress(plain.read_bytes())[:-20])
    with pytest.raises(SourceError, match=r"COLVAR\.gz"):
        made.read(path)


# ---- restarts ------------------------------------------------------------------------------------


def test_a_header_in_the_middle_goes_on(write: Any, plain: Path) -> None:
    path = write(HEAD + lines(0, 20) + HEAD + lines(10, 10), "restarted")
    made = Colvar(like=plain)
    table = check_domain(made, path)
    np.testing.assert_array_equal(table["phi"], made.read(plain)["phi"])
    assert len(np.unique(table.group)) == 1


def test_columns_are_followed_by_name_where_their_order_changes(write: Any, plain: Path) -> None:
    other = "#! FIELDS time extra d.x phi opes.bias\n 10 99 1.0 0.25 2\n"
    path = write(HEAD + lines(0, 20) + other)
    table = check_domain(
        Colvar(like=plain, fields=("phi", "d.x"), periods={"phi": (-math.pi, math.pi)}), path
    )
    assert table["phi"][-1] == 0.25
    assert table["d_x"][-1] == 1.0
    assert sorted(table.carried) == ["frame", "opes.bias", "time"]  # that are there throughout


def test_where_time_goes_back_a_new_group_begins(
    write: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(HEAD + lines(0, 20) + HEAD + lines(4, 20) + lines(0, 5))
    made = Colvar(like=path)
    for rows in (5_000, 1, 7, 20, 21):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="sciae"):
            group = np.concatenate([piece.group for piece in made.stream(path, rows=rows)])
        assert np.unique(group, return_counts=True)[1].tolist() == [20, 20, 5]
        assert [r.message.split("row ")[1][:2] for r in caplog.records] == ["20", "40"]


def test_blocks_are_groups(plain: Path) -> None:
    group = Colvar(like=plain, blocks=3).read(plain).group
    assert np.unique(group, return_counts=True)[1].tolist() == [10, 10, 10]


def test_a_period_that_changes_is_refused(write: Any) -> None:
    path = write(HEAD + lines() + HEAD.replace("max_phi pi", "max_phi 2pi"))
    with pytest.raises(SourceError, match=r"line 36: max_phi is 2pi, and was pi before"):
        Colvar(like=path)


# ---- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 4, 30])
def test_a_last_line_that_is_cut_is_refused_or_counted(cut: int, plain: Path, write: Any) -> None:
    made = Colvar(like=plain)
    path = write(plain.read_text()[:-cut], "cut")
    with pytest.raises(SourceError, match=r"truncated: 29 whole lines found.*expected 30 lines"):
        made.read(path)
    table = check_domain(Colvar(**{**made.settings, "allow_truncated": True}), path)
    assert len(table) == 29
    assert dict(table.rejected) == {"truncated": 1}


@pytest.mark.parametrize("bad", ["1 2 3", "1 2 3 4 5", "1 2 x 4", "1 2 3 4,5"])
def test_a_damaged_line_is_refused(bad: str, write: Any) -> None:
    path = write(HEAD + lines(0, 10) + f" {bad}\n" + lines(5, 10))
    with pytest.raises(SourceError, match="COLVAR, from line 4"):
        Colvar(fields=("d.x",)).read(path)


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_numbers_that_are_not_finite_are_refused(bad: str, write: Any) -> None:
    path = write(HEAD + lines(0, 10) + f" 5 0.1 {bad} 0\n" + lines(6, 10))
    with pytest.raises(
        DataError, match=r"COLVAR, row 10: 1 values of column 'd\.x' are not finite"
    ):
        list(Colvar(fields=("d.x",)).stream(path, rows=4))


def test_numbers_without_a_header_are_refused(write: Any) -> None:
    with pytest.raises(SourceError, match="line 1: numbers without names"):
        Colvar(fields=("x",)).read(write("0 1 2\n"))


@pytest.mark.parametrize("content", ["", HEAD, "#\n"])
def test_a_file_without_rows_is_refused(content: str, write: Any) -> None:
    with pytest.raises(SourceError, match="holds no row"):
        Colvar(fields=("phi",)).read(write(content))


def test_two_columns_of_one_name_are_refused(write: Any) -> None:
    with pytest.raises(SourceError, match="two columns of one name"):
        Colvar(like=write("#! FIELDS time x x\n 0 1 2\n"))


def test_a_missing_column_names_near_ones(plain: Path) -> None:
    with pytest.raises(SourceError, match=r"no columns called 'phy' \(near: phi\)"):
        Colvar(fields=("phy",)).read(plain)


def test_a_period_that_the_settings_deny_is_refused(plain: Path) -> None:
    with pytest.raises(
        SourceError, match=r"'phi' is periodic from -3.14159 to 3.14159; expected a"
    ):
        Colvar(fields=("phi",)).read(plain)
    with pytest.raises(SourceError, match="expected 0 to 1"):
        Colvar(fields=("phi",), periods={"phi": (0, 1)}).read(plain)


@pytest.mark.parametrize(
    "settings",
    [
        {"periods": {"phi": (0, 1)}}, {"fields": "x", "periods": {"x": (1, 1)}},
        {"fields": "x", "periods": {"x": (0, 1, 2)}}, {"fields": "x", "units": {"y": "nm"}},
        {"bias": "b"}, {"temperature": 300.0}, {"blocks": 0},
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Colvar(**settings)


def test_without_fields_nothing_is_read() -> None:
    with pytest.raises(SpecError, match="no fields"):
        _ = Colvar().schema


def test_lines_are_looked_through_in_runs(plain: Path) -> None:
    expected = np.concatenate([p["phi"] for p in text.open_text(plain).pieces(1000)])
    for step in (1, 3, 29, 30, 31):
        pieces = [p["phi"] for p in text.open_text(plain).pieces(step)]
        assert max(map(len, pieces)) <= step
        np.testing.assert_array_equal(np.concatenate(pieces), expected)


# ---- weights and arrays --------------------------------------------------------------------------


def test_weights_come_from_a_column(write: Any) -> None:
    rng = np.random.default_rng(1)
    bias, rct = rng.uniform(0, 5, (2, 40))
    rows = "".join(
        f" {k} {k} {v!r} {c!r}\n"
        for k, (v, c) in enumerate(zip(bias.tolist(), rct.tolist(), strict=True))
    )
    path = write("#! FIELDS time x metad.bias metad.rct\n" + rows)
    table = check_domain(Colvar(like=path, bias="bias", offset="rct", temperature=310.0), path)
    expected = np.exp((bias - rct) / (0.00831446261815324 * 310.0))
    np.testing.assert_allclose(table.weight, expected / expected.mean())
    assert table.schema.names == ("x",)


@pytest.mark.parametrize("shape", [(20,), (20, 3)])
def test_a_plain_array_is_one_field(shape: tuple[int, ...], tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=shape)
    np.save(tmp_path / "cv.npy", values)
    made = Colvar(like=tmp_path / "cv.npy")
    np.testing.assert_array_equal(check_domain(made, tmp_path / "cv.npy")["x"], values)


def test_the_columns_of_a_plain_array_can_be_named(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(20, 2))
    np.save(tmp_path / "cv.npy", values)
    table = check_domain(Colvar(fields=("phi", "psi")), tmp_path / "cv.npy")
    np.testing.assert_array_equal(table["psi"], values[:, 1])
    with pytest.raises(SourceError, match=r"shape \(2,\) per row"):
        Colvar(fields=("phi",)).read(tmp_path / "cv.npy")


def test_an_archive_of_arrays_has_their_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    arrays = {"time": np.arange(20.0), "d": rng.normal(size=(20, 4)), "phi": rng.normal(size=20)}
    np.savez(tmp_path / "cv.npz", **arrays)
    made = Colvar(like=tmp_path / "cv.npz", periods={"phi": (-math.pi, math.pi)})
    table = check_domain(made, tmp_path / "cv.npz")
    assert table.schema["d"].shape == (4,)
    for name, values in arrays.items():
        np.testing.assert_array_equal(table[name], values)


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3), y=np.zeros(4))
    np.save(tmp_path / "b.npy", np.array([{}, {}]), allow_pickle=True)
    np.save(tmp_path / "c.npy", np.array(["a", "b"]))
    np.save(tmp_path / "d.npy", np.float64(3))
    np.save(tmp_path / "e.npy", np.zeros((9, 5)))
    data = (tmp_path / "e.npy").read_bytes()
    (tmp_path / "e.npy").write_bytes(data[:-8])
    (tmp_path / "f.npz").write_bytes(b"PK\3\4")
    for name in ("a.npz", "b.npy", "c.npy", "d.npy", "e.npy", "f.npz"):
        with pytest.raises(SourceError, match=name):
            Colvar(fields=("x",)).read(tmp_path / name)


def test_rows_are_restored_and_written(plain: Path, tmp_path: Path) -> None:
    from sciae.table import Annotations

    made = Colvar(like=plain)
    table = made.read(plain)
    frame = made.restore(table)[3]
    assert (frame.path, frame.index, frame.time) == (str(plain), 3, 1.5)
    one = Annotations(table.origins[0], table.entry, {"s": np.sin(table["d_x"])})
    assert made.write(tmp_path / "scores", [one]) == 30
    again = Colvar(fields=("s",)).read(tmp_path / "scores")
    np.testing.assert_array_equal(again["s"], np.sin(table["d_x"]))
    np.testing.assert_array_equal(again["time"], table["time"])
