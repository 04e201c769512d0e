"""Coordinate: how a collective variable or an angle stands along an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.canvas import MINUS, named

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Coordinate", "Observable"]

TURN = 2 * math.pi
MOST = 6  # intervals between ticks: more, and their labels touch
DEGREES = (-180, -90, 0, 90, 180)
RADIANS = (f"{MINUS}π", f"{MINUS}π/2", "0", "π/2", "π")


@dataclass(frozen=True, kw_only=True)
class Coordinate:
    """What runs along an axis: its name, unit and period.

    Attributes
    ----------
    name : str
    unit : str
        Of the numbers handed to a figure; "" if they have none.
    period : float, optional
        In that unit. Values are wrapped into half a period on either side of 0.
    degrees : bool
        Show a full turn (a period of 2 pi) in degrees; otherwise in parts of pi.

    Raises
    ------
    SpecError
        If the period is not positive and finite.

    Examples
    --------
    >>> phi = Coordinate(name="phi", unit="rad", period=2 * np.pi)
    >>> phi.label, phi.wrapped([np.pi / 2, 3 * np.pi / 2]).round(6).tolist()
    ('phi (°)', [90.0, -90.0])
    """

    name: str
    unit: str = ""
    period: float | None = None
    degrees: bool = True

    def __post_init__(self) -> None:
        if self.period is not None and not 0 < self.period < math.inf:
            raise SpecError(
                f"period = {self.period}", where=f"coordinate {self.name!r}", expected="> 0"
            )

    @property
    def is_angle(self) -> bool:
        """Whether its period is a full turn in radians."""
        return self.period is not None and math.isclose(self.period, TURN, rel_tol=1e-6)

    @property
    def label(self) -> str:
        """The name with the unit that the axis shows."""
        if self.is_angle:
            return f"{named(self.name)} ({'°' if self.degrees else 'rad'})"
        return f"{named(self.name)} ({named(self.unit, 12)})" if self.unit else named(self.name)

    @property
    def span(self) -> float | None:
        """The period in the unit of the axis."""
        return None if self.period is None else float(self.scaled(self.period))

    def scaled(self, values: ArrayLike) -> Floats:
        """Values in the unit of the axis, not wrapped: for the edges of bins."""
        array = np.asarray(values, np.float64)
        return array * (360 / TURN) if self.is_angle and self.degrees else array

    def wrapped(self, values: ArrayLike) -> Floats:
        """Values in the unit of the axis, periodic ones within half a period of 0."""
        array = np.asarray(values, np.float64)
        if self.period is not None:
            array = array - self.period * np.round(array / self.period)
        return self.scaled(array)

    def limits(self, *values: ArrayLike) -> tuple[float, float]:
        """The whole period, or the range of the values with a margin."""
        if self.span is not None:
            return -self.span / 2, self.span / 2
        every = np.concatenate([self.scaled(one).ravel() for one in values])
        every = every[np.isfinite(every)]
        if not len(every):
            return 0.0, 1.0
        low, high = float(every.min()), float(every.max())
        margin = 0.04 * (high - low) or 0.5
        return low - margin, high + margin

    def closes(self, edges: Floats) -> bool:
        """Whether edges of bins go once around the ring, so that its ends are neighbours."""
        return self.period is not None and math.isclose(edges[-1] - edges[0], self.period)

    def dress(self, axis: Axis) -> None:
        """Label and, for angles, ticks from -180 to 180."""
        from matplotlib.ticker import MaxNLocator

        axis.set_label_text(self.label)
        if not self.is_angle:
            axis.set_major_locator(MaxNLocator(MOST, steps=[1, 2, 2.5, 5, 10]))
        elif self.degrees:
            axis.set_ticks(DEGREES, [f"{tick}".replace("-", MINUS) for tick in DEGREES])
        else:
            axis.set_ticks(list(np.linspace(-math.pi, math.pi, 5)), list(RADIANS))


@dataclass(frozen=True, eq=False)
class Observable:
    """A coordinate and its value in each frame.

    Attributes
    ----------
    coordinate : Coordinate
    values : array, shape (frame,)
        In the unit of the coordinate.
    """

    coordinate: Coordinate
    values: Floats
