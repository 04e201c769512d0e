r"""Truncated Gaussians on a grid, added in place, by products of one factor per dimension.

.. math:: G(s) = h \max\bigl(0, e^{-\|(s - c) / \sigma\|^2 / 2} - e^{-r^2 / 2}\bigr)

with the cutoff r; differences are by the shorter way round in a periodic dimension.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.simulation.bias.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["add_gaussian", "wrapped"]


@compiled
def wrapped(x: float, period: float) -> float:
    """A difference by the shorter way round; as it is where the period is 0."""
    return x - period * np.round(x / period) if period > 0 else x


@compiled
def add_gaussian(  # noqa: PLR0917 - compiled code has no objects to hold them
    values: Array, shape: Indices, low: Array, spacing: Array, period: Array,
    height: float, center: Array, sigma: Array, cutoff: float,
) -> None:  # fmt: skip
    """Add `height` times a truncated Gaussian to flat `values`, the last dimension fastest."""
    dim = len(shape)
    first, count = np.zeros(3, np.int64), np.ones(3, np.int64)
    size, factor = np.ones(3, np.int64), np.ones((3, np.max(shape)))
    for d in range(dim):
        at = 3 - dim + d
        size[at] = shape[d]
        first[at], count[at] = _range(
            center[d], cutoff * sigma[d], low[d], spacing[d], shape[d], period[d]
        )
        for k in range(count[at]):
            x = low[d] + (first[at] + k) * spacing[d] - center[d]
            x = wrapped(x, period[d]) / sigma[d]
            factor[at, k] = math.exp(-0.5 * x * x)
    least = math.exp(-0.5 * cutoff * cutoff)
    for a in range(count[0]):
        i = (first[0] + a) % size[0]
        for b in range(count[1]):
            j = (first[1] + b) % size[1]
            product, row = factor[0, a] * factor[1, b], (i * size[1] + j) * size[2]
            if product > least:
                _add_row(values, row, first[2], count[2], size[2], factor[2], product, least,
                         height)  # fmt: skip


@compiled
def _add_row(  # noqa: PLR0917 - as above
    values: Array, row: int, first: int, count: int, size: int, factor: Array,
    product: float, least: float, height: float,
) -> None:  # fmt: skip
    for c in range(count):
        excess = product * factor[c] - least
        if excess > 0:
            values[row + (first + c) % size] += height * excess


@compiled
def _range(  # noqa: PLR0917 - as above
    center: float, reach: float, low: float, spacing: float, nodes: int, period: float
) -> tuple[int, int]:
    """The first node within reach, which may be negative if periodic, and how many."""
    if period > 0 and 2 * reach >= period:
        return 0, nodes
    start = math.ceil((center - reach - low) / spacing)
    stop = math.floor((center + reach - low) / spacing)
    if period == 0:
        start, stop = max(start, 0), min(stop, nodes - 1)
    return start, max(stop - start + 1, 0)
