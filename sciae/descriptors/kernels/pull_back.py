"""Pull-back: derivatives with respect to numbers -> derivatives with respect to coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.descriptors.kernels.angles import angle_forces, torsion_forces
from sciae.descriptors.kernels.compiler import machine_code
from sciae.descriptors.kernels.groups import deviation_forces, gyration_forces, position_forces
from sciae.descriptors.kernels.images import frame_of
from sciae.descriptors.kernels.pairs import distance_forces, inverse_forces
from sciae.descriptors.kernels.switching import contact_forces, coordination_forces
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

__all__ = ["pull_back_into"]


@machine_code
def pull_back_into(  # noqa: C901, PLR0917 - one branch for each kind
    plan: NDArray[np.int64],
    atoms: NDArray[np.uint64],
    constants: Array,
    work: Array,
    x: Array,
    box: Array,
    g: Array,
    out: Array,
) -> None:
    """The sum of g times the gradient of each number into out, (used atom, 3)."""
    out[:] = 0
    frame = frame_of(x, box, work)
    for part in range(len(plan)):
        row = plan[part]
        code, start, width, place = row[0], row[1], row[2], row[3]
        given, first, second = row[4], row[5], row[6]
        i, a = atoms[place:], constants[given:]
        h = g[start : start + width]
        if code == DISTANCE:
            distance_forces(i, frame, h, out)
        elif code == INVERSE:
            inverse_forces(i, frame, h, out)
        elif code == CONTACT:
            contact_forces(i, a, frame, h, out)
        elif code == COORDINATION:
            coordination_forces(i[:first], i[first : first + second], a, frame, h[0], out)
        elif code == ANGLE:
            angle_forces(i, frame, h, out)
        elif code == TORSION:
            torsion_forces(i, frame, h, out)
        elif code == GYRATION:
            gyration_forces(i[:first], a[:first], frame, h[0], out)
        elif code == RMS_DEVIATION:
            deviation_forces(i[:first], a, frame, h[0], out)
        elif code == POSITION:
            position_forces(i[:first], a, frame, h, out)
