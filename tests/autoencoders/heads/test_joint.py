from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from sciae.autoencoders.features import Features
from sciae.autoencoders.heads import (
    Bernoulli,
    Categorical,
    Decoded,
    Joint,
    Multinomial,
    Normal,
    Poisson,
    VonMises,
)
from sciae.autoencoders.normalise import Normaliser
from sciae.batch import to_batch
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table

TOLERANCE = {torch.float64: 1e-9, torch.float32: 5e-5}
SET = Field(
    name="jet",
    kind="set",
    size=3,
    inner=(Field(name="pt", kind="continuous"), Field(name="n", kind="count")),
)


def slots(dtype: torch.dtype, mask: torch.Tensor, rng: torch.Generator) -> Features:
    """Elements of `SET`, with rubbish where there is none."""
    pt = torch.randn(*mask.shape, generator=rng, dtype=torch.float64)
    n = torch.poisson(torch.full(mask.shape, 3.0, dtype=torch.float64), generator=rng)
    targets = torch.where(mask[..., None], torch.stack([pt, n], -1), 1e30)
    return Features(targets.to(dtype), targets.to(dtype), mask=mask)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("rows", [2, 10, 100])
def test_a_set_costs_presence_and_what_is_there(dtype: torch.dtype, rows: int) -> None:
    rng = torch.Generator().manual_seed(1)
    joint = Joint(Schema((SET,)), sigma=0.5)
    mask = torch.rand(rows, 3, generator=rng) < 0.6
    elements = slots(dtype, mask, rng)
    parameters = torch.randn(rows, 3, joint.element_parameters(SET), generator=rng).to(dtype)
    empty = Features(torch.zeros(rows, 0), torch.zeros(rows, 0), sets={"jet": elements})
    nats = joint.nll(Decoded(parameters[:, 0, :0], {"jet": parameters}), empty)

    logit, mean, log_rate = parameters.double().unbind(-1)
    pt, n = elements.targets.double().unbind(-1)
    here = torch.distributions.Normal(mean, 0.5).log_prob(torch.where(mask, pt, 0.0))
    here = here + torch.distributions.Poisson(log_rate.exp()).log_prob(torch.where(mask, n, 0.0))
    presence = torch.distributions.Bernoulli(logits=logit).log_prob(mask.double())
    expected = -(presence + torch.where(mask, here, 0.0))
    tolerance = TOLERANCE[dtype]
    torch.testing.assert_close(nats.sets["jet"].double(), expected, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(
        nats.total().double(), expected.sum(1), rtol=tolerance, atol=10 * tolerance
    )


def test_padding_has_no_gradient() -> None:
    rng = torch.Generator().manual_seed(1)
    joint = Joint(Schema((SET,)))
    mask = torch.tensor([[True, False, False]])
    parameters = torch.randn(1, 3, 3, generator=rng).requires_grad_()
    elements = slots(torch.float32, mask, rng)
    joint.nll(
        Decoded(parameters[:, 0, :0], {"jet": parameters}),
        Features(torch.zeros(1, 0), torch.zeros(1, 0), sets={"jet": elements}),
    ).total().sum().backward()
    assert parameters.grad is not None
    assert (parameters.grad[0, 1:, 1:] == 0).all()
    assert (parameters.grad[0, 0] != 0).all()


def test_each_field_gets_its_own_head_and_columns(mixed: Callable[..., Table]) -> None:
    table = mixed(sets=False)
    joint = Joint(table.schema, sigma=1.0)
    features = Normaliser(table.schema).fit([table])(to_batch(table), torch.float64)
    rng = torch.Generator().manual_seed(1)
    flat = torch.randn(len(table), joint.parameters_flat, generator=rng, dtype=torch.float64)
    nats = joint.nll(Decoded(flat), features).flat
    heads: list[tuple[str, Any, int, slice]] = [
        ("mass", Normal(1, sigma=1.0), 0, slice(0, 1)),
        ("shape", Normal(4, sigma=1.0), 1, slice(1, 5)),
        ("angle", VonMises(1), 5, slice(5, 6)),
        ("flag", Bernoulli(1), 7, slice(6, 7)),
        ("type", Categorical(1, classes=3), 8, slice(7, 8)),
        ("hits", Poisson(1), 11, slice(8, 9)),
        ("shares", Multinomial(3), 12, slice(9, 12)),
    ]
    places = {place.field.name: place.targets for place in joint.layout.places}
    for name, head, start, targets in heads:
        assert places[name] == targets
        stop = start + head.per_column * head.columns
        own = head.nll(flat[:, start:stop], features.targets[:, targets])
        torch.testing.assert_close(nats[:, targets], own)
    assert joint.parameters_flat == 15


def test_what_is_not_observed_costs_nothing() -> None:
    joint = Joint(Schema((Field(name="x", kind="continuous", shape=(2,)),)))
    seen = torch.tensor([[True, False]])
    parameters = torch.ones(1, 2, requires_grad=True)
    features = Features(torch.zeros(1, 2), torch.zeros(1, 2), observed=seen)
    nats = joint.nll(Decoded(parameters), features)
    nats.total().sum().backward()
    assert nats.flat[0, 1] == 0
    assert nats.flat[0, 0] > 0
    assert parameters.grad is not None
    assert parameters.grad[0, 1] == 0


def test_draws_and_means_are_in_the_places_of_the_targets(mixed: Callable[..., Table]) -> None:
    joint = Joint(mixed(sets=False).schema)
    flat = torch.zeros(5, joint.parameters_flat)
    assert joint.mean(flat).shape == (5, 12)
    assert joint.sample(flat, torch.Generator().manual_seed(1)).shape == (5, 12)
    only_a_set = Joint(Schema((SET,)))
    assert only_a_set.mean(torch.zeros(5, 0)).shape == (5, 0)


@pytest.mark.parametrize("name", ["keys", "values", "type", "training"])
def test_a_set_may_be_named_as_a_method_is(name: str) -> None:
    field = Field(name=name, kind="set", size=2, inner=SET.inner)
    assert Joint(Schema((field,))).element_parameters(field) == 3
    assert Normaliser(Schema((field,))).layout.inputs == 0


def test_parameters_of_a_head_are_still_a_modules() -> None:
    joint = Joint(Schema((Field(name="x", kind="continuous"),)))
    assert [len(list(head.parameters())) for head in joint.heads] == [1]
