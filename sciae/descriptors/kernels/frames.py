"""Frames: all parts of each frame of a trajectory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.descriptors.kernels.compiler import machine_code
from sciae.descriptors.kernels.values import values_into

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["frames_into"]


@machine_code
def frames_into(  # noqa: PLR0917 - compiled code has no objects to hold them
    plan: NDArray[np.int64],
    atoms: NDArray[np.uint64],
    constants: Array,
    work: Array,
    used: NDArray[np.int64],
    xyz: NDArray[Any],
    boxes: Array,
    out: Array,
) -> int:
    """All numbers of each frame into out, (frame, number); the first not finite, or -1.

    `boxes` is of all frames, or of each.
    """
    x = np.empty((len(used), 3))
    for frame in range(len(xyz)):
        for k in range(len(used)):
            for axis in range(3):
                x[k, axis] = xyz[frame, used[k], axis]
        box = boxes[frame if len(boxes) > 1 else 0]
        values_into(plan, atoms, constants, work, x, box, out[frame])
        if not (_finite(x) and math.isfinite(out[frame].sum())):
            return frame
    return -1


@machine_code
def _finite(x: Array) -> bool:
    total = 0.0
    for value in x.flat:
        total += value
    return math.isfinite(total)
