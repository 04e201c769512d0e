"""Matched sets cost what the best of all assignments does; sequences are a distribution."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import special, stats

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint, Sequence
from sciae.schema import Field, Schema

INNER = (Field(name="e", kind="continuous"), Field(name="q", kind="binary"))
TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}


def case(size: int, rows: int = 30) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Slots, targets and mask of random sets: none, all and some elements."""
    rng = np.random.default_rng(size)
    mask = rng.random((rows, size)) < 0.6
    mask[0], mask[1] = False, True
    e, q = rng.normal(size=(rows, size)), rng.integers(0, 2, (rows, size))
    slots = 2 * rng.normal(size=(rows, size, 3))
    return torch.tensor(slots), torch.tensor(np.stack([e, q], -1)), torch.tensor(mask)


def told(matching: str, slots: torch.Tensor, y: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Nats of each element, with rubbish as padding."""
    field = Field(name="jet", kind="set", size=slots.shape[1], inner=INNER)
    joint = Joint(Schema((field,)), sigma=0.7, matching=matching)
    y = torch.where(mask[..., None], y, 1e6)
    none = y.new_zeros(len(y), 0)
    features = Features(none, none, sets={"jet": Features(y, y, mask=mask)})
    return joint.nll(Decoded(none, {"jet": slots}), features).sets["jet"]


def pairs(slots: np.ndarray, y: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scipy's nats of each slot telling each element, and of there being one or none."""
    there, e, q = (slots[:, :, None, k] for k in range(3))
    inner = stats.norm.logpdf(y[:, None, :, 0], e, 0.7)
    inner = inner + special.log_expit(np.where(y[:, None, :, 1] == 1, q, -q))
    inner = np.where(mask[:, None], -inner, 0)
    return inner, -special.log_expit(np.where(mask[:, None], there, -there))


@pytest.mark.parametrize("size", [1, 2, 4, 6])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_a_matched_set_costs_the_least_of_all_assignments(dtype: torch.dtype, size: int) -> None:
    slots, y, mask = case(size)
    got = told("hungarian", slots.to(dtype), y.to(dtype), mask).double()
    assert got.shape == mask.shape
    inner, presence = pairs(slots.numpy(), y.numpy(), mask.numpy())
    cost, k = inner + presence, range(size)
    every = [cost[:, list(order), k].sum(1) for order in itertools.permutations(k)]
    tolerance = size * TOLERANCE[dtype]
    np.testing.assert_allclose(got.sum(1), np.min(every, 0), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("size", [1, 2, 6])
def test_chamfer_is_nearest_slots_and_whether_they_are_near_any(size: int) -> None:
    slots, y, mask = case(size)
    got = told("chamfer", slots, y, mask)
    inner, _ = pairs(slots.numpy(), y.numpy(), mask.numpy())
    nearest = inner.argmin(1)
    want = np.where(mask, inner.min(1), 0).sum(1)
    for row, there in enumerate(mask.numpy()):
        claimed = np.isin(np.arange(size), nearest[row][there])
        logit = slots[row, :, 0].numpy()
        want[row] -= special.log_expit(np.where(claimed, logit, -logit)).sum()
    np.testing.assert_allclose(got.sum(1), want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("matching", ["hungarian", "chamfer"])
def test_the_order_of_elements_only_orders_their_parts(matching: str) -> None:
    slots, y, mask = case(5)
    order = torch.tensor([3, 0, 4, 1, 2])
    given, turned = (told(matching, slots, *x) for x in ((y, mask), (y[:, order], mask[:, order])))
    torch.testing.assert_close(turned.sum(1), given.sum(1), rtol=1e-12, atol=1e-12)
    there = mask[:, order]
    torch.testing.assert_close(turned[there], given[:, order][there], rtol=1e-12, atol=1e-12)
    ordered = (told("ordered", slots, *x) for x in ((y, mask), (y[:, order], mask[:, order])))
    assert not torch.allclose(*(one.sum(1) for one in ordered))


@pytest.mark.parametrize("size", [1, 3])
def test_matching_pulls_at_the_slots_it_chose_and_no_others(size: int) -> None:
    slots, y, mask = case(size, rows=8)
    slots.requires_grad_()
    for matching in ("ordered", "hungarian", "chamfer"):
        nats = told(matching, slots, y, mask)
        (slope,) = torch.autograd.grad(nats.sum(), slots)
        assert slope.isfinite().all()
        assert (slope[..., 0] != 0).all()  # every slot learns whether it is there
        telling = (slope[..., 1] != 0).sum(1)
        assert (telling <= mask.sum(1)).all()
        if matching != "chamfer":
            assert (telling == mask.sum(1)).all()


def test_parameters_that_are_not_finite_are_left_to_the_loss_to_tell() -> None:
    slots, y, mask = case(3, rows=4)
    slots[2, 1] = torch.nan
    nats = told("hungarian", slots, y, mask)
    assert nats.sum(1).isfinite().tolist() == [True, True, False, True]


# ---- sequences ---------------------------------------------------------------------------------


def tokens(every: list[tuple[int, ...]], size: int) -> Features:
    x = torch.tensor([[*one, *[-1] * (size - len(one))] for one in every], dtype=torch.float64)
    y = x.clamp(min=0)[..., None]
    return Features(y, y, mask=x >= 0)


@pytest.mark.parametrize(("classes", "size"), [(2, 1), (2, 6), (3, 4), (10, 2)])
def test_all_sequences_together_have_probability_one(classes: int, size: int) -> None:
    lengths = range(size + 1)
    every = [x for n in lengths for x in itertools.product(range(classes), repeat=n)]
    rng = torch.Generator().manual_seed(size)
    logits = 2 * torch.randn(1, size, classes + 1, generator=rng, dtype=torch.float64)
    given = logits.expand(len(every), -1, -1)
    nats = Sequence(classes=classes).nll(given, tokens(every, size))
    assert nats.shape == (len(every), size)
    assert (-nats.sum(1)).exp().sum().item() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_a_sequence_costs_its_tokens_and_its_end(dtype: torch.dtype) -> None:
    every = [(), (2,), (0, 1), (1, 1, 2)]
    logits = torch.tensor(np.random.default_rng(1).normal(size=(4, 3, 4)), dtype=dtype)
    got = Sequence(classes=3).nll(logits, tokens(every, 3)).double()
    log_p = special.log_softmax(logits.double().numpy(), axis=-1)
    want = np.zeros((4, 3))
    for row, one in enumerate(every):
        for at, symbol in enumerate([*(token + 1 for token in one), 0][:3]):
            want[row, at] = -log_p[row, at, symbol]
    np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_drawn_sequences_have_their_probabilities() -> None:
    rng = torch.Generator().manual_seed(1)
    logits = torch.randn(1, 2, 3, generator=rng, dtype=torch.float64)
    head, draws = Sequence(classes=2), 100_000
    mask, y = head.sample(logits.expand(draws, -1, -1), rng)
    number = torch.where(mask, y.squeeze(-1) + 1, 0) @ torch.tensor([3.0, 1.0]).double()
    every = [(), (0,), (0, 0), (0, 1), (1,), (1, 0), (1, 1)]
    p = (-head.nll(logits.expand(7, -1, -1), tokens(every, 2)).sum(1)).exp()
    share = number.long().bincount(minlength=9)[[0, 3, 4, 5, 6, 7, 8]] / draws
    assert share.tolist() == pytest.approx(p.tolist(), abs=0.01)
    assert head.mean(logits).mask.shape == (1, 2)


def test_a_reading_stops_at_the_first_end() -> None:
    logits = 9 * torch.nn.functional.one_hot(torch.tensor([[2, 1, 0, 2], [0, 1, 1, 1]]), 3).double()
    mask, y = Sequence(classes=2).mean(logits)
    assert mask.tolist() == [[True, True, False, False], [False] * 4]
    assert y[0, :2, 0].tolist() == [1, 0]
