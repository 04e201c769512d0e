"""Pieces of a table join to the table; splits part no group and lose no row."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sciae.batch import split, to_batch
from sciae.table import Origin, Table

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 40
FILES = (Origin(path="a.root", tree="t", stop=25), Origin(path="b.root", start=3, stop=30))


def whole_of(mixed: Callable[..., Table], groups: int = 9) -> Table:
    rng = np.random.default_rng(1)
    return mixed(
        ROWS,
        weight=rng.normal(1, 1, ROWS),
        group=rng.integers(0, groups, ROWS),
        origins=FILES,
        origin=np.repeat([0, 1], [25, 15]),
        entry=np.concatenate([np.arange(25), np.arange(3, 18)]),
        carried={
            "run": rng.integers(0, 5, ROWS),
            "name": np.array([f"row {number}" for number in range(ROWS)]),
        },
        rejected={"bad": 2},
    )


def origin_of(table: Table) -> list[tuple[str, int]]:
    assert table.origin is not None
    assert table.entry is not None
    paths = [table.origins[number].path for number in table.origin]
    return list(zip(paths, table.entry.tolist(), strict=True))


def assert_equal(one: Table, other: Table) -> None:
    assert one.schema == other.schema
    for name in (*one.columns, *one.carried):
        np.testing.assert_array_equal(one[name], other[name])
        assert one[name].dtype == other[name].dtype
    for name in ("weight", "group"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert origin_of(one) == origin_of(other)


@settings(max_examples=40)
@given(cuts=st.sets(st.integers(1, ROWS - 1), max_size=6))
def test_pieces_join_to_the_whole(mixed: Callable[..., Table], cuts: set[int]) -> None:
    whole = whole_of(mixed)
    edges = [0, *sorted(cuts), ROWS]
    pieces = [whole.take(np.arange(*ends)) for ends in itertools.pairwise(edges)]
    assert_equal(Table.concat(pieces), whole)


@settings(max_examples=40)
@given(order=st.permutations(range(ROWS)))
def test_taking_back_undoes_a_taking(mixed: Callable[..., Table], order: list[int]) -> None:
    whole = whole_of(mixed)
    assert_equal(whole.take(order).take(np.argsort(order)), whole)


@settings(max_examples=40)
@given(rows=st.integers(1, ROWS + 3))
def test_chunks_join_to_the_whole(mixed: Callable[..., Table], rows: int) -> None:
    whole = whole_of(mixed)
    pieces = list(whole.chunks(rows))
    assert [len(piece) for piece in pieces[:-1]] == [rows] * (len(pieces) - 1)
    assert_equal(Table.concat(pieces), whole)


@settings(max_examples=60)
@given(
    groups=st.integers(4, 30),
    fractions=st.sampled_from([(0.5, 0.5), (0.7, 0.2, 0.1), (0.25,) * 4, (1.0,)]),
    seed=st.integers(0, 1000),
)
def test_a_split_covers_each_row_once_and_cuts_no_group(
    mixed: Callable[..., Table], groups: int, fractions: tuple[float, ...], seed: int
) -> None:
    rng = np.random.default_rng(groups)
    group = np.concatenate([np.arange(groups), rng.integers(0, groups, ROWS - groups)])
    whole = mixed(ROWS, group=7 * group - 50, carried={"row": np.arange(ROWS)})

    parts = split(whole, fractions, rng=seed)

    rows = np.concatenate([part["row"] for part in parts])
    assert sorted(rows) == list(range(ROWS))
    assert all((np.diff(part["row"]) > 0).all() for part in parts)
    held = [set(part.group.tolist()) for part in parts if part.group is not None]
    assert sum(map(len, held)) == len(set.union(*held)) == groups
    for part, fraction in zip(parts, fractions, strict=True):
        assert len(part) > 0
        assert abs(len(set(part.group.tolist())) - fraction * groups) <= max(1, len(fractions) - 1)
    again = split(whole, fractions, rng=seed)
    assert all((a["row"] == b["row"]).all() for a, b in zip(parts, again, strict=True))


def test_a_batch_is_the_table(mixed: Callable[..., Table]) -> None:
    whole = whole_of(mixed)
    batch = to_batch(whole)
    assert {*batch.columns} == {*whole.columns}
    for name, x in batch.columns.items():
        np.testing.assert_array_equal(x.numpy(), whole[name])
    assert batch.weight is not None
    np.testing.assert_array_equal(batch.weight.numpy(), whole.weight)
