from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders.heads import Elements
from sciae.autoencoders.normalise import Normaliser
from sciae.batch import to_batch
from sciae.errors import DataError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

X = Schema((Field(name="x", kind="continuous"),))


def fitted(values: Any, *, field: Field = X.fields[0], **settings: Any) -> Normaliser:
    table = Table(Schema((field,)), {field.name: values}, **settings)
    return Normaliser(table.schema).fit([table])


def inputs(normaliser: Normaliser, values: Any) -> torch.Tensor:
    table = Table(normaliser.schema, {normaliser.schema.names[0]: values})
    return normaliser(to_batch(table), torch.float64).inputs


def test_continuous_columns_get_mean_0_and_width_1() -> None:
    x = np.random.default_rng(1).normal(3, 5, 1000)
    z = inputs(fitted(x), x).squeeze(1)
    assert z.mean().item() == pytest.approx(0, abs=1e-12)
    assert z.var(unbiased=False).item() == pytest.approx(1, rel=1e-12)


def test_counts_are_seen_by_their_logarithm_and_judged_as_counts() -> None:
    counts = np.random.default_rng(1).poisson(50, 1000)
    normaliser = fitted(counts, field=Field(name="n", kind="count"))
    features = normaliser(to_batch(Table(normaliser.schema, {"n": counts})), torch.float64)
    logs = np.log1p(counts)
    np.testing.assert_allclose(features.inputs[:, 0], (logs - logs.mean()) / logs.std())
    np.testing.assert_array_equal(features.targets[:, 0], counts)


def test_angles_have_no_seam() -> None:
    normaliser = fitted([0.0], field=Field(name="phi", kind="periodic", period=360.0))
    turns = inputs(normaliser, [10.0, 370.0, -350.0])
    np.testing.assert_allclose(turns, turns[:1].expand(3, 2), atol=1e-12)
    angle = np.deg2rad(10)
    np.testing.assert_allclose(turns[0], [np.cos(angle), np.sin(angle)], atol=1e-12)


def test_other_kinds_are_encoded_plainly() -> None:
    flag = Field(name="flag", kind="binary")
    assert inputs(fitted([0, 1], field=flag), [0, 1, np.nan]).flatten().tolist() == [-1, 1, 0]
    kind = Field(name="type", kind="categorical", classes=("C", "N", "O"))
    assert inputs(fitted([0], field=kind), [2, -1]).tolist() == [[0, 0, 1], [0, 0, 0]]


def test_one_scale_for_a_whole_field() -> None:
    image = Field(name="image", kind="continuous", shape=(2,), scale="field")
    x = np.random.default_rng(1).normal(size=(1000, 2)) * [1, 100]
    z = inputs(fitted(x, field=image), x)
    assert (z.std(0)[1] / z.std(0)[0]).item() == pytest.approx(100, rel=0.1)
    assert z.var(0, unbiased=False).mean().item() == pytest.approx(1, rel=1e-9)
    raw = Field(name="image", kind="continuous", shape=(2,), scale="none")
    np.testing.assert_array_equal(inputs(fitted(x, field=raw), x), x)


def test_a_column_that_does_not_vary_is_scaled_by_its_size() -> None:
    for unit in (1e-6, 1.0, 1e6):
        z = inputs(fitted(np.full(1000, 0.1) * unit), np.array([0.1, 0.2]) * unit)
        assert z.flatten().tolist() == pytest.approx([0, 1], abs=1e-9)
    assert inputs(fitted(np.zeros(10)), [0.0, 3.0]).flatten().tolist() == [0, 3]


def test_chunks_of_any_size_give_the_same(mixed: Callable[..., Table]) -> None:
    table = mixed(weight=np.random.default_rng(1).exponential(size=64))
    whole = Normaliser(table.schema).fit([table])
    for rows in (1, 7, 50):
        parts = Normaliser(table.schema).fit(table.chunks(rows))
        for name, x in whole.state_dict().items():
            torch.testing.assert_close(parts.state_dict()[name], x, rtol=1e-9, atol=1e-12)


def test_weights_are_copies(mixed: Callable[..., Table]) -> None:
    counts = np.arange(64) % 4
    weighted = Normaliser(mixed().schema).fit([mixed(weight=counts)])
    copied = Normaliser(mixed().schema).fit([mixed().take(np.repeat(np.arange(64), counts))])
    for name, x in copied.state_dict().items():
        torch.testing.assert_close(weighted.state_dict()[name], x, rtol=1e-9, atol=1e-12)


def test_signed_weights_count_by_their_size() -> None:
    x, w = [1.0, 2.0, 9.0], np.array([1.0, 2.0, -1.5])
    for one, other in zip(
        fitted(x, weight=w).buffers(), fitted(x, weight=abs(w)).buffers(), strict=True
    ):
        assert torch.equal(one, other)


def test_what_is_not_observed_is_left_out() -> None:
    normaliser = fitted([1.0, np.nan, 3.0])
    assert (normaliser.location.item(), normaliser.scale.item()) == (2, 1)
    features = normaliser(to_batch(Table(X, {"x": [1.0, np.nan]})))
    assert features.inputs.tolist() == [[-1], [0]]
    assert features.observed is not None
    assert features.observed.tolist() == [[True], [False]]
    assert normaliser(to_batch(Table(X, {"x": [1.0, 2.0]}))).observed is None


def test_elements_of_sets_are_normalised_by_those_that_exist() -> None:
    jet = Field(name="jet", kind="set", size=2, inner=X.fields)
    table = Table(
        Schema((jet,)),
        {"jet.mask": [[1, 1], [1, 0]], "jet.x": [[1.0, 3.0], [5.0, np.inf]]},
        weight=[1.0, 2.0],
    )
    normaliser = Normaliser(table.schema).fit([table])
    features = normaliser(to_batch(table), torch.float64).sets["jet"]
    mean, sigma = 3.5, np.sqrt((2.5**2 + 0.5**2 + 2 * 1.5**2) / 4)
    expected = [[(1 - mean) / sigma, (3 - mean) / sigma], [(5 - mean) / sigma, -mean / sigma]]
    np.testing.assert_allclose(features.inputs.squeeze(-1), expected)
    assert features.inputs.isfinite().all()


def sequences(tokens: Any) -> Table:
    field = Field(name="s", kind="sequence", classes=("a", "b", "c"), size=len(tokens[0]))
    return Table(Schema((field,)), {"s": tokens})


def test_a_sequence_is_seen_token_by_token_up_to_its_end() -> None:
    table = sequences([[2, 0, -1], [-1, -1, -1], [1, 1, 1]])
    normaliser = Normaliser(table.schema).fit([table])
    features = normaliser(to_batch(table), torch.float64)
    own = features.sets["s"]
    assert features.inputs.shape == (3, 0)
    assert own.mask is not None
    assert own.mask.tolist() == [[True, True, False], [False] * 3, [True] * 3]
    assert own.inputs[0, :2].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert own.targets[..., 0].tolist() == [[2, 0, 0], [0, 0, 0], [1, 1, 1]]
    back = normaliser.restore_set("s", Elements(own.mask, own.targets))["s"]
    np.testing.assert_array_equal(back, table["s"])


def test_the_elements_of_a_set_come_back_raw(mixed: Callable[..., Table]) -> None:
    table = mixed()
    normaliser = Normaliser(table.schema).fit([table])
    own = normaliser(to_batch(table), torch.float64).sets["jet"]
    assert own.mask is not None
    back = normaliser.restore_set("jet", Elements(own.mask, own.targets))
    assert list(back) == [name for name in table.schema.columns() if name.startswith("jet.")]
    there = table["jet.mask"]
    np.testing.assert_array_equal(back["jet.mask"], there)
    for name, x in back.items():
        want = np.where(there, table[name], 0)
        np.testing.assert_allclose(np.where(there, x, 0), want, rtol=1e-9, atol=1e-9)
        assert (x.numpy()[~there] == 0).all()


def test_restore_is_the_way_back(mixed: Callable[..., Table]) -> None:
    table = mixed(sets=False)
    normaliser = Normaliser(table.schema).fit([table])
    features = normaliser(to_batch(table), torch.float64)
    for place in normaliser.layout.places:
        values = normaliser.restore(features.targets[:, place.targets], place).numpy()
        expected = table[place.field.name]
        if place.field.name == "angle":
            values, expected = np.remainder(values, 360), np.remainder(expected, 360)
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "no rows to fit the normaliser to; expected one or more"),
        ([np.nan, np.nan], "field 'x': never observed"),
        ([1e200, -1e200], "field 'x': values too large to square"),
    ],
)
def test_columns_without_a_scale_are_refused(values: list[float], said: str) -> None:
    with pytest.raises(DataError) as caught:
        fitted(np.array(values))
    assert said in str(caught.value)


def test_it_stays_exact_whatever_the_nets_compute_in() -> None:
    normaliser = fitted(1e6 + np.arange(10.0))
    before = copy.deepcopy(normaliser)
    for change in ("half", "float", "double"):
        getattr(normaliser, change)()
    assert torch.equal(normaliser.location, before.location)
    assert torch.equal(normaliser.scale, before.scale)
    assert normaliser.location.dtype == torch.float64


def test_float32_columns_are_as_good_as_float64() -> None:
    x = np.random.default_rng(1).normal(100, 20, 500)
    small = x.astype(np.float32)
    np.testing.assert_allclose(inputs(fitted(small), small), inputs(fitted(x), x), atol=2e-6)
