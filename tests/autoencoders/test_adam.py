from __future__ import annotations

import pytest
import torch
from torch import nn

from sciae.autoencoders.adam import AdamW


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_torchs_adamw(weight_decay: float, dtype: torch.dtype) -> None:
    shapes = ((3, 4), (4,), (1,), (5, 3))
    start = [torch.randn(shape, dtype=dtype) for shape in shapes]
    ours, theirs = ([nn.Parameter(x.clone()) for x in start] for _ in range(2))
    one = AdamW(ours, weight_decay=weight_decay)
    other = torch.optim.AdamW(theirs, weight_decay=weight_decay, foreach=False)
    for step in range(50):
        gradients = [torch.randn_like(x) for x in start]
        other.param_groups[0]["lr"] = rate = 0.01 / (1 + step)
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient.clone()
        one.step(gradients, rate=rate)
        other.step()
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    for x, y in zip(ours, theirs, strict=True):
        torch.testing.assert_close(x, y, rtol=tolerance, atol=tolerance)


def test_it_goes_on_from_its_state() -> None:
    gradients = [[torch.randn(3)] for _ in range(6)]
    x, y = (nn.Parameter(torch.ones(3)) for _ in range(2))
    whole, first = AdamW([x]), AdamW([y])
    for gradient in gradients:
        whole.step(gradient, rate=0.1)
    for gradient in gradients[:3]:
        first.step(gradient, rate=0.1)
    second = AdamW([y])
    second.load(first.state())
    for gradient in gradients[3:]:
        second.step(gradient, rate=0.1)
    assert torch.equal(x, y)
