"""DCD: the binary format of CHARMM, NAMD, OpenMM and LAMMPS; records of one size, read as such.

mdtraj's reader of this one format prints to the terminal and takes each frame by itself,
which costs ten times what the frames cost; all other formats are left to mdtraj.
Layout: ``readdcd.h`` of VMD's molfile plugins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sciae.domains.trajectories.box import vectors_of
from sciae.domains.trajectories.formats.source import Frames, Held
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["Dcd", "open_dcd"]

ANGSTROM = 0.1  # nm
AKMA = 0.04888821  # ps: the unit of time of CHARMM
HEADER = 84  # bytes of the first record
HEAD = 12  # bytes at the start that tell the order of bytes
SIGNIFICANT = 6  # digits of the time step, which the header holds as float32


class Layout(NamedTuple):
    """How the bytes of a file are laid out."""

    order: str  # "<" or ">"
    marker: int  # bytes of a record's length: 4 or 8
    atoms: int
    free: NDArray[np.int64] | None  # atoms that move, if some are fixed
    cell: bool
    fourth: bool  # a fourth coordinate, which is skipped
    begin: int  # of the first frame

    def frame(self, atoms: int) -> np.dtype[Any]:
        """One frame as a structured type; x, y, z with the markers before them."""
        mark, length = f"{self.order}i{self.marker}", 4 * atoms
        at = 48 + 2 * self.marker if self.cell else 0
        record = length + 2 * self.marker
        spec: dict[str, tuple[Any, int]] = {}
        if self.cell:
            spec["cell"] = ((f"{self.order}f8", 6), self.marker)
        for axis, name in enumerate("xyz"):
            spec[f"{name}_mark"] = (mark, at + axis * record)
            spec[name] = ((f"{self.order}f4", (atoms,)), at + axis * record + self.marker)
        size = at + (3 + self.fourth) * record
        formats, offsets = zip(*spec.values(), strict=True)
        return np.dtype(
            {"names": list(spec), "formats": formats, "offsets": offsets, "itemsize": size}
        )


@dataclass(frozen=True)
class Dcd:
    """An open DCD trajectory."""

    path: Path
    held: Held
    layout: Layout

    def pieces(self, step: int) -> Iterator[Frames]:
        """All whole frames in order, `step` at a time."""
        start, fixed = 0, None
        with self.path.open("rb") as file:
            file.seek(self.layout.begin)
            if self.layout.free is not None:  # the first frame holds all atoms, others the free
                first = self._read(file, self.layout.atoms, 1, 0)
                yield first
                fixed, start = first.xyz[0], 1
            atoms = self.layout.atoms if self.layout.free is None else len(self.layout.free)
            for begin in range(start, self.held.frames, step):
                count = min(step, self.held.frames - begin)
                yield self._whole(self._read(file, atoms, count, begin), fixed)

    def _read(self, file: BinaryIO, atoms: int, count: int, frame: int) -> Frames:
        kind = self.layout.frame(atoms)
        data = np.fromfile(file, kind, count)
        marks = [(data[f"{name}_mark"] == 4 * atoms).all() for name in "xyz"]
        if len(data) < count or not all(marks):
            raise SourceError(
                "records of another length than the header says",
                where=f"{self.path}, frames {frame} to {frame + count}",
                fix="The file is damaged; copy it again.",
            )
        xyz = np.empty((count, atoms, 3), np.float32)
        for axis, name in enumerate("xyz"):
            np.multiply(data[name], np.float32(ANGSTROM), out=xyz[..., axis], casting="same_kind")
        return Frames(xyz, _box(data["cell"]) if self.layout.cell else None)

    def _whole(self, frames: Frames, fixed: NDArray[Any] | None) -> Frames:
        if fixed is None:
            return frames
        xyz = np.repeat(fixed[None], len(frames.xyz), axis=0)
        xyz[:, self.layout.free] = frames.xyz
        return frames._replace(xyz=xyz)


def _box(cell: NDArray[Any]) -> NDArray[np.float64]:
    """Box vectors of A, gamma, B, beta, alpha, C; angles in degrees or as their cosines."""
    lengths = cell[:, [0, 2, 5]] * ANGSTROM
    angles = cell[:, [4, 3, 1]].astype(np.float64)
    cosines = (np.abs(angles) <= 1).all(axis=1)
    angles[cosines] = np.degrees(np.arccos(angles[cosines]))
    return vectors_of(lengths, angles)


def open_dcd(path: Path) -> Dcd:
    """The file's layout, and its frames by its header and by its size.

    Raises
    ------
    SourceError
        If it is not a DCD file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        order, marker = _byte_order(file.read(HEAD), path)
        records = _Records(file, order, marker, path)
        control = records.read()
        numbers = np.frombuffer(control[4:], f"{order}i4")
        charmm = numbers[19] != 0
        _ = records.read()  # titles
        atoms = int(np.frombuffer(records.read(), f"{order}i4")[0])
        fixed = int(numbers[8])
        free = np.frombuffer(records.read(), f"{order}i4").astype(np.int64) - 1 if fixed else None
        begin = file.tell()
    layout = Layout(
        order,
        marker,
        atoms,
        free,
        bool(charmm and numbers[10]),
        bool(charmm and numbers[11]),
        begin,
    )
    step = np.frombuffer(control[40:48], f"{order}f4" if charmm else f"{order}f8")[0]
    return Dcd(path, _held(layout, size, numbers, float(step)), layout)


def _held(layout: Layout, size: int, numbers: NDArray[Any], step: float) -> Held:
    first = layout.frame(layout.atoms).itemsize
    other = layout.frame(layout.atoms if layout.free is None else len(layout.free)).itemsize
    room = size - layout.begin - first
    frames, rest = (1 + room // other, room % other) if room >= 0 else (0, size - layout.begin)
    # A header of fewer frames than the file holds is that of a run that still goes on, or of
    # files put together: the size decides. So does it for 0, which a crash leaves.
    promised = max(int(numbers[0]), frames + (rest > 0))
    words = f"the header says {numbers[0]}, {rest} bytes are left over"
    return Held(frames, promised - frames, layout.atoms, _time(frames, numbers, step), words)


def _time(frames: int, numbers: NDArray[Any], step: float) -> NDArray[np.float64] | None:
    first, every = int(numbers[1]), int(numbers[2])
    if not (step > 0 and every > 0 and np.isfinite(step)) or (first, every, step) == (0, 1, 1.0):
        return None  # the latter is what mdtraj writes, whatever the time step was
    between = float(f"{step * AKMA:.{SIGNIFICANT}g}")
    return (first + every * np.arange(frames, dtype=np.float64)) * between


def _byte_order(head: bytes, path: Path) -> tuple[str, int]:
    for order in "<>":
        for marker in (4, 8):
            length = np.frombuffer(head[:marker], f"{order}i{marker}") if len(head) == HEAD else [0]
            if length[0] == HEADER and head[marker : marker + 4] == b"CORD":
                return order, marker
    raise SourceError("does not begin as a DCD file does", where=path, fix="See what wrote it.")


class _Records:
    """Fortran records: a length, the bytes, the length again."""

    def __init__(self, file: BinaryIO, order: str, marker: int, path: Path) -> None:
        self._file, self._kind, self._path = file, np.dtype(f"{order}i{marker}"), path
        file.seek(0)

    def read(self) -> bytes:
        before = self._file.read(self._kind.itemsize)
        length = int(np.frombuffer(before, self._kind)[0]) if len(before) else -1
        data = self._file.read(max(length, 0))
        if length < 0 or self._file.read(self._kind.itemsize) != before:
            raise SourceError(
                "the header is cut or damaged", where=self._path, fix="Copy the file again."
            )
        return data
