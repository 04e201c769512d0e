"""Settings: what was asked for, on one line each."""

from __future__ import annotations

from sciae.report.words import DASH

__all__ = ["setting"]

LONGEST = 120  # letters


def setting(value: object) -> str:
    """A setting as a table shows it.

    Examples
    --------
    >>> setting({"epochs": 5, "rate": 0.1}), setting([32, 6.283185307179586]), setting(None)
    ('epochs 5, rate 0.1', '32, 6.28319', '–')
    """
    if isinstance(value, dict):
        text = ", ".join(f"{name} {_one(each)}" for name, each in value.items())
    elif isinstance(value, (list, tuple)):
        text = ", ".join(map(_one, value))
    else:
        text = _one(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _one(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return DASH if value in (None, "") else str(value)
