from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.errors import DataError, SpecError
from sciae.tasks.cv.lag import lag_in_rows, lagged

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


def test_pairs_stay_inside_their_trajectory_and_weigh_as_their_first_frame():
    group, weight = np.array([0, 0, 0, 1, 1, 1]), np.arange(1.0, 7.0)
    found = lagged(group, weight, 2)
    assert (found.now.tolist(), found.later.tolist()) == ([0, 3], [2, 5])
    assert found.weight.tolist() == [1.0, 4.0]


def test_no_pairs_says_how_long_the_longest_trajectory_is():
    with pytest.raises(DataError, match=r"longest trajectory or block has 3.*below 3 rows"):
        lagged(np.array([0, 0, 0, 1, 1]), np.ones(5), 3)


def test_pairs_without_weight_are_refused():
    with pytest.raises(DataError, match="have weight zero"):
        lagged(np.zeros(3, np.int64), np.array([0.0, 0.0, 1.0]), 1)


@pytest.mark.parametrize(("said", "rows"), [("20 ps", 10), ("2 ps", 1), ("0.02 ns", 10), (7, 7)])
def test_a_lag_may_be_a_time(table_of: Callable[..., Table], said: int | str, rows: int):
    time = np.tile(np.arange(50) * 2.0, 2)  # two trajectories, each from zero
    table = table_of(np.arange(100.0), groups=2, carried={"time": time})
    assert lag_in_rows(table, said) == rows


def test_a_lag_in_time_needs_a_time(table_of: Callable[..., Table]):
    with pytest.raises(DataError, match="no carried column 'time'"):
        lag_in_rows(table_of(np.arange(9.0)), "2 ps")


@pytest.mark.parametrize("said", ["3 ps", "0.1 ps", "soon", 0, -1])
def test_lags_that_are_no_number_of_rows_are_refused(
    table_of: Callable[..., Table], said: int | str
):
    table = table_of(np.arange(9.0), carried={"time": 2.0 * np.arange(9)})
    with pytest.raises(SpecError, match="lag"):
        lag_in_rows(table, said)


def test_uneven_times_are_refused(table_of: Callable[..., Table]):
    table = table_of(np.arange(4.0), carried={"time": np.array([0.0, 1.0, 2.0, 9.0])})
    with pytest.raises(DataError, match="steps from 1 to 7 ps"):
        lag_in_rows(table, "1 ps")
