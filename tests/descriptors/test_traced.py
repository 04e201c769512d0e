from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from numpy.testing import assert_allclose
from torch import nn

from sciae.descriptors import Descriptors
from sciae.export.torchscript import quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from sciae.descriptors import Part

    Make = Callable[..., np.ndarray]
    Parts = tuple[Part, ...]


class Module(nn.Module):
    def __init__(self, descriptors: Descriptors) -> None:
        super().__init__()
        self.descriptors = descriptors

    def forward(self, xyz: torch.Tensor) -> torch.Tensor:
        return self.descriptors.torch(xyz)


def test_a_trace_serves_any_number_of_frames_and_both_precisions(
    every_part: Parts, coordinates: Make
):
    module = Module(Descriptors(every_part, atoms=12))
    with quiet():
        traced = torch.jit.trace(module, torch.tensor(coordinates(0, 2)), check_trace=False)
    for dtype in (torch.float64, torch.float32):
        points = torch.tensor(coordinates(1, 5), dtype=dtype, requires_grad=True)
        ours, theirs = traced(points), module(points)
        assert ours.dtype == dtype
        assert_allclose(ours.detach(), theirs.detach(), rtol=1e-6)
        slopes = [torch.autograd.grad(v.sum(), points)[0] for v in (ours, theirs)]
        assert_allclose(slopes[0], slopes[1], rtol=1e-3, atol=1e-3)


def test_torch_export_serves_any_number_of_frames(every_part: Parts, coordinates: Make):
    some = (every_part[0], every_part[3], every_part[11])
    module = Module(Descriptors(some, atoms=12))
    frames = ({0: torch.export.Dim("frame", min=1)},)
    program = torch.export.export(module, (torch.tensor(coordinates(0, 2)),), dynamic_shapes=frames)
    points = torch.tensor(coordinates(1, 5))
    assert_allclose(program.module()(points), module(points), rtol=1e-12)
