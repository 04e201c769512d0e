from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.corruptions import GaussianNoise
from sciae.autoencoders.files import load, save
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.latents import Gaussian
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RNG = torch.Generator().manual_seed(1)
IMAGE = Schema((Field(name="image", kind="continuous", shape=(8, 8), scale="field"),))


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("sets", [True, False])
def test_each_kind_reads_each_schema(
    mixed: Callable[..., Table],
    small: Callable[..., Any],
    kind: str,
    sets: bool,  # noqa: FBT001
) -> None:
    model, table = small(kind, mixed(sets=sets))
    model.check_parts()
    loss = model.loss(model.features(to_batch(table)), torch.Generator().manual_seed(1))
    assert loss.total.shape == (len(table),)
    assert loss.total.isfinite().all()


@pytest.mark.parametrize("kind", ["tied", "imputing"])
def test_kinds_without_a_net_for_sets_say_so(mixed: Callable[..., Table], kind: str) -> None:
    with pytest.raises(SpecError, match=f"kind '{kind}': jet: not flat; expected flat fields"):
        kinds.KINDS[kind](mixed().schema)
    with pytest.raises(SpecError, match="SetEncoder: no hidden layer"):
        kinds.linear(mixed().schema)


def test_a_masked_sequence_would_lose_its_places() -> None:
    words = Schema((Field(name="s", kind="sequence", classes=("a", "b"), size=3),))
    with pytest.raises(SpecError, match="kind 'masked': s: a sequence; expected flat fields or"):
        kinds.masked(words)


def test_a_table_of_sets_alone_is_read(mixed: Callable[..., Table]) -> None:
    whole = mixed()
    schema = Schema((whole.schema["jet"],))
    model = kinds.variational(schema, latent=3)
    columns = {name: whole[name] for name in schema.columns()}
    table = type(whole)(schema, columns)
    model.fit_normaliser([table])
    loss = model.loss(model.features(to_batch(table)), torch.Generator().manual_seed(1))
    assert loss.total.isfinite().all()
    for columns in (model.reconstruct(to_batch(table)), model.draw(torch.zeros(4, 3), RNG)):
        assert list(columns) == list(schema.columns())
        assert columns["jet.mask"].dtype == torch.bool


@pytest.mark.parametrize("kind", ["plain", "variational", "composite"])
def test_draws_are_the_columns_of_a_table(mixed: Callable[..., Table], kind: str) -> None:
    table = mixed()
    model = kinds.KINDS[kind](table.schema, latent=2, hidden=(8,))
    model.fit_normaliser([table])
    drawn = model.draw(torch.randn(50, 2, generator=RNG), RNG)
    again = type(table)(table.schema, {name: x.numpy() for name, x in drawn.items()})
    assert len(again) == 50
    assert again["jet.mask"].any()
    assert not again["jet.mask"].all()


def sentences(rows: int = 300) -> Table:
    """Words of one letter, as long as a number beside them says."""
    fields = (
        Field(name="word", kind="sequence", classes=("a", "b", "c"), size=4),
        Field(name="length", kind="count"),
    )
    rng = np.random.default_rng(1)
    length, letter = rng.integers(0, 5, rows), rng.integers(0, 3, rows)
    word = np.where(np.arange(4) < length[:, None], letter[:, None], -1)
    return Table(Schema(fields), {"word": word, "length": length})


@pytest.mark.parametrize("kind", ["plain", "composite"])
def test_a_sequence_is_read_told_saved_and_drawn(kind: str, tmp_path: Path) -> None:
    table = sentences()
    model = kinds.KINDS[kind](table.schema, latent=4, hidden=(16, 16))
    training = Training(epochs=40, batch=50, learning_rate=2e-2)
    model = fit(model, table, training=training, rng=1).model
    parts = score(model, model.features(to_batch(table))).by_element(model)
    assert parts["word"].shape == (300, 4)
    back = model.reconstruct(to_batch(table))
    assert list(back) == ["word", "length"]
    if kind == "plain":  # a composite weighs each letter against the rate of telling it
        assert (back["word"].numpy() == table["word"]).mean() > 0.95
    drawn = model.draw(torch.randn(20, 4, generator=RNG), RNG)
    Table(table.schema, {name: x.numpy() for name, x in drawn.items()})
    again = load(save(model, tmp_path))
    assert torch.equal(again.reconstruct(to_batch(table))["word"], back["word"])


def test_a_composite_is_typed_unless_told_otherwise(mixed: Callable[..., Table]) -> None:
    schema = mixed().schema
    model = kinds.composite(schema, likelihoods={"mass": {"head": "Laplace"}}, matching="chamfer")
    heads = [type(head).__name__ for head in model.heads.heads]
    assert {"Laplace", "NegativeBinomial", "Normal"} < set(heads)
    assert (kinds.composite(schema).heads.matching, model.heads.matching) == (
        "hungarian",
        "chamfer",
    )
    assert kinds.plain(schema, matching="hungarian").heads.matching == "hungarian"


def test_what_makes_each_kind() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(4,)),))
    assert isinstance(kinds.denoising(schema, noise=0.2).corruption, GaussianNoise)
    assert isinstance(kinds.variational(schema).latent, Gaussian)
    assert kinds.variational(schema, beta=2.0).penalties[0].weight_at(0) == 2
    assert len(list(kinds.linear(schema, latent=2).encoder.parameters())) == 2


@pytest.mark.parametrize("kind", sorted(set(kinds.KINDS) - {"linear"}))  # has settings of its own
def test_a_setting_that_no_kind_has_is_refused(kind: str) -> None:
    schema = Schema((Field(name="x", kind="continuous"),))
    with pytest.raises(SpecError, match="kinds: no settings hiden, laten; expected those of its"):
        kinds.KINDS[kind](schema, laten=1, hiden=(3,))


def test_images_may_be_convolved() -> None:
    model = kinds.plain(IMAGE, latent=3, hidden=(4, 6), net="convolutional", sigma="shared")
    assert model.decoder(torch.zeros(2, 3)).flat.shape == (2, 64)


def test_nets_that_do_not_fit_are_refused() -> None:
    x = Schema((Field(name="x", kind="continuous"),))
    with pytest.raises(SpecError, match="convolutional net: fields x; expected one square image"):
        kinds.plain(x, net="convolutional")
    with pytest.raises(SpecError, match="one parameter per pixel"):
        kinds.plain(IMAGE, net="convolutional", sigma="predicted")
    with pytest.raises(SpecError, match="net 'deep'; expected 'dense' or 'convolutional'"):
        kinds.plain(x, net="deep")
    jets = tuple(Field(name=n, kind="set", size=2, inner=x.fields) for n in "ab")
    with pytest.raises(SpecError, match=r"2 set fields; expected at most one. Compose"):
        kinds.plain(Schema(jets))
