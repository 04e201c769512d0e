from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.tasks.cv import learn
from sciae.tasks.cv.states import targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


@pytest.mark.parametrize("dim", [1, 2])
def test_deep_tda_reaches_its_targets_on_separable_gaussians(
    table_of: Callable[..., Table], dim: int
):
    rng = np.random.default_rng(1)
    label = rng.integers(0, 3, 6000)
    places = np.array([[-4.0, 0, 0], [0, 4, 0], [4, 0, 4]])
    table = table_of(places[label] + rng.normal(0, 0.4, (6000, 3)), group=np.arange(6000))
    label[::7] = -1  # some are in no state
    found = learn(table, kind="deep-tda", dim=dim, labels=label, hidden=(16,), rng=1)
    s = found.variable.of_table(table)
    means = np.array([s[label == k].mean(0) for k in range(3)])
    widths = np.array([s[label == k].std(0) for k in range(3)])
    centres, asked = targets(3, dim)
    for d in range(dim):  # each coordinate was given a sign and scale of its own
        slope, offset = np.polyfit(means[:, d], centres[:, d], 1)
        np.testing.assert_allclose(slope * means[:, d] + offset, centres[:, d], atol=0.5)
        np.testing.assert_allclose(abs(slope) * widths[:, d], asked[:, d], atol=0.1)
    assert found.scores["missed"] < 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spib_finds_the_four_wells_from_ten_clusters(
    table_of: Callable[..., Table], four_wells: np.ndarray, seed: int
):
    found = learn(
        table_of(four_wells, groups=20), kind="spib", dim=2, lag=5, hidden=(16,), rng=seed
    )
    well = 2 * (four_wells[:, 0] > 0) + (four_wells[:, 1] > 0)
    assert found.scores["states"] == 4
    counts = np.array([np.bincount(well[found.states == k], minlength=4) for k in range(4)])
    assert counts.max(1).sum() / counts.sum() > 0.99
    assert set(counts.argmax(1)) == {0, 1, 2, 3}


def test_a_longer_lag_merges_states_that_it_no_longer_parts(table_of: Callable[..., Table]):
    rng = np.random.default_rng(2)
    fast = np.where(rng.random(6000) < 0.5, -1.0, 1.0)  # forgotten at once
    slow = np.repeat(np.where(rng.random(60) < 0.5, -1.0, 1.0), 100)
    x = np.column_stack([fast, slow]) + rng.normal(0, 0.1, (6000, 2))
    found = learn(table_of(x), kind="spib", lag=3, states=4, hidden=(8,), rng=1)
    assert found.scores["states"] == 2
    agree = np.mean(found.states == (slow > 0))
    assert max(agree, 1 - agree) > 0.99


def test_spib_begins_with_labels_that_are_given(
    table_of: Callable[..., Table], four_wells: np.ndarray
):
    right = (four_wells[:, 0] > 0).astype(int)  # blind to y
    found = learn(
        table_of(four_wells, groups=20), kind="spib", lag=5, labels=right, hidden=(8,), rng=1
    )
    agree = np.mean(found.states == right)
    assert max(agree, 1 - agree) > 0.99
