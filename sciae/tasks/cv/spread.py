"""Spread: the standard deviation of each raw number, angles on their circle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.tasks.cv.frames import numbers, row_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.table import Table

__all__ = ["spreads"]

UNIFORM = math.pi / math.sqrt(3)  # of an angle that may be anywhere: the most there is


def spreads(table: Table) -> NDArray[np.float64]:
    r"""Weighted, shape (number,), in raw units.

    Of an angle the circular one, :math:`\sqrt{-2 \ln R}` with R the length of the mean
    direction, but never more than that of a uniform angle.
    """
    raw, weight = numbers(table), row_weights(table)
    w = weight / weight.sum()
    sigma: NDArray[np.float64] = np.sqrt(w @ np.square(raw - w @ raw))
    at = 0
    for field in table.schema:
        own = slice(at, at + field.width)
        at += field.width
        if field.period is not None:
            turn = 2 * math.pi / field.period
            length = np.abs(w @ np.exp(1j * turn * raw[:, own])).clip(1e-300, 1.0)
            sigma[own] = np.minimum(np.sqrt(-2 * np.log(length)), UNIFORM) / turn
    return sigma
