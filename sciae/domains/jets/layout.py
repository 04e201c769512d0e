"""Layout: the mapping that fits a file, given or recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.domains.jets.mapping import MAPPINGS, Mapping
from sciae.domains.jets.source import Source, TreeError, open_source
from sciae.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["opened"]

SHOWN = 3  # missing branches named in an error


def opened(source: str | Path, mapping: Mapping | None) -> tuple[Source, Mapping]:
    """The source, and the mapping given, or the first of `MAPPINGS` that fits it.

    Raises
    ------
    SourceError
        If the file cannot be read, or fits none; says what each of them misses.
    """
    if mapping is not None:
        return open_source(source, mapping.tree), mapping
    missing = {}
    for name, known in MAPPINGS.items():
        try:
            file = open_source(source, known.tree)
        except TreeError:
            missing[name] = f"tree {known.tree!r}"
            continue
        absent = [branch for branch in known.branches if branch not in file.branches]
        if not absent:
            return file, known
        more = ", ..." if len(absent) > SHOWN else ""
        missing[name] = f"branch {', '.join(absent[:SHOWN])}{more}"
    lacks = "; ".join(f"{name} without {what}" for name, what in missing.items())
    raise SourceError(
        f"none of the known layouts fits ({lacks})",
        where=source,
        fix="Name tree and branches with a mapping, for example "
        "--tree jets --constituents pt=c_pt,eta=c_eta,phi=c_phi.",
    )
