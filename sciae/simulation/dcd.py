"""DCD: a trajectory file that grows frame by frame and can be cut back to a number of frames.

The CHARMM format, little-endian: a header, then per frame the unit cell, if there is one, and
x, y and z in float32 and ångström. The bytes depend on the frames alone, not on when they were
written, so that a resumed run ends in the very file of one that never stopped.
"""

from __future__ import annotations

import math
import os
import struct
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["DcdFile"]

TITLE = b"written by sciae".ljust(80)
AKMA = 0.04888821  # ps per unit of time
ANGSTROM = 10.0  # per nm
FRAMES, LAST, ATOMS = 8, 20, 188  # places in the header
HEADER = 196  # bytes
CHARMM = 24  # the version that readers look for
MOST = 2**31 - 1


class DcdFile:
    """A trajectory being written; positions in nm.

    Parameters
    ----------
    path : Path
    atoms : int
    interval : int
        Steps between frames.
    timestep : float
        In ps.
    periodic : bool
        Whether frames have a box.
    frames : int
        How many frames to keep of the file that is there; 0 starts a new one.

    Raises
    ------
    SourceError
        If the file that is there holds fewer frames, or other atoms.
    """

    def __init__(
        self,
        path: Path,
        *,
        atoms: int,
        interval: int,
        timestep: float,
        periodic: bool = False,
        frames: int = 0,
    ) -> None:
        self.atoms, self.periodic, self.frames = atoms, periodic, frames
        self.interval = interval
        if frames:
            self._cut(path)
        self.file = path.open("r+b" if frames else "w+b")
        if not frames:
            self.file.write(_header(atoms, interval, timestep, periodic=periodic))
        self._count()

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return 3 * (4 * self.atoms + 8) + (56 if self.periodic else 0)

    def write(self, positions: NDArray[np.float64], box: NDArray[np.float64] | None = None) -> None:
        """Append a frame; (atom, 3) and (3, 3) in nm."""
        cell = b""
        if self.periodic:
            assert box is not None
            cell = struct.pack("<i6di", 48, *_cell(box), 48)
        mark = struct.pack("<i", 4 * self.atoms)
        x = np.ascontiguousarray(positions.T * ANGSTROM, "<f4")
        self.file.write(cell + b"".join(mark + axis.tobytes() + mark for axis in x))
        self.frames += 1

    def flush(self) -> None:
        """Bring the file, and the number of frames in its header, up to date."""
        self._count()
        self.file.flush()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self.file.close()

    def _count(self) -> None:
        self.file.seek(FRAMES)
        self.file.write(struct.pack("<i", self.frames))
        self.file.seek(LAST)
        self.file.write(struct.pack("<i", min(self.frames * self.interval, MOST)))
        self.file.seek(0, 2)

    def _cut(self, path: Path) -> None:
        end = HEADER + self.frames * self.frame_bytes
        with path.open("rb") as file:
            header = file.read(HEADER)
        held = struct.unpack_from("<i", header, ATOMS)[0] if len(header) == HEADER else None
        if held != self.atoms or path.stat().st_size < end:
            raise SourceError(
                "not the trajectory that this run was writing",
                where=path,
                expected=f"{self.frames} frames or more of {self.atoms} atoms",
                fix="Restore it from a copy, or start again.",
            )
        os.truncate(path, end)


def _header(atoms: int, interval: int, timestep: float, *, periodic: bool) -> bytes:
    control = struct.pack(
        "<i4s9if10ii", 84, b"CORD", 0, interval, interval, *[0] * 6, timestep / AKMA,
        int(periodic), *[0] * 8, CHARMM, 84,
    )  # fmt: skip
    title = struct.pack("<ii80si", 84, 1, TITLE, 84)
    return control + title + struct.pack("<iii", 4, atoms, 4)


def _cell(box: NDArray[np.float64]) -> tuple[float, float, float, float, float, float]:
    """Lengths in ångström and cosines of the angles, in CHARMM's order."""
    a, b, c = box
    la, lb, lc = (float(np.linalg.norm(v)) for v in box)
    gamma, beta, alpha = (
        math.sin(math.pi / 2 - math.acos(max(-1.0, min(1.0, float(u @ v) / w))))
        for u, v, w in ((a, b, la * lb), (a, c, la * lc), (b, c, lb * lc))
    )
    return la * ANGSTROM, gamma, lb * ANGSTROM, beta, alpha, lc * ANGSTROM
