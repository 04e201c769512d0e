from __future__ import annotations

from typing import Any

import pytest
import torch

from sciae.autoencoders.latents import TopK
from sciae.errors import SpecError


@pytest.mark.parametrize(("dim", "k"), [(1, 1), (5, 2), (40, 7)])
def test_the_largest_positive_numbers_are_kept_where_they_are(dim: int, k: int) -> None:
    hidden = torch.randn(200, dim)
    z = TopK(dim, k)(hidden, None).z
    for row, kept in zip(hidden, z, strict=True):
        largest = row.argsort(descending=True)[:k]
        wanted = torch.zeros(dim)
        wanted[largest] = row[largest].clamp(min=0)
        assert torch.equal(kept, wanted)


def test_only_what_is_kept_has_a_gradient() -> None:
    hidden = torch.tensor([[3.0, 2.0, 1.0, -1.0]], requires_grad=True)
    code = TopK(4, 2)(hidden, None)
    (slope,) = torch.autograd.grad(code.z.sum(), hidden)
    assert slope.tolist() == [[1, 1, 0, 0]]


def test_what_is_not_used_for_long_is_lifted_to_the_least_that_is_kept() -> None:
    latent, rng = TopK(3, 1, revive=0.5, patience=5), torch.Generator()
    hidden = torch.tensor([[2.0, 1.0, -1.0], [3.0, 1.0, 0.0]], requires_grad=True)
    for rows in (2, 4):
        code = latent(hidden, rng)
        assert latent.idle.tolist() == [0, rows, rows]
        assert code.terms["dead"].tolist() == [0, 0]
    code = latent(hidden, rng)  # six rows without use
    assert code.terms["dead"].tolist() == [0.5 * (1 + 3), 0.5 * (2 + 3)]
    (slope,) = torch.autograd.grad(code.terms["dead"].sum(), hidden)
    assert slope.tolist() == [[0, -0.5, -0.5], [0, -0.5, -0.5]]
    assert latent(torch.tensor([[0.0, 1.0, 0.5]]), rng).terms["dead"].tolist() == [0.25]
    assert latent.idle.tolist() == [1, 0, 7]


def test_use_is_counted_in_training_with_a_generator_only() -> None:
    latent = TopK(3, 1)
    latent(torch.ones(2, 3), None)
    latent.eval()(torch.ones(2, 3), torch.Generator())
    assert latent.idle.tolist() == [0, 0, 0]


@pytest.mark.parametrize("settings", [{"k": 0}, {"k": 4}, {"revive": -1.0}, {"patience": -1}])
def test_what_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"TopK: dim 3, k .*; expected 1 <= k <= dim"):
        TopK(**({"dim": 3, "k": 1} | settings))
