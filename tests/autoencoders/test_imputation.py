from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.autoencoders.imputation import impute
from sciae.batch import to_batch
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

FLAT = ["mass", "shape", "angle", "flag", "type", "hits", "shares"]


@pytest.mark.parametrize("kind", ["imputing", "plain"])
@pytest.mark.parametrize("name", FLAT)
def test_gaps_of_every_kind_of_field_are_filled_with_what_the_field_may_hold(
    mixed: Callable[..., Table], small: Callable[..., Any], name: str, kind: str
) -> None:
    whole = mixed(30)
    values = whole[name].copy()
    values[::3] = -1 if values.dtype.kind == "i" else np.nan
    table = Table(whole.schema, {**whole.columns, name: values}, weight=np.arange(30.0))
    model, table = small(kind, table)
    filled = impute(model, table)  # a table refuses half a hit
    told = model.reconstruct(to_batch(table))[name].numpy()
    rounded = np.rint(told) if name in ("flag", "hits") else told
    np.testing.assert_array_equal(filled[name][::3], rounded[::3])
    kept = np.arange(30) % 3 > 0
    for other in table.columns:
        np.testing.assert_array_equal(filled[other][kept], table[other][kept])
    assert filled[name].dtype == table[name].dtype
    assert filled.weight is table.weight
