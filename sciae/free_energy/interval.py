"""A number with its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["LEVEL", "QUANTILE", "Interval", "unbounded"]

LEVEL = 0.95
QUANTILE = 1.959963984540054  # of the normal law, at (1 + LEVEL) / 2


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value, and between what numbers the truth lies with 95 % confidence.

    Attributes
    ----------
    value, low, high : float
        `low` and `high` are infinite where the data cannot say.
    unit : str

    Examples
    --------
    >>> str(Interval(value=9.91, low=9.4, high=10.5, unit="kJ/mol"))
    '9.91 [9.40, 10.50] kJ/mol'
    """

    value: float
    low: float
    high: float
    unit: str = "kJ/mol"

    @property
    def error(self) -> float:
        """The standard error of a normal law with an interval as wide as this one."""
        return (self.high - self.low) / (2 * QUANTILE)

    @property
    def known(self) -> bool:
        """The interval is finite."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def scaled(self, factor: float, *, unit: str) -> Interval:
        """The same in another unit, `factor` of which make one of this.

        Examples
        --------
        >>> str(Interval(value=1.0, low=0.0, high=3.0, unit="kT").scaled(2.5, unit="kJ/mol"))
        '2.50 [0.00, 7.50] kJ/mol'
        """
        value, low, high = (factor * number for number in (self.value, self.low, self.high))
        return Interval(value=value, low=low, high=high, unit=unit)

    def covers(self, truth: float) -> bool:
        """The truth lies inside."""
        return self.low <= truth <= self.high

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}] {self.unit}"


def unbounded(value: float, *, unit: str = "kJ/mol") -> Interval:
    """The value is all that is known."""
    return Interval(value=value, low=-math.inf, high=math.inf, unit=unit)
