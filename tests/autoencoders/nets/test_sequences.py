from __future__ import annotations

import pytest
import torch

from sciae.autoencoders.features import Features
from sciae.autoencoders.nets import SequenceDecoder, SequenceEncoder
from sciae.errors import SpecError

RNG = torch.Generator().manual_seed(1)


def features(lengths: list[int], size: int = 6) -> Features:
    mask = torch.arange(size) < torch.tensor(lengths)[:, None]
    symbol = torch.randint(0, 3, mask.shape, generator=RNG)
    inputs = torch.nn.functional.one_hot(symbol, 3).double() * mask[..., None]
    beside = torch.randn(len(mask), 2, generator=RNG, dtype=torch.float64)
    return Features(beside, beside, sets={"s": Features(inputs, symbol[..., None], mask=mask)})


def encoder() -> SequenceEncoder:
    return SequenceEncoder("s", 3, 4, flat=2, size=6, hidden=(8, 7)).double()


def replaced(given: Features, inputs: torch.Tensor) -> Features:
    own = given.sets["s"]
    return Features(
        given.inputs, given.targets, sets={"s": Features(inputs, own.targets, mask=own.mask)}
    )


def test_padding_does_not_matter() -> None:
    net, given = encoder(), features([0, 1, 3, 6])
    own = given.sets["s"]
    assert own.mask is not None
    x = torch.where(own.mask[..., None], own.inputs, 7.0)
    torch.testing.assert_close(net(replaced(given, x)), net(given), rtol=1e-12, atol=1e-12)
    longer = torch.cat((own.inputs, torch.ones(4, 3, 3, dtype=torch.float64)), 1)
    mask = torch.cat((own.mask, torch.zeros(4, 3, dtype=torch.bool)), 1)
    sets = {"s": Features(longer, longer, mask=mask)}
    other = Features(given.inputs, given.targets, sets=sets)
    torch.testing.assert_close(net(other), net(given), rtol=1e-12, atol=1e-12)


def test_order_length_and_each_token_matter() -> None:
    net, given = encoder(), features([3])
    own = given.sets["s"]
    before = net(given)
    for order in ([1, 0, 2, 3, 4, 5], [0, 2, 1, 3, 4, 5]):
        x = torch.eye(3).double()[[0, 1, 2, 0, 0, 0]][None]
        assert not torch.allclose(net(replaced(given, x)), net(replaced(given, x[:, order])))
    for at in range(3):
        x = own.inputs.clone()
        x[0, at] = x[0, at].roll(1)
        assert not torch.allclose(net(replaced(given, x)), before)
    assert not torch.allclose(net(features([0])), net(features([1])))


def test_every_row_is_told_for_itself() -> None:
    net, given = encoder(), features([2, 0, 5, 6])
    rows = torch.tensor([3, 1])
    torch.testing.assert_close(net(given.take(rows)), net(given)[rows], rtol=1e-12, atol=1e-12)


def test_a_code_gives_logits_of_each_position_and_flat_parameters() -> None:
    net = SequenceDecoder("s", 2, size=5, element_parameters=4, flat_parameters=3, hidden=(8, 6))
    flat, sets = net(torch.randn(7, 2, generator=RNG))
    assert (flat.shape, sets["s"].shape) == ((7, 3), (7, 5, 4))
    assert sets["s"].std(1).min() > 0


def test_a_layer_is_needed() -> None:
    with pytest.raises(SpecError, match="SequenceEncoder: no hidden layer; expected one or more"):
        SequenceEncoder("s", 3, 4, hidden=())
    with pytest.raises(SpecError, match="SequenceDecoder: no hidden layer"):
        SequenceDecoder("s", 3, size=2, element_parameters=3, hidden=())
