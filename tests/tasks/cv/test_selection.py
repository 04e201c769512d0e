from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.errors import DataError, SpecError
from sciae.rng import generator
from sciae.tasks.cv import select
from sciae.tasks.cv.folds import folds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


@pytest.fixture(scope="module")
def table(process: Callable[..., np.ndarray], table_of: Callable[..., Table]):
    slow = process([0.97, 0.5, 0.1], 6000, seed=1)
    return table_of(slow @ np.array([[1, 0.2, 0], [2, 3, 0], [0, 1, 2]]), groups=12)


@pytest.mark.parametrize("by", ["vamp2", "gmrq"])
def test_slowness_prefers_tica_and_reconstruction_prefers_pca(table: Table, by: str):
    settings = {"kinds": ("pca", "tica"), "lags": (2,), "score_lag": 5, "seeds": (0,), "rng": 1}
    assert select(table, by=by, **settings).best.kind == "tica"
    assert select(table, by="reconstruction", **settings).best.kind == "pca"


def test_all_candidates_are_scored_at_one_lag_for_as_many_processes(table: Table):
    found = select(table, kinds=("tica",), dims=(1, 2), lags=(1, 4), seeds=(0, 1), rng=1)
    assert (found.score_lag, found.processes, len(found.candidates)) == (4, 2, 8)
    assert all(c.scores["vamp2"] <= 3 for c in found.candidates)
    assert "works for biasing" in found.verdict
    assert str(found).count("\n") == 8


def test_nothing_that_was_set_aside_is_learnt_from(
    table: Table, process: Callable[..., np.ndarray]
):
    """What is set aside changes; what is learnt does not."""
    one = select(table, kinds=("tica",), seeds=(0,), rng=1)
    aside = folds(table, splits=5, lag=1, rng=generator(1)).fold == 0
    x = np.where(aside[:, None], 3 * table["x"] + 1, table["x"])
    other = select(replace(table, columns={"x": x}), kinds=("tica",), seeds=(0,), rng=1)
    a, b = (found.candidates[0].learned.variable.encoder.weights for found in (one, other))
    assert np.array_equal(a, b)


def test_what_cannot_be_chosen_is_said(table: Table):
    with pytest.raises(SpecError, match="by 'luck'"):
        select(table, by="luck")
    with pytest.raises(DataError, match="no pairs 600 rows apart"):
        select(table, kinds=("tica",), seeds=(0,), score_lag=600, rng=1)
