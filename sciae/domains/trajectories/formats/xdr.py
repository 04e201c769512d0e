"""XTC and TRR of GROMACS: frames are counted by their headers, and decoded by mdtraj.

Neither format says how many frames there are, and readers end silently at a frame that is
cut; so the headers are walked first, which costs little beside the decoding.
Layout: ``xdrfile_xtc.c``, ``xdrfile_trr.c`` of GROMACS' xdrfile library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from mdtraj.formats import TRRTrajectoryFile, XTCTrajectoryFile

from sciae.domains.trajectories.compiled import compiled
from sciae.domains.trajectories.formats.source import Frames, Held, undecodable
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Xdr", "open_trr", "open_xtc"]

BLOCK = 1 << 20  # bytes read at once
XTC_MAGIC, TRR_MAGIC = 1995, 1993
NAME = 12  # bytes of the name that TRR frames begin with
HEADER = 92  # bytes that hold all that tells a frame's size, in either format
SINGLE, DOUBLE = 4, 8  # bytes of a real
RAW = 9  # atoms up to which an XTC frame is not compressed
OTHER = -1  # what is there is not a frame's header
BARE = -2  # a frame without coordinates


@compiled
def _integer(data: NDArray[np.uint8], at: int) -> int:
    value = 0
    for k in range(4):
        value = (value << 8) | int(data[at + k])
    return value - (1 << 32) if value >= 1 << 31 else value


@compiled
def _bytes_of_xtc(data: NDArray[np.uint8], at: int) -> tuple[int, int, int, int]:
    """Size in bytes, atoms, and where and how long the time is; or what is wrong."""
    if _integer(data, at) != XTC_MAGIC:
        return OTHER, 0, 0, 0
    atoms = _integer(data, at + 4)
    if atoms <= 0 or _integer(data, at + 52) != atoms:
        return OTHER, 0, 0, 0
    if atoms <= RAW:
        return 56 + 12 * atoms, atoms, at + 12, 4
    packed = _integer(data, at + 88)
    if packed <= 0:
        return OTHER, 0, 0, 0
    return 92 + (packed + 3) // 4 * 4, atoms, at + 12, 4


@compiled
def _bytes_of_trr(data: NDArray[np.uint8], at: int) -> tuple[int, int, int, int]:
    if _integer(data, at) != TRR_MAGIC or _integer(data, at + 8) != NAME:
        return OTHER, 0, 0, 0
    payload, x_bytes, atoms = 0, _integer(data, at + 24 + 28), _integer(data, at + 24 + 40)
    for k in range(10):
        part = _integer(data, at + 24 + 4 * k)
        if part < 0:
            return OTHER, 0, 0, 0
        payload += part
    if atoms <= 0:
        return OTHER, 0, 0, 0
    if x_bytes == 0:
        return BARE, 0, 0, 0
    real = x_bytes // (3 * atoms)
    if real not in (SINGLE, DOUBLE):
        return OTHER, 0, 0, 0
    return 76 + 2 * real + payload, atoms, at + 76, real


@compiled
def _walk(
    data: NDArray[np.uint8],
    until: int,
    is_xtc: bool,  # noqa: FBT001 - compiled
    out: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Walk the frames that begin before `until`; how many, where the next begins, what is wrong."""
    count, at = 0, 0
    while at < until:
        size, atoms, place, width = _bytes_of_xtc(data, at) if is_xtc else _bytes_of_trr(data, at)
        if size < 0:
            return count, at, size
        at += size
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = place, width, atoms, at
        count += 1
    return count, at, 0


class _Scan(NamedTuple):
    atoms: int
    time: NDArray[np.float64]  # (frame,) ps, of the whole frames
    border: int  # the byte after the last whole frame
    bare: bool  # a frame without coordinates follows


def _scan(path: Path, *, is_xtc: bool) -> _Scan:
    times, atoms, border, at, fault = [np.empty(0)], 0, 0, 0, 0
    out = np.empty((BLOCK // 64 + 1, 4), np.int64)  # no frame is shorter than 64 bytes
    size = path.stat().st_size
    with path.open("rb") as file:
        while at < size and not fault:
            file.seek(at)
            data = np.frombuffer(file.read(BLOCK), np.uint8)
            until = len(data) - HEADER + 1
            if at + len(data) >= size:  # the last header may be cut: zeros stand for the rest
                until, data = len(data), np.append(data, np.zeros(HEADER, np.uint8))
            count, step, fault = _walk(data, until, is_xtc, out)
            rows = out[:count][at + out[:count, 3] <= size]  # without one that is cut
            if len(rows):
                atoms = _same_atoms(rows[:, 2], atoms, path, sum(map(len, times)))
                border = at + int(rows[-1, 3])
                times.append(_times(data, rows))
            at += step
    return _Scan(atoms, np.concatenate(times), border, fault == BARE)


def _same_atoms(found: NDArray[np.int64], atoms: int, path: Path, frame: int) -> int:
    """The number of atoms, if all frames have it."""
    expected = atoms or int(found[0])
    other = np.flatnonzero(found != expected)
    if len(other):
        raise SourceError(
            f"{found[other[0]]} atoms",
            where=f"{path}, frame {frame + other[0]}",
            expected=f"{expected}, as in frame 0",
        )
    return expected


def _times(data: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    out = np.empty(len(rows))
    for width in (4, 8):
        mine = rows[:, 1] == width
        places = rows[mine, :1] + np.arange(width)  # (frame, byte)
        out[mine] = data[places].view(f">f{width}").reshape(-1)
    return out


def _held(path: Path, *, is_xtc: bool) -> Held:
    scan, size = _scan(path, is_xtc=is_xtc), path.stat().st_size
    frames = len(scan.time)
    if scan.bare:
        raise SourceError(
            "holds no coordinates (velocities or forces only)",
            where=f"{path}, frame {frames}",
            fix="Write velocities to another file, or as often as coordinates.",
        )
    if not frames:
        raise SourceError(
            "holds no whole frame", where=path, expected=f"{'XTC' if is_xtc else 'TRR'} frames"
        )
    words = f"{size - scan.border} bytes after the last are not one"
    return Held(frames, int(scan.border < size), scan.atoms, scan.time, words)


@dataclass(frozen=True)
class Xdr:
    """An open XTC or TRR trajectory."""

    path: Path
    held: Held
    file: type[Any]

    def pieces(self, step: int) -> Iterator[Frames]:
        """All whole frames in order, `step` at a time."""
        try:
            with self.file(str(self.path)) as file:
                for begin in range(0, self.held.frames, step):
                    count = min(step, self.held.frames - begin)
                    xyz, _, _, box, *_ = file.read(n_frames=count)
                    self._require(len(xyz), count, begin)
                    yield Frames(xyz, box)
        except (OSError, RuntimeError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            raise undecodable(self.path, error) from error

    def _require(self, got: int, count: int, begin: int) -> None:
        if got != count:
            raise SourceError(
                f"{got} frames could be decoded",
                where=f"{self.path}, frames {begin} to {begin + count}",
                expected=f"{count}",
                fix="The file is damaged; copy it again.",
            )


def open_xtc(path: Path) -> Xdr:
    """The frames of an XTC file by their headers.

    Raises
    ------
    SourceError
        If there is none, or if the number of atoms changes.
    """
    return Xdr(path, _held(path, is_xtc=True), XTCTrajectoryFile)


def open_trr(path: Path) -> Xdr:
    """The frames of a TRR file by their headers.

    Raises
    ------
    SourceError
        If there is none, one has no coordinates, or the number of atoms changes.
    """
    return Xdr(path, _held(path, is_xtc=False), TRRTrajectoryFile)
