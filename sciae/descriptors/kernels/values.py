"""Values: all parts of one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.descriptors.kernels.angles import angles, torsions
from sciae.descriptors.kernels.compiler import machine_code
from sciae.descriptors.kernels.groups import deviation, gyration, positions
from sciae.descriptors.kernels.images import frame_of
from sciae.descriptors.kernels.pairs import distances, inverses
from sciae.descriptors.kernels.switching import contacts, coordination
from sciae.descriptors.tables import (
    ANGLE,
    CONTACT,
    COORDINATION,
    DISTANCE,
    GYRATION,
    INVERSE,
    POSITION,
    RMS_DEVIATION,
    TORSION,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["values_into"]


@machine_code
def values_into(  # noqa: C901, PLR0917 - one branch for each kind
    plan: NDArray[np.int64],
    atoms: NDArray[np.uint64],
    constants: Array,
    work: Array,
    x: Array,
    box: Array,
    out: Array,
) -> None:
    """All numbers of one frame into out, (number,); the rest as `CompiledDescriptors` says."""
    frame = frame_of(x, box, work)
    for part in range(len(plan)):
        row = plan[part]
        code, start, width, place = row[0], row[1], row[2], row[3]
        given, first, second = row[4], row[5], row[6]
        i, a = atoms[place:], constants[given:]
        v = out[start : start + width]
        if code == DISTANCE:
            distances(i, frame, v)
        elif code == INVERSE:
            inverses(i, frame, v)
        elif code == CONTACT:
            contacts(i, a, frame, v)
        elif code == COORDINATION:
            v[0] = coordination(i[:first], i[first : first + second], a, frame)
        elif code == ANGLE:
            angles(i, frame, v)
        elif code == TORSION:
            torsions(i, frame, v)
        elif code == GYRATION:
            v[0] = gyration(i[:first], a[:first], frame)
        elif code == RMS_DEVIATION:
            v[0] = deviation(i[:first], a, frame)
        elif code == POSITION:
            positions(i[:first], a, frame, v)
