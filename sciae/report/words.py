"""Words: numbers and intervals as they stand in a report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.tasks.anomaly import Estimate

__all__ = ["DASH", "interval", "listed", "number", "percent", "with_interval"]

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
TINY = 1e-4  # below, an exponent
WHOLE = 1000  # from here no decimals
MANY = 10_000_000


def number(value: float, digits: int = 3, *, decimals: int | None = None) -> str:
    """A number with so many significant digits, or so many decimals; a dash for NaN.

    Examples
    --------
    >>> number(0.01234), number(-41.27), number(12345.6), number(float("nan"))
    ('0.0123', '−41.3', '12,346', '–')
    >>> number(0.5, decimals=3)
    '0.500'
    """
    if math.isnan(value):
        return DASH
    if decimals is not None:
        text = f"{value:.{decimals}f}"
    elif value == 0 or TINY <= abs(value) < WHOLE:
        text = _significant(value, digits)
    else:
        text = f"{value:,.0f}" if WHOLE <= abs(value) < MANY else f"{value:.{digits - 1}e}"
    return text.replace("-", MINUS)


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"


def percent(share: float) -> str:
    """A share in per cent, with two significant digits where it is small.

    Examples
    --------
    >>> percent(0.0123), percent(0.5), percent(0), percent(0.9996)
    ('1.2 %', '50.0 %', '0 %', '99.96 %')
    """
    if math.isnan(share):
        return DASH
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    near = min(value, 100 - value)
    return f"{value:.{1 if near >= 1 else 2}f} %" if near >= 0.01 else f"{value:.2g} %"  # noqa: PLR2004


def interval(estimate: Estimate, *, decimals: int | None = None) -> str:
    """The interval alone, in brackets; a dash if there is none."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return f"[{DASH}]"
    low, high = (number(x, decimals=decimals) for x in (estimate.low, estimate.high))
    return f"[{low}, {high}]"


def with_interval(estimate: Estimate, *, decimals: int | None = None) -> str:
    """The value and its interval."""
    return f"{number(estimate.value, decimals=decimals)} {interval(estimate, decimals=decimals)}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
