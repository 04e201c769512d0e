from __future__ import annotations

import json
from typing import Any

import pytest

from sciae.errors import SchemaError
from sciae.schema import Field, Schema

X = Field(name="x", kind="continuous", unit="GeV", doc="a number")
FIELDS = (
    X,
    Field(name="image", kind="continuous", shape=(4, 4), scale="field"),
    Field(name="phi", kind="periodic", period=6.28, unit="rad"),
    Field(name="flag", kind="binary"),
    Field(name="type", kind="categorical", classes=("C", "N", "O")),
    Field(name="hits", kind="count"),
    Field(name="shares", kind="composition", shape=(3,)),
    Field(name="smiles", kind="sequence", classes=("C", "=", "O"), size=10),
    Field(name="jet", kind="set", size=5, inner=(X, Field(name="t", kind="count"))),
)
SCHEMA = Schema(FIELDS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": ""}, "a name is not empty"),
        ({"name": "a.b"}, "has no dot"),
        ({"kind": "real"}, "kind 'real' is not one of continuous, periodic"),
        ({"scale": "row"}, "scale 'row' is not one of"),
        ({"shape": (0,)}, "shape (0,), size None: not positive whole numbers"),
        ({"shape": (2.0,)}, "not positive whole numbers"),
        ({"shape": (-3,)}, "not positive whole numbers"),
        ({"period": 1.0}, "periodic fields, and only they"),
        ({"kind": "periodic"}, "periodic fields, and only they"),
        ({"kind": "periodic", "period": -1.0}, "positive period"),
        ({"kind": "periodic", "period": float("inf")}, "positive period"),
        ({"kind": "categorical"}, "name two classes or more"),
        ({"kind": "categorical", "classes": ("C",)}, "name two classes or more"),
        ({"classes": ("C", "N")}, "categorical and sequence fields, and only they"),
        ({"size": 3}, "set and sequence fields, and only they, have a size"),
        ({"kind": "set", "inner": (X,)}, "have a size"),
        ({"kind": "set", "size": 3}, "set fields, and only they, have inner fields"),
        ({"inner": (X,)}, "set fields, and only they, have inner fields"),
        ({"kind": "set", "size": 3, "inner": (FIELDS[1],)}, "single numbers"),
        ({"kind": "set", "size": 3, "inner": (FIELDS[8],)}, "single numbers"),
        ({"kind": "set", "size": 3, "inner": (X, X)}, "different names"),
        ({"kind": "set", "size": 3, "inner": (Field(name="mask", kind="binary"),)}, "'mask'"),
    ],
)
def test_a_field_refuses_parts_that_contradict(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SchemaError) as caught:
        Field(**({"name": "x", "kind": "continuous"} | settings))
    assert said in str(caught.value)
    assert f"field {settings.get('name', 'x')!r}" in str(caught.value) or not caught.value.field


def test_columns_are_named_by_field_and_inner_field() -> None:
    columns = SCHEMA.columns()
    assert columns["image"][1] == (4, 4)
    assert columns["smiles"][1] == (10,)
    assert [name for name in columns if name.startswith("jet.")] == ["jet.mask", "jet.x", "jet.t"]
    assert all(columns[f"jet.{name}"][1] == (5,) for name in ("mask", "x", "t"))
    assert [field.width for field in FIELDS] == [1, 16, 1, 1, 1, 1, 3, 1, 2]


def test_json_gives_the_schema_back() -> None:
    assert Schema.from_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA


def test_json_with_unknown_entries_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"field 'x': unknown entries \['units'\]"):
        Schema.from_json([{"name": "x", "kind": "continuous", "units": "GeV"}])


def test_names_are_unique() -> None:
    with pytest.raises(SchemaError, match="named twice: x; expected unique names"):
        Schema((X, X))


def test_a_field_is_found_by_name() -> None:
    assert SCHEMA["phi"].period == 6.28
    assert len(SCHEMA) == len(FIELDS)
    with pytest.raises(SchemaError, match="field 'y': no such field; expected one of x, image"):
        SCHEMA["y"]


def test_require_names_every_difference() -> None:
    other = Schema(
        (
            Field(name="x", kind="continuous", unit="TeV", doc="another doc"),
            Field(name="new", kind="binary"),
            *FIELDS[2:],
        )
    )
    with pytest.raises(SchemaError) as caught:
        SCHEMA.require(other)
    for part in (
        "'image' is missing",
        "'new' is not known",
        "'x' has unit 'TeV' instead of 'GeV'",
        "expected the fields x, image",
        "Read the data with the settings",
    ):
        assert part in str(caught.value)
    assert "doc" not in str(caught.value)


def test_require_wants_the_order_too() -> None:
    SCHEMA.require(SCHEMA)
    with pytest.raises(SchemaError, match="another order"):
        SCHEMA.require(Schema(FIELDS[::-1]))
