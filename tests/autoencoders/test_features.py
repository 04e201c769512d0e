from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.features import Features
from sciae.autoencoders.normalise import Normaliser
from sciae.batch import to_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


def test_rows_are_taken_from_everything(mixed: Callable[..., Table]) -> None:
    table = mixed(weight=range(1, 65))
    table["mass"][3] = float("nan")
    normaliser = Normaliser(table.schema).fit([table])
    rows = torch.tensor([5, 3, 5])
    taken = normaliser(to_batch(table)).take(rows)
    direct = normaliser(to_batch(table.take(rows.numpy())))
    assert len(taken) == 3
    for one, other in ((taken, direct), (taken.sets["jet"], direct.sets["jet"])):
        for name in ("inputs", "targets", "mask", "weight"):
            x, y = getattr(one, name), getattr(other, name)
            assert (x is None) == (y is None)
            assert x is None or torch.equal(x, y)
    assert taken.observed is not None
    assert not taken.observed[1, 0]


def test_parts_are_views_of_the_rows_in_order(mixed: Callable[..., Table]) -> None:
    table = mixed(weight=range(1, 65))
    table["mass"][3] = float("nan")
    whole = Normaliser(table.schema).fit([table])(to_batch(table))
    parts, start = whole.split([10, 0, 54]), 0
    assert [len(part) for part in parts] == [10, 0, 54]
    for part in parts:
        direct = whole.take(torch.arange(start, start + len(part)))
        start += len(part)
        for one, other in ((part, direct), (part.sets["jet"], direct.sets["jet"])):
            for name in ("inputs", "targets", "observed", "mask", "weight"):
                x, y = getattr(one, name), getattr(other, name)
                assert (x is None) == (y is None)
                assert x is None or torch.equal(x, y)
    assert parts[0].inputs.data_ptr() == whole.inputs.data_ptr()
    x = torch.randn(4, 2)
    assert all(one.inputs is one.targets for one in Features(x, x).split([1, 3]))


def test_one_gather_is_enough_if_targets_are_the_inputs() -> None:
    x = torch.randn(4, 2)
    taken = Features(x, x).take(torch.tensor([1]))
    assert taken.inputs is taken.targets
    seen = Features(x, x).with_inputs(x + 1)
    assert seen.targets is x
