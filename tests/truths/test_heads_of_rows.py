"""A whole row costs what its fields cost, its elements, and their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy import special, stats

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import Decoded, Joint
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}


def von_mises(p: Floats, x: Floats) -> Floats:
    a, b = np.split(p, 2, axis=-1)
    return -stats.vonmises.logpdf(x, np.hypot(a, b), loc=np.arctan2(b, a))


ROW = Schema(
    (
        Field(name="phi", kind="periodic", period=360.0),
        Field(name="x", kind="continuous", shape=(2,)),
        Field(name="n", kind="count"),
        Field(
            name="hits",
            kind="set",
            size=3,
            inner=(
                Field(name="q", kind="binary"),
                Field(name="e", kind="continuous"),
                Field(name="t", kind="categorical", classes=("a", "b")),
            ),
        ),
    )
)


def truth_of_element(p: Floats, y: Floats) -> Floats:
    """Continuous, binary, categorical: the order in which kinds are laid out."""
    energy = stats.norm.logpdf(y[..., 0], p[..., 0], 0.4)
    flag = special.log_expit(np.where(y[..., 1] == 1, p[..., 1], -p[..., 1]))
    kind = np.take_along_axis(
        special.log_softmax(p[..., 2:4], axis=-1), y[..., 2:].astype(int), -1
    )[..., 0]
    return -(energy + flag + kind)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_a_row_costs_its_fields_its_elements_and_their_number(dtype: torch.dtype) -> None:
    joint, rng = Joint(ROW, sigma=0.4).to(dtype), np.random.default_rng(1)
    rows = 20
    flat = np.column_stack(
        [rng.normal(size=(rows, 2)), rng.uniform(-3, 3, rows), rng.poisson(3, rows)]
    )
    mask = rng.random((rows, 3)) < 0.6
    y = np.stack(
        [
            rng.normal(size=(rows, 3)),
            rng.integers(0, 2, (rows, 3)),
            rng.integers(0, 2, (rows, 3)),
        ],
        -1,
    )
    p, slots = rng.normal(size=(rows, 5)), rng.normal(size=(rows, 3, 5))
    flat, y, p, slots = (torch.tensor(v, dtype=dtype) for v in (flat, y, p, slots))
    elements = Features(y, y, mask=torch.tensor(mask))
    seen = torch.tensor(rng.random((rows, 4)) < 0.7)

    got = joint.nll(
        Decoded(p, {"hits": slots}), Features(flat, flat, observed=seen, sets={"hits": elements})
    )

    p, slots, flat, y = (v.double().numpy() for v in (p, slots, flat, y))
    want = np.column_stack(
        [
            -stats.norm.logpdf(flat[:, :2], p[:, :2], 0.4),
            von_mises(p[:, 2:4], flat[:, 2:3]),
            -stats.poisson.logpmf(flat[:, 3:], np.exp(p[:, 4:])),
        ]
    )
    there = special.log_expit(np.where(mask, slots[..., 0], -slots[..., 0]))
    set_want = -there + np.where(mask, truth_of_element(slots[..., 1:], y), 0)
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(got.flat.double(), np.where(seen, want, 0), **tolerance)
    np.testing.assert_allclose(got.sets["hits"].double(), set_want, **tolerance)
    whole = np.where(seen, want, 0).sum(1) + set_want.sum(1)
    np.testing.assert_allclose(got.total().double(), whole, **tolerance)


def test_what_is_not_observed_costs_nothing_and_pulls_at_nothing() -> None:
    schema = Schema(ROW.fields[:3])
    joint = Joint(schema, sigma="predicted")
    p = (1e3 * torch.ones(2, joint.parameters_flat)).requires_grad_()
    x = torch.zeros(2, 4)
    seen = torch.tensor([[False] * 4, [True] * 4])
    nats = joint.nll(Decoded(p), Features(x, x, observed=seen)).total()
    (gradient,) = torch.autograd.grad(nats.sum(), p)
    assert nats[0] == 0
    assert (gradient[0] == 0).all()
    assert gradient[1].isfinite().all()
    assert (gradient[1] != 0).any()
