"""A score belongs to its row alone, and is the sum of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders.score import Parts, score
from sciae.batch import to_batch

if TYPE_CHECKING:
    from collections.abc import Callable

CLOSE = 1e-5  # of a score


def whole(case: Any, rows: Any = None) -> Parts:
    table = case.table if rows is None else case.table.take(rows)
    return score(case.model, case.model.features(to_batch(table)), draws=16)


def assert_close(one: Parts, other: Parts) -> None:
    scale = CLOSE * other.total.abs().mean().item()
    for name in ("total", "flat", "code"):
        ours, theirs = getattr(one, name), getattr(other, name)
        torch.testing.assert_close(ours, theirs, rtol=CLOSE, atol=scale)


def taken(parts: Parts, rows: Any) -> Parts:
    sets = {name: x[rows] for name, x in parts.sets.items()}
    return Parts(parts.total[rows], parts.flat[rows], sets, parts.code[rows])


def test_the_order_of_rows_changes_no_score(case: Any) -> None:
    order = np.random.default_rng(2).permutation(len(case.table))
    assert_close(whole(case, order), taken(whole(case), order))


def test_the_order_of_rows_changes_no_normaliser(case: Any) -> None:
    order = np.random.default_rng(2).permutation(len(case.table))
    features = case.features()
    case.model.fit_normaliser(list(case.table.take(order).chunks(7)))
    again = case.features()
    torch.testing.assert_close(again.inputs, features.inputs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rows", [1, 5, 40])
def test_the_size_of_a_batch_changes_no_score(case: Any, rows: int) -> None:
    at = np.arange(len(case.table))
    one = whole(case)
    for start in range(0, len(at), rows):
        piece = at[start : start + rows]
        assert_close(whole(case, piece), taken(one, piece))


def test_a_score_is_the_same_each_time_and_leaves_the_model_in_training(case: Any) -> None:
    case.model.train()
    before = torch.random.get_rng_state()
    assert torch.equal(whole(case).total, whole(case).total)
    assert case.model.training
    assert torch.equal(torch.random.get_rng_state(), before)


def test_parts_add_up(case: Any) -> None:
    parts, table = whole(case), case.table
    by_field = parts.by_field(case.model)
    assert [*by_field] == [*table.schema.names, "code"]
    size = parts.total.abs().max().item()
    torch.testing.assert_close(
        torch.stack([*by_field.values()]).sum(0), parts.total, rtol=1e-6, atol=1e-6 * size
    )
    by_element = parts.by_element(case.model)
    assert {*by_element} == {*table.schema.names}
    for field in table.schema:
        shape = (len(table), field.size) if field.kind == "set" else (len(table), *field.shape)
        assert by_element[field.name].shape == shape
        one = by_element[field.name].reshape(len(table), -1).sum(1)
        torch.testing.assert_close(one, by_field[field.name], rtol=1e-6, atol=1e-6 * size)


@pytest.mark.parametrize("name", ["plain", "linear", "plain sets", "plain images"])
def test_of_a_deterministic_model_it_is_the_loss(case_of: Callable[[str], Any], name: str) -> None:
    case = case_of(name)
    loss = case.model.loss(case.features(), torch.Generator())
    torch.testing.assert_close(whole(case).total, loss.total.detach(), rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("name", ["variational", "variational sets", "variational images"])
def test_of_a_variational_model_it_is_below_the_mean_loss(
    case_of: Callable[[str], Any], name: str
) -> None:
    """The evidence is never less than the bound on average."""
    case = case_of(name)
    features, rng = case.features(), torch.Generator().manual_seed(1)
    draws = [case.model.loss(features, rng).total.detach() for _ in range(64)]
    bound = torch.stack(draws).mean(0)
    total = score(case.model, features, draws=64).total
    assert total.mean() < bound.mean()
