"""Clock: the unit of time that suits a run, and how many of its frames are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["SHARP", "Clock", "clock", "span", "thinned"]

MOST = 6000  # points drawn
SHARP = 220  # dots per inch of what is drawn as a picture: thousands of points
UNITS = ((1e6, "µs"), (1e3, "ns"), (1.0, "ps"))


class Clock:
    """A unit of time that suits a run, and times in it."""

    def __init__(self, longest: float) -> None:
        self.picoseconds, self.unit = next(
            ((size, name) for size, name in UNITS if longest >= 2 * size), UNITS[-1]
        )

    def shown(self, time: ArrayLike) -> Floats:
        """Times in ps, in the unit of the clock."""
        return np.asarray(time, np.float64) / self.picoseconds


def clock(time: ArrayLike) -> Clock:
    """The clock for times in ps.

    Examples
    --------
    >>> clock([0.0, 5000.0]).unit, clock([0.0, 5000.0]).shown([2500.0]).tolist()
    ('ns', [2.5])
    """
    return Clock(float(np.max(time, initial=0)))


def thinned(rows: int, most: int = MOST) -> int:
    """Every how manieth row is drawn so that there are at most so many.

    Examples
    --------
    >>> thinned(100, 50), thinned(101, 50), thinned(3, 50)
    (2, 3, 1)
    """
    return max(1, -(-rows // most))


def span(time: Floats) -> tuple[float, float]:
    """From the first to the last time, for the axis."""
    low, high = float(np.min(time, initial=np.inf)), float(np.max(time, initial=-np.inf))
    return (low, high) if high > low else (0.0, 1.0)
