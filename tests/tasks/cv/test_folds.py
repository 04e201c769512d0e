from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.errors import DataError
from sciae.tasks.cv.folds import folds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


def test_trajectories_stay_whole_and_folds_are_balanced(table_of: Callable[..., Table]):
    group = np.repeat(np.arange(8), [100, 20, 30, 40, 50, 60, 70, 80])
    made = folds(table_of(np.arange(450.0), group=group), splits=3, rng=1)
    for one in range(8):
        assert len(np.unique(made.fold[group == one])) == 1
    sizes = np.bincount(made.fold)
    assert made.message == ""
    assert sizes.max() - sizes.min() <= 40


def test_few_trajectories_become_blocks_of_time_and_say_so(table_of: Callable[..., Table]):
    group = np.repeat([0, 1], 100)
    made = folds(table_of(np.arange(200.0), group=group), splits=5, lag=4, rng=1)
    assert "2 trajectories for 5 splits: blocks of time" in made.message
    for block in np.unique(made.group):
        rows = np.flatnonzero(made.group == block)
        assert np.array_equal(rows, np.arange(rows[0], rows[-1] + 1))
        assert len(np.unique(group[rows])) == 1
        assert len(np.unique(made.fold[rows])) == 1
        assert len(rows) > 4
    assert sorted(np.unique(made.fold)) == [0, 1, 2, 3, 4]


def test_the_same_seed_parts_alike_and_another_does_not(table_of: Callable[..., Table]):
    table = table_of(np.arange(1000.0), groups=50)
    one, same, other = (folds(table, splits=5, rng=seed).fold for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_too_few_rows_are_refused(table_of: Callable[..., Table]):
    with pytest.raises(DataError, match="longest of 1 trajectories has 5 rows"):
        folds(table_of(np.arange(5.0)), splits=5, lag=4, rng=1)
