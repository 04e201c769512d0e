"""The header lines of a COLVAR file: names of columns, and constants such as periods."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Header", "number"]

NUMBER = re.compile(r"([+-]?)(\d*\.?\d*(?:[eE][+-]?\d+)?)\*?(pi)?")
MARK = "#!"


@dataclass(frozen=True)
class Header:
    """What ``#! FIELDS`` and ``#! SET`` lines said so far.

    Attributes
    ----------
    names : tuple of str
        Of the columns of the lines below.
    constants : mapping of str to str
        By name: ``min_phi``, ``max_phi``, ...
    """

    names: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)

    def after(self, line: str, where: str) -> Header:
        """The header after one more of its lines.

        Raises
        ------
        SourceError
            If a constant changes, or two columns have one name.
        """
        words = line.split()[1:] if line.startswith(MARK) else []
        if words[:1] == ["FIELDS"]:
            if len(set(words)) < len(words):
                raise SourceError("two columns of one name", where=where, fix="Rename one.")
            return Header(tuple(words[1:]), self.constants)
        if len(words) == 3 and words[0] == "SET":  # noqa: PLR2004 - SET name value
            _, name, value = words
            if self.constants.get(name, value) != value:
                raise SourceError(
                    f"{name} is {value}, and was {self.constants[name]} before",
                    where=where,
                    fix="Files of different settings were put together: read them one by one.",
                )
            return Header(self.names, {**self.constants, name: value})
        return self

    def period(self, name: str) -> tuple[float, float] | None:
        """The ends of a periodic column, or None.

        Raises
        ------
        SourceError
            If only one is there, or they are no numbers.
        """
        ends = [self.constants.get(f"{end}_{name}") for end in ("min", "max")]
        if ends == [None, None]:
            return None
        low, high = (math.nan if end is None else number(end) for end in ends)
        if not low < high:
            raise SourceError(
                f"period of {name!r} from {ends[0]} to {ends[1]}", expected="min < max"
            )
        return low, high


def number(text: str) -> float:
    """A number as PLUMED writes it, with pi; NaN if it is none.

    Examples
    --------
    >>> number("-pi"), number("2*pi"), number("0.5")
    (-3.141592653589793, 6.283185307179586, 0.5)
    """
    match = NUMBER.fullmatch(text)
    if not match or not (match[2] or match[3]):
        return math.nan
    try:
        value = float(match[2] or 1.0) * (math.pi if match[3] else 1.0)
    except ValueError:
        return math.nan
    return -value if match[1] == "-" else value
