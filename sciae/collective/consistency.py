"""Consistency: whether the parts of a collective variable are those of one variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sciae.autoencoders.raw.inputs import AFFINE
from sciae.autoencoders.raw.inputs import names as names_of
from sciae.collective.layers import layers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sciae.collective.variable import CollectiveVariable
    from sciae.export.arrays import NumpyEncoder

__all__ = ["fault_of"]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # as PLUMED's labels and columns of text files
TURN = 2 * np.pi


def fault_of(cv: CollectiveVariable) -> str:
    """The first thing that is wrong, in words; empty if nothing is."""
    return next(_faults(cv), "")


def _faults(cv: CollectiveVariable) -> Iterator[str]:
    encoder, dim = cv.encoder, cv.dim
    if len(cv.names) != dim or len(set(cv.names)) != dim:
        yield f"names {cv.names} for {dim} coordinates"
    if bad := [name for name in cv.names if not NAME.fullmatch(name)]:
        yield f"a name {bad[0]!r} that is not letters, digits and _"
    if len(cv.periods) != dim:
        yield f"{len(cv.periods)} periods for {dim} coordinates"
    if cv.low.shape != (dim,) or cv.high.shape != (dim,):
        yield f"low, high of shapes {cv.low.shape}, {cv.high.shape} for {dim} coordinates"
    elif not (np.isfinite([cv.low, cv.high]).all() and (cv.low < cv.high).all()):
        yield f"low {cv.low.tolist()} and high {cv.high.tolist()}: not finite, or not in order"
    constants = (encoder.a, encoder.b, encoder.weights)
    if not all(np.isfinite(x).all() for x in constants) or np.isnan(encoder.least).any():
        yield "constants or weights of the encoder that are not finite"
    elif not encoder.b.all():
        yield "an input of the encoder that is divided by zero"
    yield from _unlike(cv)
    raw = _raw_periods(cv)
    for k, period in enumerate(cv.periods):
        wanted = (TURN,) if encoder.end == "angles" else (None, raw[k])
        if period not in wanted:
            yield f"period {period} of coordinate {cv.names[k]!r}, which has {wanted[-1]}"


def _unlike(cv: CollectiveVariable) -> Iterator[str]:
    """Numbers that the descriptors give, and others that the encoder reads."""
    if cv.descriptors is None:
        return
    given = [name for field in cv.descriptors.schema for name in names_of(field)]
    read = list(cv.encoder.columns)
    if len(given) != len(read):
        yield f"{len(given)} numbers of the descriptors, {len(read)} of the encoder"
    for k, (one, other) in enumerate(zip(given, read, strict=False)):
        if one != other:
            yield f"number {k} is {one!r} to the descriptors, {other!r} to the encoder"


def _raw_periods(cv: CollectiveVariable) -> list[float | None]:
    """The period of each coordinate that is one raw number as it is."""
    if cv.descriptors is None:
        return [None] * cv.dim if cv.encoder.end == "angles" else _allowed(cv)
    each = [f.period for f in cv.descriptors.schema for _ in range(f.width)]
    taken = _taken(cv.encoder)
    return [None if at is None else each[at] for at in taken]


def _allowed(cv: CollectiveVariable) -> list[float | None]:
    """Of raw numbers that nobody describes, the period is as it was said."""
    return [None if at is None else cv.periods[k] for k, at in enumerate(_taken(cv.encoder))]


def _taken(encoder: NumpyEncoder) -> list[int | None]:
    """Which raw number each output is; None where it is a function of them."""
    if len(encoder.sizes) != 2:  # noqa: PLR2004 - one layer, from the inputs to the outputs
        return [None] * int(encoder.sizes[-1])
    ((matrix, bias),) = layers_of(encoder.sizes, encoder.weights)
    same = (encoder.function == AFFINE) & (encoder.a == 0) & (encoder.b == 1)
    found: list[int | None] = []
    for row, shift in zip(matrix, bias, strict=True):
        at = np.flatnonzero(row)
        one = len(at) == 1 and row[at[0]] == 1 and shift == 0 and same[at[0]]
        found.append(int(encoder.column[at[0]]) if one else None)
    return found
