from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import special, stats

from sciae.autoencoders.heads import Categorical, Multinomial

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_categorical_is_scipys_multinomial_of_one_draw(columns: int, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    logits = torch.tensor(rng.normal(scale=3, size=(20, columns * 4)), dtype=dtype)
    x = rng.integers(0, 4, (20, columns))
    nats = Categorical(columns, classes=4).nll(logits, torch.tensor(x, dtype=dtype))
    p = special.softmax(logits.double().numpy().reshape(20, columns, 4), axis=-1)
    expected = -stats.multinomial.logpmf(np.eye(4)[x], 1, p / p.sum(-1, keepdims=True))
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(nats.double().numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("columns", [2, 10, 100])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_multinomial_is_the_cross_entropy(columns: int, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    logits = torch.tensor(rng.normal(scale=3, size=(20, columns)), dtype=dtype)
    x = torch.tensor(rng.dirichlet(np.ones(columns), 20), dtype=dtype)
    nats = Multinomial(columns).nll(logits, x).double().numpy()
    share = x.double().numpy()
    expected = -share * special.log_softmax(logits.double().numpy(), axis=-1)
    np.testing.assert_allclose(nats, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    at_best = Multinomial(columns).nll(x.log(), x).double().numpy().sum(1)
    np.testing.assert_allclose(
        at_best, stats.entropy(share, axis=1), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
    )


def test_multinomial_of_whole_draws_is_scipys_but_for_the_coefficient() -> None:
    counts, logits = np.array([3.0, 1.0, 2.0]), np.array([0.3, -1.0, 0.5])
    nats = Multinomial(3).nll(torch.tensor(logits), torch.tensor(counts)).sum().item()
    coefficient = special.gammaln(7) - special.gammaln(counts + 1).sum()
    expected = -stats.multinomial.logpmf(counts, 6, special.softmax(logits)) + coefficient
    assert nats == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("head", [Categorical(1, classes=3), Multinomial(3)])
def test_gradients_are_finite_at_extremes(head: Categorical | Multinomial) -> None:
    logits = torch.tensor([[-1e4, 0.0, 1e4]], requires_grad=True)
    x = torch.tensor([[0.0]]) if isinstance(head, Categorical) else torch.tensor([[0.5, 0.5, 0.0]])
    nats = head.nll(logits, x)
    nats.sum().backward()
    assert nats.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_draws_have_the_shares() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0]]).expand(20_000, 3)
    p, rng = logits[0].softmax(0), torch.Generator().manual_seed(1)
    drawn = Categorical(1, classes=3).sample(logits, rng)
    shares = drawn.long().flatten().bincount(minlength=3) / len(drawn)
    assert shares.tolist() == pytest.approx(p.tolist(), abs=0.015)
    onehot = Multinomial(3).sample(logits, rng)
    assert (onehot.sum(1) == 1).all()
    assert onehot.mean(0).tolist() == pytest.approx(p.tolist(), abs=0.015)
    assert Categorical(1, classes=3).mean(logits[:1]).tolist() == [[2.0]]
    assert Multinomial(3).mean(logits[:1]).tolist()[0] == pytest.approx(p.tolist())
