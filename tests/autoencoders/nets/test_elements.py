from __future__ import annotations

import numpy as np
import pytest
import torch

from sciae.autoencoders.features import Features
from sciae.autoencoders.layout import Layout
from sciae.autoencoders.nets import ElementEncoder
from sciae.autoencoders.normalise import Normaliser
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table


def shown(rows: int, columns: int) -> Features:
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(rows, columns, generator=rng)
    return Features(x, x, visible=torch.rand(rows, columns, generator=rng) < 0.5)


def test_what_is_hidden_changes_nothing() -> None:
    seen, encoder = shown(20, 6), ElementEncoder([1] * 6, 2, hidden=(8, 8))
    assert seen.visible is not None
    other = seen.with_inputs(torch.where(seen.visible, seen.inputs, 7.0))
    torch.testing.assert_close(encoder(seen), encoder(other), rtol=0, atol=0)
    shifted = seen.with_inputs(seen.inputs + 1)
    assert not torch.allclose(encoder(seen), encoder(shifted))


def test_only_what_is_shown_is_computed() -> None:
    seen, encoder = shown(20, 6), ElementEncoder([1] * 6, 2, hidden=(8, 8))
    computed: list[int] = []
    encoder.each.register_forward_hook(lambda _, args, __: computed.append(len(args[0])))
    encoder(seen)
    assert seen.visible is not None
    assert computed == [int(seen.visible.sum())]


def test_a_row_without_anything_shown_has_a_code() -> None:
    x = torch.randn(3, 4)
    seen = Features(x, x, visible=torch.zeros(3, 4, dtype=torch.bool))
    hidden = ElementEncoder([1] * 4, 2)(seen)
    assert hidden.isfinite().all()
    assert torch.equal(hidden[0], hidden[1])


def test_columns_of_several_inputs_use_them_all() -> None:
    schema = Schema(
        (
            Field(name="x", kind="continuous"),
            Field(name="phi", kind="periodic", period=6.0),
            Field(name="type", kind="categorical", classes=("a", "b", "c")),
        )
    )
    layout = Layout.of(schema)
    columns = layout.column().bincount().tolist()
    assert columns == [1, 2, 3]
    table = Table(schema, {"x": [0.0, 1, 0, 0], "phi": [1.0, 1, 2, 1], "type": [2, 2, 2, 1]})
    features = Normaliser(schema).fit([table])(to_batch(table))
    hidden = ElementEncoder(columns, 4)(features)
    for other in (1, 2, 3):  # differs in one field only
        assert not torch.allclose(hidden[0], hidden[other])


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_it_computes_in_the_dtype_of_its_weights(kind: str) -> None:
    dtype = getattr(torch, kind)
    x = torch.from_numpy(np.ones((2, 3))).to(dtype)
    assert ElementEncoder([1, 1, 1], 2).to(dtype)(Features(x, x)).dtype == dtype


def test_shapes_can_be_tried_without_values() -> None:
    """As when a model is loaded."""
    with torch.device("meta"):
        x = torch.zeros(5, 3)
        hidden = ElementEncoder([1, 2, 3], 2)(Features(torch.zeros(5, 6), x))
    assert hidden.is_meta
    assert hidden.shape == (5, 2)


def test_no_hidden_layer_is_refused() -> None:
    with pytest.raises(SpecError, match="ElementEncoder: no hidden layer; expected one or more"):
        ElementEncoder([1, 1], 2, hidden=())
