"""Quantities: times and temperatures as people write them, in picoseconds and kelvin."""

from __future__ import annotations

import math
import re

from sciae.errors import SpecError

__all__ = ["GAS_CONSTANT", "kelvin", "picoseconds", "steps_of"]

GAS_CONSTANT = 0.00831446261815324  # kJ/mol/K
PICOSECONDS = {"fs": 1e-3, "ps": 1.0, "ns": 1e3, "us": 1e6, "µs": 1e6, "μs": 1e6, "ms": 1e9}
NUMBER = re.compile(r"\s*([0-9.eE+-]+)\s*([^\W\d_]*)\s*")
NEAR = 1e-6  # of a step: what rounding may leave


def picoseconds(time: str | float, *, where: str = "time") -> float:
    """A time in ps, from text such as "10 ns", or from a number of ps.

    Raises
    ------
    SpecError
        If it is not a finite time from zero on.

    Examples
    --------
    >>> picoseconds("10 ns"), picoseconds("2 fs"), picoseconds(5)
    (10000.0, 0.002, 5.0)
    """
    number, unit = _parts(time)
    if unit not in ("", *PICOSECONDS) or not (math.isfinite(number) and number >= 0):
        raise SpecError(
            f"{time!r} is not a time",
            where=where,
            expected=f"a number and a unit of {', '.join(PICOSECONDS)}, such as '10 ns'",
        )
    value = number * PICOSECONDS.get(unit, 1.0)
    return float(f"{value:.15g}")  # 2 fs is 0.002 ps, not 0.002 + 1 ulp


def kelvin(temperature: str | float, *, where: str = "temperature") -> float:
    """A temperature in K, from text such as "300 K", or from a number of K.

    Raises
    ------
    SpecError
        If it is not a finite temperature above zero.

    Examples
    --------
    >>> kelvin("300 K"), kelvin(310)
    (300.0, 310.0)
    """
    number, unit = _parts(temperature)
    if unit not in ("", "K") or not (math.isfinite(number) and number > 0):
        raise SpecError(
            f"{temperature!r} is not a temperature", where=where, expected="kelvin, such as '300 K'"
        )
    return number


def steps_of(time: str | float, timestep: float, *, where: str = "time") -> int:
    """How many time steps (of `timestep` ps) make up a time.

    Raises
    ------
    SpecError
        If they are not a whole number.

    Examples
    --------
    >>> steps_of("1 ns", 0.002)
    500000
    """
    steps = picoseconds(time, where=where) / timestep
    if abs(steps - round(steps)) > NEAR * max(1.0, steps):
        raise SpecError(
            f"{time!r} is {steps:g} steps of {timestep:g} ps", where=where, expected="whole steps"
        )
    return round(steps)


def _parts(text: str | float) -> tuple[float, str]:
    """The number and the unit; NaN where there is no number."""
    if not isinstance(text, str):
        return float(text), ""
    found = NUMBER.fullmatch(text)
    try:
        return (float(found[1]), found[2]) if found else (math.nan, "")
    except ValueError:  # such as 1e-
        return math.nan, ""
