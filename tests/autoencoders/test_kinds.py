from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.corruptions import GaussianNoise
from sciae.autoencoders.latents import Gaussian
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table

IMAGE = Schema((Field(name="image", kind="continuous", shape=(8, 8), scale="field"),))


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("sets", [True, False])
def test_each_kind_reads_each_schema(mixed: Callable[..., Table], kind: str, sets: bool) -> None:  # noqa: FBT001
    if kind == "linear" and sets:
        with pytest.raises(SpecError, match="SetEncoder: no hidden layer"):
            kinds.linear(mixed().schema)
        return
    table = mixed(sets=sets)
    model = kinds.KINDS[kind](table.schema, latent=3)
    model.fit_normaliser([table])
    loss = model.loss(model.features(to_batch(table)), torch.Generator().manual_seed(1))
    assert loss.total.shape == (len(table),)
    assert loss.total.isfinite().all()


def test_a_table_of_sets_alone_is_read(mixed: Callable[..., Table]) -> None:
    whole = mixed()
    schema = Schema((whole.schema["jet"],))
    model = kinds.variational(schema, latent=3)
    columns = {name: whole[name] for name in schema.columns()}
    table = type(whole)(schema, columns)
    model.fit_normaliser([table])
    loss = model.loss(model.features(to_batch(table)), torch.Generator().manual_seed(1))
    assert loss.total.isfinite().all()
    assert model.reconstruct(to_batch(table)) == {}


def test_what_makes_each_kind() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(4,)),))
    assert isinstance(kinds.denoising(schema, noise=0.2).corruption, GaussianNoise)
    assert isinstance(kinds.variational(schema).latent, Gaussian)
    assert kinds.variational(schema, beta=2.0).penalties[0].weight_at(0) == 2
    assert len(list(kinds.linear(schema, latent=2).encoder.parameters())) == 2


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
