from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError, SchemaError
from sciae.schema import Field, Schema
from sciae.table import Origin, Table

SCHEMA = Schema(
    (
        Field(name="x", kind="continuous", unit="nm"),
        Field(name="image", kind="continuous", shape=(2, 2)),
        Field(name="flag", kind="binary"),
        Field(name="type", kind="categorical", classes=("C", "N", "O")),
        Field(name="hits", kind="count"),
        Field(name="shares", kind="composition", shape=(2,)),
        Field(
            name="jet",
            kind="set",
            size=3,
            inner=(Field(name="pt", kind="continuous"), Field(name="q", kind="count")),
        ),
    )
)
ROWS = 8


def columns(rows: int = ROWS, **changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "x": rng.normal(size=rows),
        "image": rng.normal(size=(rows, 2, 2)).astype(np.float32),
        "flag": np.arange(rows) % 2,
        "type": np.arange(rows) % 3,
        "hits": np.arange(rows),
        "shares": np.full((rows, 2), 0.5),
        "jet.mask": np.tile([True, True, False], (rows, 1)),
        "jet.pt": np.ones((rows, 3)),
        "jet.q": np.ones((rows, 3)),
    } | changes


def table(**settings: Any) -> Table:
    return Table(SCHEMA, columns(), **settings)


def at(name: str, row: int, value: float) -> dict[str, Any]:
    """One value replaced."""
    array = np.array(columns()[name], dtype=float)
    array[row] = value
    return {name: array}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x": ["a"] * ROWS}, ("field 'x'", "dtype <U1", "expected numbers")),
        ({"x": np.array([1 + 2j] * ROWS)}, ("field 'x'", "complex128", "expected numbers")),
        ({"x": [[1.0], [1.0, 2.0]]}, ("field 'x'", "rows of different lengths", "one shape")),
        ({"x": 1.0}, ("field 'x'", "shape ()", "expected (row)")),
        ({"x": np.zeros((ROWS, 1))}, ("field 'x'", "shape (8, 1)", "expected (row)")),
        ({"image": np.zeros((ROWS, 4))}, ("field 'image'", "(8, 4)", "expected (row, 2, 2)")),
        ({"type": np.full(ROWS, 0.5)}, ("field 'type'", "not whole", "whole numbers")),
        ({"jet.mask": np.full((ROWS, 3), np.nan)}, ("field 'jet.mask'", "expected true or false")),
        ({"jet.mask": np.full((ROWS, 3), 2)}, ("field 'jet.mask'", "numbers beside 0 and 1")),
        ({"x": np.zeros(ROWS + 1)}, ("different lengths", "'x': 9", "expected one length")),
        ({"y": np.zeros(ROWS)}, ("unknown columns ['y']", "only", "`carried`")),
    ],
)
def test_a_column_of_the_wrong_form_is_refused(
    changes: dict[str, Any], said: tuple[str, ...]
) -> None:
    with pytest.raises(SchemaError) as caught:
        Table(SCHEMA, columns(**changes))
    for part in said:
        assert part in str(caught.value)


def test_a_missing_column_is_refused() -> None:
    rest = columns()
    del rest["hits"], rest["jet.q"]
    with pytest.raises(SchemaError, match=r"missing columns \['hits', 'jet.q'\]; expected"):
        Table(SCHEMA, rest)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (at("x", 3, np.inf), ("field 'x'", "1 rows with wrong infinite values (rows 3)", "NaN")),
        (at("x", 0, -np.inf), ("field 'x'", "(rows 0)")),
        (at("image", 2, np.inf), ("field 'image'", "1 rows", "(rows 2)")),
        (at("flag", 1, 0.5), ("field 'flag'", "(rows 1)", "expected 0, 1 or NaN")),
        (at("hits", 1, 0.5), ("field 'hits'", "(rows 1)", "expected whole numbers >= 0, or NaN")),
        (at("hits", 1, -1.0), ("field 'hits'", "(rows 1)")),
        (at("type", 1, 3), ("field 'type'", "wrong classes", "-1 (not observed) or 0 to 2")),
        (at("type", 1, -2), ("field 'type'", "(rows 1)")),
        (at("shares", 1, -0.1), ("field 'shares'", "negative parts", "parts >= 0")),
        (at("jet.pt", 4, np.inf), ("field 'jet.pt'", "infinite", "(rows 4)")),
        (at("jet.q", 4, 0.5), ("field 'jet.q'", "(rows 4)")),
    ],
)
def test_a_value_that_its_kind_has_not_is_refused(
    changes: dict[str, Any], said: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as caught:
        Table(SCHEMA, columns(**changes))
    for part in said:
        assert part in str(caught.value)


def test_only_the_first_wrong_rows_are_named() -> None:
    with pytest.raises(DataError, match=r"8 rows with .* \(rows 0, 1, 2, 3, 4, \.\.\.\)"):
        Table(SCHEMA, columns(x=np.full(ROWS, np.inf)))


def test_what_is_not_observed_is_allowed() -> None:
    nan = {name: at(name, 1, np.nan)[name] for name in ("x", "image", "flag", "hits", "shares")}
    assert np.isnan(Table(SCHEMA, columns(**nan, **at("type", 1, -1)))["x"][1])


def test_padding_of_a_set_may_be_anything() -> None:
    pt = columns()["jet.pt"]
    pt[:, 2] = np.inf
    assert len(Table(SCHEMA, columns(**{"jet.pt": pt, "jet.q": pt}))) == ROWS


def test_float32_stays_and_other_numbers_become_the_fields_own() -> None:
    got = table()
    assert got["image"].dtype == np.float32
    assert got["hits"].dtype == np.float64
    assert got["type"].dtype == np.int64
    swapped = Table(SCHEMA, columns(x=columns()["x"].astype(">f4")))
    assert swapped["x"].dtype == np.float64
    assert swapped["x"].dtype.isnative


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weight": [1.0, np.nan] * 4}, ("field 'weight'", "(rows 1, 3, 5, 7)", "finite numbers")),
        ({"weight": [1.0, np.inf] * 4}, ("field 'weight'", "wrong weights")),
        ({"weight": np.ones((ROWS, 1))}, ("field 'weight'", "shape (8, 1)", "(row)")),
        ({"weight": [1.0]}, ("different lengths", "'weight': 1")),
        ({"group": np.full(ROWS, 0.5)}, ("field 'group'", "not whole")),
        ({"group": ["a"] * ROWS}, ("field 'group'", "expected numbers")),
        ({"entry": [1, 2]}, ("different lengths", "'entry': 2")),
        ({"carried": {"label": [1]}}, ("different lengths", "'label': 1")),
        ({"origin": np.ones(ROWS)}, ("field 'origin'", "wrong origins", "0 to -1")),
    ],
)
def test_a_wrong_companion_is_refused(settings: dict[str, Any], said: tuple[str, ...]) -> None:
    with pytest.raises(DataError) as caught:
        table(**settings)
    for part in said:
        assert part in str(caught.value)


@pytest.mark.parametrize("weight", [np.zeros(ROWS), -np.ones(ROWS), [1.0, -1.0] * 4])
def test_weights_that_no_mean_can_use_are_refused_where_a_mean_is_taken(weight: Any) -> None:
    with pytest.raises(DataError, match=r"'weight': the weights of 8 rows sum to .*positive sum"):
        table(weight=weight).require_weight()


def test_a_piece_with_a_negative_sum_of_signed_weights_is_a_table() -> None:
    signed = table(weight=[3.0, 1, 1, 1, 1, 1, -1, -2])
    signed.require_weight()
    assert [len(piece) for piece in signed.chunks(3)] == [3, 3, 2]


def test_take_keeps_order_companions_and_origins() -> None:
    origins = (Origin(path="a.root", stop=4), Origin(path="b.root", stop=4))
    whole = table(
        weight=np.arange(ROWS) + 1.0,
        group=np.arange(ROWS) // 2,
        origins=origins,
        origin=np.arange(ROWS) // 4,
        entry=np.arange(ROWS) % 4,
        carried={"run": np.arange(ROWS) + 100},
        rejected={"bad": 3},
    )
    some = whole.take([5, 0, 5])
    for name in ("x", "image", "jet.pt", "run"):
        np.testing.assert_array_equal(some[name], whole[name][[5, 0, 5]])
    assert some.weight is not None
    assert some.weight.tolist() == [6, 1, 6]
    assert some.origins == origins
    assert some.origin is not None
    assert some.origin.tolist() == [1, 0, 1]
    assert some.rejected == {}
    assert len(whole.take([])) == 0
    np.testing.assert_array_equal(whole.take(whole["x"] > 0)["x"], whole["x"][whole["x"] > 0])


@pytest.mark.parametrize("rows", [[True, False], [0.5], [[1]]])
def test_take_refuses_what_are_no_rows(rows: Any) -> None:
    with pytest.raises(SchemaError, match="expected positions, or 8 truth values"):
        table().take(rows)


def test_chunks_join_to_the_whole() -> None:
    origins = (Origin(path="a.root", stop=ROWS),)
    whole = table(
        weight=np.arange(ROWS) + 1.0,
        group=np.arange(ROWS),
        origins=origins,
        origin=np.zeros(ROWS),
        entry=np.arange(ROWS),
        carried={"run": np.arange(ROWS)},
    )
    for rows in (1, 3, ROWS, 100):
        again = Table.concat(whole.chunks(rows))
        for name in (*whole.columns, "run"):
            np.testing.assert_array_equal(again[name], whole[name])
        for name in ("weight", "group", "entry"):
            np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


def test_concat_joins_origins_and_rejects() -> None:
    parts = [
        table(
            origins=(Origin(path=f"{name}.root"),),
            origin=np.zeros(ROWS),
            rejected={"bad": 2, name: 1},
        )
        for name in "ab"
    ]
    both = Table.concat(parts)
    assert [origin.path for origin in both.origins] == ["a.root", "b.root"]
    assert both.origin is not None
    assert both.origin.tolist() == [0] * ROWS + [1] * ROWS
    assert both.rejected == {"bad": 4, "a": 1, "b": 1}


def test_concat_refuses_what_does_not_fit() -> None:
    other = Table(Schema((Field(name="x", kind="continuous"),)), {"x": [1.0]})
    with pytest.raises(SchemaError, match="'image' is missing"):
        Table.concat([table(), other])
    with pytest.raises(SchemaError, match="field 'weight': 1 of 2 tables have it; expected all"):
        Table.concat([table(), table(weight=np.ones(ROWS))])
    with pytest.raises(DataError, match="no table to join; expected one or more"):
        Table.concat([])


def test_a_column_is_found_by_name() -> None:
    with pytest.raises(SchemaError, match="field 'y': no such column; expected one of x, image"):
        table()["y"]


def test_the_order_in_which_columns_are_given_does_not_matter() -> None:
    given = columns()
    backwards = Table(SCHEMA, dict(reversed(given.items())))
    assert list(backwards.columns) == list(Table(SCHEMA, given).columns)


def test_a_token_after_the_end_is_refused() -> None:
    field = Field(name="s", kind="sequence", classes=("a", "b"), size=2)
    with pytest.raises(DataError, match=r"2 rows with wrong tokens.*\(rows 1, 2\).*only"):
        Table(Schema((field,)), {"s": [[0, 1], [-1, 1], [-1, 0], [1, -1], [-1, -1]]})
