from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sciae.batch import split, split_rows, to_batch
from sciae.errors import DataError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

SCHEMA = Schema((Field(name="x", kind="continuous"),))


def table(rows: int, **settings: object) -> Table:
    return Table(SCHEMA, {"x": np.arange(rows, dtype=float)}, **settings)  # type: ignore[arg-type]


def test_columns_and_weights_become_tensors() -> None:
    batch = to_batch(table(3, weight=[1.0, 2.0, 3.0]))
    assert torch.equal(batch.columns["x"], torch.arange(3, dtype=torch.float64))
    assert batch.weight is not None
    assert batch.weight.tolist() == [1, 2, 3]
    assert to_batch(table(3)).weight is None


def test_arrays_that_may_not_be_written_to_are_copied() -> None:
    x = np.arange(3.0)
    x.flags.writeable = False
    batch = to_batch(Table(SCHEMA, {"x": x}, weight=x))
    batch.columns["x"].zero_()
    assert x.tolist() == [0, 1, 2]


@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=60),
    st.sampled_from([(0.5, 0.5), (0.8, 0.1, 0.1), (1.0,)]),
    st.integers(0, 5),
)
def test_a_split_parts_no_group_and_loses_no_row(
    group: list[int], fractions: tuple[float, ...], seed: int
) -> None:
    whole = table(len(group), group=group)
    if len(set(group)) < len(fractions):
        with pytest.raises(DataError, match=f"{len(set(group))} groups of rows; expected at least"):
            split(whole, fractions, rng=seed)
        return
    parts = split(whole, fractions, rng=seed)
    assert sorted(np.concatenate([part["x"] for part in parts])) == list(range(len(group)))
    groups = [set(part.group.tolist()) for part in parts if part.group is not None]
    assert sum(map(len, groups)) == len(set(group))
    assert all(len(part) for part in parts)


def test_fractions_are_kept_and_the_seed_decides() -> None:
    first, again, other = (split_rows(table(1000), (0.7, 0.3), rng=seed) for seed in (1, 1, 2))
    assert [len(rows) for rows in first] == [700, 300]
    assert (first[1] == again[1]).all()
    assert not (first[1] == other[1]).all()
    assert (np.diff(first[0]) > 0).all()


@pytest.mark.parametrize("fractions", [(0.5, 0.4), (1.5, -0.5), (1.0, 0.0), ()])
def test_fractions_must_be_shares_of_one(fractions: tuple[float, ...]) -> None:
    with pytest.raises(SpecError, match=r"fractions .* expected positive, summing to 1"):
        split(table(10), fractions)


def test_a_part_whose_weights_cancel_is_refused() -> None:
    with pytest.raises(DataError, match="sum to"):
        split(table(4, weight=[1.0, 1.0, 1.0, -5.0]), (0.5, 0.5), rng=1)
