"""The canonical order of constituents: hardest first, ties by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.domains.jets.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["hardest_first"]

GAPS = (227011, 100894, 44842, 19930, 8858, 3937, 1750, 701, 301, 132, 57, 23, 10, 4, 1)


@compiled
def _before(pt: Floats, x: Floats, y: Floats, a: int, b: int) -> bool:
    if pt[a] != pt[b]:
        return bool(pt[a] > pt[b])
    return bool(x[a] < x[b] or (x[a] == x[b] and y[a] < y[b]))


@compiled
def hardest_first(pt: Floats, x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the order of one jet: falling pt, then rising x, then rising y.

    The same set of constituents gets the same order however it was stored. A Shell sort,
    linear on sorted input; gaps of M. Ciura, LNCS 2138 (2001) 106, continued by 2.25.
    """
    order = np.arange(pt.size)
    for gap in GAPS:
        for i in range(gap, pt.size):
            moved, j = order[i], i
            while j >= gap and _before(pt, x, y, moved, order[j - gap]):
                order[j] = order[j - gap]
                j -= gap
            order[j] = moved
    return order
