"""Network: a collective variable as modules of torch, in float64, that can be traced."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.raw.inputs import AFFINE, COSINE, COUNT, ONE_HOT, SHOWN, SINE
from sciae.collective.layers import layers_of
from sciae.export.arrays import LEAST_SQUARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.descriptors import Descriptors
    from sciae.export.arrays import NumpyEncoder

__all__ = ["FiniteNumbersModule", "NumbersModule", "VariableModule"]


class VariableModule(nn.Module):
    """Coordinates (frame, atom, 3), and a box if periodic -> (frame, dim), in their dtype."""

    def __init__(self, descriptors: Descriptors, numbers: NumbersModule) -> None:
        super().__init__()
        self.descriptors, self.numbers = descriptors, numbers

    def forward(self, xyz: Tensor, box: Tensor | None = None) -> Tensor:
        """Values of configurations in nm."""
        wide = None if box is None else box.double()
        numbers = self.descriptors.torch(xyz.double(), wide)
        return finite_only(numbers, self.numbers(numbers)).type_as(xyz)


class NumbersModule(nn.Module):
    """Raw numbers (frame, number) -> (frame, dim), in their dtype; computed in float64."""

    def __init__(self, encoder: NumpyEncoder) -> None:
        super().__init__()
        self.activation, self.end = encoder.activation, encoder.end
        self.layers = len(encoder.sizes) - 1
        for layer, (matrix, bias) in enumerate(layers_of(encoder.sizes, encoder.weights)):
            self.register_buffer(f"weight_{layer}", torch.tensor(matrix, dtype=torch.float64))
            self.register_buffer(f"bias_{layer}", torch.tensor(bias, dtype=torch.float64))
        for name in ("column", "a", "b", "least", "function"):
            self.register_buffer(name, torch.tensor(getattr(encoder, name)))
        self.kinds = sorted({int(f) for f in encoder.function})

    def forward(self, numbers: Tensor) -> Tensor:
        """Coordinates of raw rows."""
        h = self._inputs(numbers.double())
        for layer in range(self.layers):
            weight, bias = self.get_buffer(f"weight_{layer}"), self.get_buffer(f"bias_{layer}")
            h = nn.functional.linear(h, weight, bias)
            if layer < self.layers - 1:
                h = ACTIVATIONS[self.activation](h)
        return (_angles(h) if self.end == "angles" else h).type_as(numbers)

    def _inputs(self, numbers: Tensor) -> Tensor:
        """The normalised inputs; zero, with no slope, where not observed."""
        each = numbers[:, self.get_buffer("column")]
        seen = each >= self.get_buffer("least")  # NaN is not
        each = torch.where(seen, each, 0.0)
        a, b, function = (self.get_buffer(name) for name in ("a", "b", "function"))
        made = torch.zeros_like(each)
        for kind in self.kinds:
            here = function == kind
            safe = torch.where(here, each, 0.0)  # no slope from where it is another function's
            made = torch.where(here, FUNCTIONS[kind](safe, a, b), made)
        return torch.where(seen, made, 0.0)


class FiniteNumbersModule(nn.Module):
    """As `NumbersModule`, but NaN where a number is not finite: not taken for a gap."""

    def __init__(self, numbers: NumbersModule) -> None:
        super().__init__()
        self.numbers = numbers

    def forward(self, numbers: Tensor) -> Tensor:
        """Coordinates of rows that an engine computed."""
        return finite_only(numbers, self.numbers(numbers))


def finite_only(numbers: Tensor, values: Tensor) -> Tensor:
    """Values of rows (row, dim), NaN where a number of the row is not finite."""
    return torch.where(numbers.isfinite().all(1, keepdim=True), values, math.nan)


def _angles(h: Tensor) -> Tensor:
    """atan2 of each pair (c, s); 0, with no slope, where it has no direction."""
    c, s = h[:, ::2], h[:, 1::2]
    there = c * c + s * s > LEAST_SQUARE
    return torch.atan2(torch.where(there, s, 0.0), torch.where(there, c, 1.0))


# Value of each function of one raw number, as in `sciae.export.arrays`.
FUNCTIONS: dict[int, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    AFFINE: lambda x, a, b: (x - a) / b,
    COUNT: lambda x, a, b: (torch.log1p(x) - a) / b,
    COSINE: lambda x, a, _: torch.cos(a * x),
    SINE: lambda x, a, _: torch.sin(a * x),
    ONE_HOT: lambda x, a, _: ((x - a).abs() < 0.5).double(),  # noqa: PLR2004 - nearest
    SHOWN: lambda x, a, _: (x >= a).double(),
}
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": nn.functional.silu,
    "tanh": torch.tanh,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),  # torch's own is linear at 20
    "gelu": lambda x: x * (1 + torch.erf(x * math.sqrt(0.5))) / 2,
    "relu": nn.functional.relu,
    "none": lambda x: x,
}
