from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch

from sciae.autoencoders.heads import Decoded, Joint
from sciae.autoencoders.heads.likelihoods import DEFAULTS, LIKELIHOODS, chosen, head_of
from sciae.autoencoders.normalise import Normaliser
from sciae.autoencoders.parts import settings_of
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table

PAIRS = [(name, kind) for name, one in LIKELIHOODS.items() for kind in one.kinds]
JET = Schema(
    (
        Field(name="mass", kind="continuous"),
        Field(name="n", kind="count", shape=(3,)),
        Field(name="count", kind="count"),
        Field(
            name="jet",
            kind="set",
            size=2,
            inner=(Field(name="pt", kind="continuous"), Field(name="n", kind="count")),
        ),
    )
)


def names(joint: Any) -> list[str]:
    return [type(head).__name__ for head in joint.heads]


def test_each_kind_with_a_head_has_a_first_one() -> None:
    assert all(kind in LIKELIHOODS[name].kinds for kind, name in DEFAULTS.items())


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_each_head_serves_its_kinds(mixed: Callable[..., Table], name: str, kind: str) -> None:
    table = mixed(sets=False)
    joint = Joint(table.schema, likelihoods={kind: {"head": name}}).double()
    features = Normaliser(table.schema).fit([table])(to_batch(table), torch.float64)
    rng = torch.Generator().manual_seed(1)
    flat = torch.randn(len(table), joint.parameters_flat, generator=rng, dtype=torch.float64)
    assert name in names(joint)
    assert joint.nll(Decoded(flat), features).flat.isfinite().all()
    assert joint.mean(flat).shape == joint.sample(flat, rng).shape == features.targets.shape


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_each_part_of_a_head_is_plain_json_and_makes_it_again(name: str) -> None:
    kind: Any = LIKELIHOODS[name].kinds[0]
    extra = {"periodic": {"period": 1.0}, "categorical": {"classes": ("a", "b")}}.get(kind, {})
    field = Field(name="x", kind=kind, shape=(2,), **extra)  # type: ignore[arg-type]
    joint = Joint(Schema((field,)), likelihoods={"x": {"head": name}}, matching="chamfer")
    settings = json.loads(json.dumps({**settings_of(joint), "schema": None}))
    again = Joint(**{**settings, "schema": joint.schema})
    again.load_state_dict(joint.state_dict())
    assert settings_of(again) == settings_of(joint)


def test_a_name_goes_before_a_kind_and_is_one_if_a_field_has_it() -> None:
    kind = {"count": {"head": "NegativeBinomial"}}
    assert chosen(JET, kind)["count"]["head"] == "NegativeBinomial"
    assert chosen(JET, kind)["n"]["head"] == "Poisson"  # "count" is a field here
    other = Schema(JET.fields[:2] + JET.fields[3:])
    spec = {**kind, "jet.n": {"head": "ZeroInflatedNegativeBinomial"}}
    joint = Joint(other, likelihoods=spec)
    assert names(joint) == ["Normal", "NegativeBinomial"]
    assert names(joint.of_set("jet")) == ["Normal", "ZeroInflatedNegativeBinomial"]


def test_settings_go_to_the_head_and_floors_to_all() -> None:
    spec = {"mass": {"head": "Mixture", "components": 4}, "jet.pt": {"head": "StudentT", "df": 3.0}}
    joint = Joint(JET, floor=0.25, likelihoods=spec)
    assert joint.heads[0].components == 4
    assert joint.heads[0].floor == joint.of_set("jet").heads[0].floor == 0.25
    assert joint.of_set("jet").heads[0].df == 3.0
    own = Joint(JET, floor=0.25, likelihoods={"mass": {"head": "Laplace", "floor": 0.5}})
    assert own.heads[0].floor == 0.5


def test_fields_share_a_head_only_with_equals() -> None:
    def heads(**likelihoods: dict[str, Any]) -> list[int]:
        fields = tuple(Field(name=name, kind="count", shape=(2,)) for name in "abc")
        return [head.columns for head in Joint(Schema(fields), likelihoods=likelihoods).heads]

    nb, shares = {"head": "NegativeBinomial"}, {"head": "Multinomial"}
    assert heads() == [6]
    assert heads(a=nb, b=nb) == [4, 2]
    assert heads(a=shares, b=shares, c=shares) == [2, 2, 2]
    kinds = [("a", "b"), ("c", "d"), ("e", "f", "g")]
    fields = (Field(name=c[0], kind="categorical", classes=c) for c in kinds)
    assert [head.columns for head in Joint(Schema(tuple(fields))).heads] == [2, 1]


def test_counts_and_shares_of_a_multinomial_are_told_apart() -> None:
    for kind, counts in (("count", True), ("composition", False)):
        field = Field(name="x", kind=kind, shape=(3,))  # type: ignore[arg-type]
        assert head_of(field, 3, {"head": "Multinomial"}).counts is counts


@pytest.mark.parametrize(
    ("likelihoods", "said"),
    [
        ({"muss": {"head": "Laplace"}}, "likelihoods: no field 'muss'; expected a field (mass, n"),
        ({"mass": {"head": "Poisson"}}, "field 'mass': head 'Poisson' of kind 'continuous'; exp"),
        ({"mass": {"head": "Cauchy"}}, "expected one of Laplace, Mixture, Normal, StudentT"),
        ({"mass": {}}, "head None of kind 'continuous'"),
        ({"jet.n": {"head": "Laplace"}}, "field 'jet.n': head 'Laplace' of kind 'count'"),
        ({"jet": {"head": "Laplace"}}, "no field 'jet'"),
        ({"mass": {"head": "Laplace", "width": 1}}, "Laplace has no settings ['width']; expected"),
        ({"n": {"head": "Multinomial", "counts": False}}, "has no settings ['counts']; expected n"),
        ({"mass": {"head": "Mixture", "components": 0}}, "Mixture: components 0; expected 1 or mo"),
        ({"mass": {"head": "StudentT", "df": -1.0}}, "StudentT: df -1.0; expected positive, or"),
        ({"mass": {"head": "Laplace", "floor": -1.0}}, "Laplace: floor -1.0; expected 0 or more"),
    ],
)
def test_what_does_not_fit_is_refused(likelihoods: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        Joint(JET, likelihoods=likelihoods)
    assert said in str(caught.value)


def test_there_are_three_matchings() -> None:
    with pytest.raises(SpecError, match="matching 'best'; expected one of ordered, hungarian, cha"):
        Joint(JET, matching="best")
