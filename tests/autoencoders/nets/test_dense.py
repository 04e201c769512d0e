from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from sciae.autoencoders.nets import Dense
from sciae.autoencoders.nets.dense import ACTIVATIONS, activation
from sciae.errors import SpecError
from sciae.rng import seeded


def twin(net: Dense, sizes: tuple[int, ...], between: str) -> nn.Sequential:
    """The same net of torch's own layers."""
    layers: list[nn.Module] = []
    for layer, (into, out) in enumerate(itertools.pairwise(sizes)):
        linear = nn.Linear(into, out)
        weight = net.get_parameter(f"weight_{layer}").detach()
        linear.weight.data = (weight if into > out else weight.t()).contiguous()
        linear.bias.data = net.get_parameter(f"bias_{layer}").detach()
        layers += [linear, activation(between)]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("between", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(5, 3), (3, 5), (4, 4), (5, 8, 2, 8, 5)])
@pytest.mark.parametrize("lead", [(7,), (0,), (2, 3)])
def test_it_is_torchs_net_with_its_gradient(
    between: str, sizes: tuple[int, ...], lead: tuple[int, ...]
) -> None:
    net = Dense(sizes, between=between).double()
    other = twin(net, sizes, between)
    x = torch.randn(*lead, sizes[0], dtype=torch.float64)
    y, expected = net(x), other(x)
    torch.testing.assert_close(y, expected)
    y.square().sum().backward()
    expected.square().sum().backward()
    for layer in range(len(sizes) - 1):
        linear = other[2 * layer]
        assert isinstance(linear, nn.Linear)
        grad = net.get_parameter(f"weight_{layer}").grad
        assert grad is not None
        torch.testing.assert_close(
            grad
            if grad.shape == linear.weight.shape and sizes[layer] > sizes[layer + 1]
            else grad.t(),
            linear.weight.grad,
        )


def test_initial_values_are_spread_as_torchs() -> None:
    with seeded(1):
        net, linear = Dense((400, 300)), nn.Linear(400, 300)
    for name in ("weight", "bias"):
        ours, theirs = net.get_parameter(f"{name}_0"), linear.get_parameter(name)
        assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.1)
        assert ours.abs().max().item() == pytest.approx(1 / 20, rel=0.01)


def test_an_unknown_activation_is_refused() -> None:
    with pytest.raises(SpecError, match="no activation 'swish'; expected one of silu, tanh"):
        Dense((2, 2), between="swish")
