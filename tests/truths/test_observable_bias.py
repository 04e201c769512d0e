"""The bias of a quantity computed on reconstructions: exact wherever it is quadratic."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciae.diagnostics.observable import bias


def states(columns: int, rows: int = 300, *, shrink: float = 0.7) -> tuple[Tensor, Tensor, Tensor]:
    """States, reconstructions drawn towards a plane with a shift and noise, and weights."""
    rng = torch.Generator().manual_seed(columns)
    x = torch.randn(rows, columns, generator=rng, dtype=torch.float64) + 1
    noise = torch.randn(rows, columns, generator=rng, dtype=torch.float64)
    weight = torch.rand(rows, generator=rng, dtype=torch.float64)
    return x, shrink * x + 0.1 + 0.2 * noise, weight


@pytest.mark.parametrize("columns", [1, 3, 10, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_exact_for_quadratics(columns: int, *, weighted: bool) -> None:
    x, x_hat, weight = states(columns)
    rng = torch.Generator().manual_seed(1)
    a = torch.randn(columns, columns, generator=rng, dtype=torch.float64)
    b = torch.randn(columns, generator=rng, dtype=torch.float64)
    got = bias(lambda r: r @ a @ r + b @ r + 3, x_hat, x, weight=weight if weighted else None)
    assert abs(got.predicted - got.direct) < 1e-10 * max(1, abs(got.direct))


@pytest.mark.parametrize("columns", [1, 3, 10])
def test_the_terms_are_those_of_the_formula(columns: int) -> None:
    """g.m + tr(H (C + m m')) / 2, and what errors that follow the state add."""
    x, x_hat, _ = states(columns)
    got = bias(lambda r: r @ r, x_hat, x)
    e, g = x_hat - x, 2 * x
    m, c = e.mean(0), torch.cov(e.T, correction=0).reshape(columns, columns)
    assert got.shift == pytest.approx((g.mean(0) @ m).item(), rel=1e-10)
    assert got.curvature == pytest.approx((c.trace() + m @ m).item(), rel=1e-10)
    cross = ((g - g.mean(0)) * (e - m)).mean(0).sum()
    assert got.coupling == pytest.approx(cross.item(), rel=1e-10)


@pytest.mark.parametrize("columns", [1, 3, 10])
def test_errors_that_do_not_know_the_state_do_not_couple(columns: int) -> None:
    rng = torch.Generator().manual_seed(columns)
    x = torch.randn(200, columns, generator=rng, dtype=torch.float64)
    e = torch.randn(30, columns, generator=rng, dtype=torch.float64)
    every = x.repeat_interleave(30, 0)  # each state with each error
    got = bias(lambda r: (r @ r).square(), every + 0.01 * e.repeat(200, 1), every)
    assert abs(got.coupling) < 1e-10


def test_for_other_functions_the_third_order_is_left() -> None:
    x = torch.linspace(-1, 1, 101, dtype=torch.float64)[:, None]
    left = []
    for size in (0.2, 0.1, 0.05):
        got = bias(lambda r: r.exp().sum(), x + size, x)
        left.append(abs(got.direct - got.predicted))
    assert left[0] / left[1] == pytest.approx(8, rel=0.1)
    assert left[1] / left[2] == pytest.approx(8, rel=0.1)


def test_the_direct_bias_has_the_standard_error_of_a_mean() -> None:
    x, x_hat, _ = states(3)
    change = (x_hat.square() - x.square()).sum(1)
    got = bias(lambda r: r @ r, x_hat, x)
    assert got.direct == pytest.approx(change.mean().item(), rel=1e-12)
    assert got.error == pytest.approx(change.std().item() / math.sqrt(len(x)), rel=1e-12)


def test_a_radius_read_off_a_projection_is_too_small_by_what_was_projected_away() -> None:
    """Principal components of N(0, diag(4, 1, 1/4)) with two kept: bias of |x|^2 is -1/4."""
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(20_000, 3, generator=rng, dtype=torch.float64) * torch.tensor([2.0, 1.0, 0.5])
    x_hat = x * torch.tensor([1.0, 1.0, 0.0])
    got = bias(lambda r: r @ r, x_hat, x)
    assert abs(got.direct + 0.25) < 4 * got.error
    assert got.verdict.startswith("yes")
