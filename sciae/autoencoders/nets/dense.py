"""Dense: fully connected layers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from sciae.autoencoders.heads.joint import Decoded
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sciae.autoencoders.features import Features

__all__ = ["ACTIVATIONS", "DenseDecoder", "DenseEncoder", "activation", "dense"]

MATRIX = 2  # axes

# Smooth by default: the gradient of an exported variable is a force.
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "silu": nn.SiLU, "tanh": nn.Tanh, "softplus": nn.Softplus, "gelu": nn.GELU,
    "relu": nn.ReLU, "none": nn.Identity,
}  # fmt: skip


def activation(name: str) -> nn.Module:
    """The activation of that name.

    Raises
    ------
    SpecError
        If there is none.
    """
    if name not in ACTIVATIONS:
        raise SpecError(f"no activation {name!r}", expected=f"one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


class Linear(nn.Module):
    """The map x W + b, with the longer side of W kept contiguous.

    ``torch.nn.Linear`` always keeps W as (out, in); for a small net that expands, the
    transposing and the slower products cost a twentieth of the training time. Initial
    values are the same.
    """

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        most = into**-0.5
        self.narrows = into > out
        shape = (out, into) if self.narrows else (into, out)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-most, most))
        self.bias = nn.Parameter(torch.empty(out).uniform_(-most, most))

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., in) -> (..., out)."""
        if self.narrows:
            return linear(x, self.weight, self.bias)
        if x.dim() == MATRIX:
            return torch.addmm(self.bias, x, self.weight)
        return x @ self.weight + self.bias


def dense(sizes: Sequence[int], *, between: str = "silu") -> nn.Sequential:
    """Linear layers of these sizes, an activation between them, none at the end.

    Examples
    --------
    >>> len(dense((4, 8, 2)))
    3
    """
    layers: list[nn.Module] = []
    for into, out in itertools.pairwise(sizes):
        layers += [Linear(into, out), activation(between)]
    return nn.Sequential(*layers[:-1])


class DenseEncoder(nn.Module):
    """Flat inputs -> hidden vector."""

    def __init__(
        self,
        inputs: int,
        width: int,
        *,
        hidden: Sequence[int] = (128, 64),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        self.settings: dict[str, object] = {
            "inputs": inputs,
            "width": width,
            "hidden": list(hidden),
            "activation": activation,
        }
        self.net = dense((inputs, *hidden, width), between=activation)

    def forward(self, features: Features) -> Tensor:
        """The hidden vector, shape (row, width)."""
        out: Tensor = self.net(features.inputs)
        return out


class DenseDecoder(nn.Module):
    """Code -> parameters of the flat heads."""

    def __init__(
        self,
        dim: int,
        parameters: int,
        *,
        hidden: Sequence[int] = (64, 128),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        self.settings: dict[str, object] = {
            "dim": dim,
            "parameters": parameters,
            "hidden": list(hidden),
            "activation": activation,
        }
        self.net = dense((dim, *hidden, parameters), between=activation)

    def forward(self, z: Tensor) -> Decoded:
        """Parameters, shape (row, parameter)."""
        return Decoded(self.net(z))
