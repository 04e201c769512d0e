"""Tables: parts as plain arrays, for compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.descriptors.parts.part import Part

__all__ = [
    "ANGLE", "CONTACT", "COORDINATION", "DISTANCE", "GYRATION", "INVERSE", "POSITION",
    "RMS_DEVIATION", "SCRATCH", "TORSION", "Tables", "tables",
]  # fmt: skip

DISTANCE, INVERSE, CONTACT, COORDINATION, ANGLE, TORSION, GYRATION, RMS_DEVIATION, POSITION = range(
    9
)
SCRATCH = 48  # numbers of `work` before the coordinates of a group


class Tables(NamedTuple):
    """Parts as arrays: the first arguments of the compiled functions, in this order."""

    plan: NDArray[np.int64]
    """Of each part: code, first number, how many numbers, where its atoms and its constants
    begin, sizes of its groups; shape (part, 7)."""
    atoms: NDArray[np.uint64]
    """Atoms of all parts, one after another; unsigned, as they never count from the end."""
    constants: NDArray[np.float64]
    """Constants of all parts, one after another."""
    work: NDArray[np.float64]
    """Space to work in: each thread needs its own tables."""


def tables(parts: Sequence[Part], used: NDArray[np.int64]) -> Tables:
    """The tables of parts whose atoms are numbered by their place in `used`."""
    entries = [part.entry() for part in parts]
    widths = [part.width for part in parts]
    starts = zip(
        _starts(widths),
        _starts([len(entry.atoms) for entry in entries]),
        _starts([len(entry.constants) for entry in entries]),
        strict=True,
    )
    plan = [
        (entry.code, number, width, place, given, *entry.sizes)
        for entry, width, (number, place, given) in zip(entries, widths, starts, strict=True)
    ]
    return Tables(
        np.array(plan, dtype=np.int64),
        np.searchsorted(used, np.concatenate([e.atoms for e in entries])).astype(np.uint64),
        np.concatenate([e.constants for e in entries]),
        np.zeros(SCRATCH + 3 * max(max(e.sizes) for e in entries)),
    )


def _starts(lengths: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(lengths)[:-1].tolist()]
