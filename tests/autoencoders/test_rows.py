from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.autoencoders.rows import Rows
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_gap_is_not_the_mean_that_it_is_shown_as(
    mixed: Callable[..., Table], small: Callable[..., Any]
) -> None:
    """Of the same inputs and targets: a checkpoint of one must not go on with the other."""
    table = mixed(20, sets=False)
    model, _ = small("plain", table)
    mean = model.normaliser.location[0].item()
    hashes = set()
    for value in (mean, np.nan):
        columns = {**table.columns, "mass": np.r_[value, table["mass"][1:]]}
        rows = Rows.of_table(model, Table(table.schema, columns), np.arange(20), batch=10)
        assert rows.features.inputs[0, 0] == rows.features.targets[0, 0] == 0
        hashes.add(rows.sha256)
    assert len(hashes) == 2
