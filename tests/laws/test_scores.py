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
    return score(case.model, case.model.features(to_batch(table)), draws=8)


def numbers(parts: Parts) -> dict[str, torch.Tensor]:
    return {"total": parts.total, "flat": parts.flat, "code": parts.code, **parts.sets}


def assert_close(one: Parts, other: Parts) -> None:
    scale = CLOSE * other.total.abs().mean().item()
    for name, theirs in numbers(other).items():
        torch.testing.assert_close(numbers(one)[name], theirs, rtol=CLOSE, atol=scale)


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


def test_the_size_of_a_batch_changes_no_score(case: Any) -> None:
    one = whole(case)
    for piece in np.split(np.arange(len(case.table)), [1, 2, 7]):
        assert_close(whole(case, piece), taken(one, piece))


def test_a_score_is_the_same_each_time_whatever_the_mode_and_seed_of_torch(case: Any) -> None:
    state = {name: x.clone() for name, x in case.model.state_dict().items()}
    one = whole(case)
    case.model.train()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    for name, again in numbers(whole(case)).items():
        assert torch.equal(again, numbers(one)[name])
    assert case.model.training
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(x, state[name]) for name, x in case.model.state_dict().items())


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
        shape = (len(table), field.size) if field.size else (len(table), *field.shape)
        assert by_element[field.name].shape == shape
        one = by_element[field.name].reshape(len(table), -1).sum(1)
        torch.testing.assert_close(one, by_field[field.name], rtol=1e-6, atol=1e-6 * size)


def test_of_a_model_without_a_distribution_over_codes_it_is_the_reconstruction(case: Any) -> None:
    """With an uncorrupted input, and at the mean code."""
    case.model.eval().corruption = None
    code = case.model.encode(case.features())
    if code.log_sigma is None:
        loss = case.model.loss(case.features(), torch.Generator())
        parts = whole(case)
        if code.log_rate is None:  # a Poisson loss is of drawn counts
            reconstruction = loss.terms["reconstruction"].detach()
            torch.testing.assert_close(parts.total, reconstruction, rtol=CLOSE, atol=CLOSE)
            assert not parts.code.any()
        else:
            torch.testing.assert_close(parts.code, loss.terms["kl"].detach())


@pytest.mark.parametrize("name", ["variational flat", "beta sets", "variational images"])
def test_of_a_variational_model_it_is_below_the_mean_loss(
    case_of: Callable[[str], Any], name: str
) -> None:
    """The evidence is never less than the bound on average."""
    case = case_of(name)
    features, rng = case.features(), torch.Generator().manual_seed(1)
    losses = [case.model.loss(features, rng).terms for _ in range(64)]
    bound = torch.stack([one["reconstruction"] + one["kl"] for one in losses]).detach()
    total = score(case.model, features, draws=64).total
    assert total.mean() < bound.mean()
