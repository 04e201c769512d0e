"""NetCDF 3 of AMBER: records of one size, read as such.

mdtraj maps such a file into memory as a whole, and fails on one whose last record is cut
without saying what is missing. Layout: the NetCDF classic format, and AMBER's convention
for trajectories (Å, ps, degrees).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sciae.domains.trajectories.box import vectors_of
from sciae.domains.trajectories.formats.source import Frames, Held, undecodable
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["NetCDF", "open_netcdf"]

ANGSTROM = 0.1  # nm
TYPES = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8"}  # of NetCDF 3
BLOCK = 1 << 24  # bytes read at once for the times
STREAMING = -1  # the number of records of a file that was never closed


class _Variable(NamedTuple):
    name: str
    kind: str  # of NumPy, big-endian
    shape: tuple[int, ...]  # of one record
    is_record: bool
    begin: int

    @property
    def size(self) -> int:
        """Bytes, of one record."""
        return prod(self.shape) * np.dtype(self.kind).itemsize


class _Header(NamedTuple):
    records: int
    atoms: int
    variables: list[_Variable]

    @property
    def record(self) -> int:
        """Bytes of one record: each variable is padded to 4, unless it is the only one."""
        sizes = [v.size for v in self.variables if v.is_record]
        return sizes[0] if len(sizes) == 1 else sum((size + 3) // 4 * 4 for size in sizes)

    @property
    def begin(self) -> int:
        """The byte where the first record begins."""
        return min((v.begin for v in self.variables if v.is_record), default=0)

    def kind(self, names: Sequence[str]) -> np.dtype[Any]:
        """One record as a structured type of those of the variables that there are."""
        mine = [v for v in self.variables if v.is_record and v.name in names]
        return np.dtype(
            {
                "names": [v.name for v in mine],
                "formats": [(v.kind, v.shape) for v in mine],
                "offsets": [v.begin - self.begin for v in mine],
                "itemsize": self.record,
            }
        )


class _Reader:
    """The header's numbers and names, big-endian and padded to four bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def integer(self, width: int = 4) -> int:
        return int(struct.unpack({4: ">i", 8: ">q"}[width], self._file.read(width))[0])

    def name(self) -> str:
        length = self.integer()
        return self._file.read((length + 3) // 4 * 4)[:length].decode()

    def skip_attributes(self) -> None:
        _, count = self.integer(), self.integer()
        for _ in range(count):
            _ = self.name()
            size = np.dtype(TYPES[self.integer()]).itemsize * self.integer()
            _ = self._file.read((size + 3) // 4 * 4)


def _header(file: BinaryIO, path: Path) -> _Header:
    magic = file.read(4)
    if magic[:3] != b"CDF":
        raise SourceError(
            "is not NetCDF 3",
            where=path,
            expected="an AMBER trajectory",
            fix="Convert it, for example to XTC with mdconvert.",
        )
    version = magic[3]
    read = _Reader(file)
    records = read.integer()
    _, count = read.integer(), read.integer()
    dimensions = [(read.name(), read.integer()) for _ in range(count)]
    read.skip_attributes()
    _, count = read.integer(), read.integer()
    variables = [_variable(read, dimensions, 4 if version == 1 else 8) for _ in range(count)]
    return _Header(records, dict(dimensions)["atom"], variables)


def _variable(read: _Reader, dimensions: list[tuple[str, int]], offset: int) -> _Variable:
    name = read.name()
    lengths = [dimensions[read.integer()][1] for _ in range(read.integer())]
    read.skip_attributes()
    kind, _ = read.integer(), read.integer()
    is_record = lengths[:1] == [0]  # the unlimited dimension says 0
    shape = tuple(lengths[1:] if is_record else lengths)
    return _Variable(name, TYPES[kind], shape, is_record, read.integer(offset))


@dataclass(frozen=True)
class NetCDF:
    """An open AMBER trajectory."""

    path: Path
    held: Held
    header: _Header

    def pieces(self, step: int) -> Iterator[Frames]:
        """All whole frames in order, `step` at a time."""
        wanted = ("coordinates", "cell_lengths", "cell_angles")
        for data in _records(self.path, self.header, wanted, self.held.frames, step):
            xyz = np.multiply(data["coordinates"], np.float32(ANGSTROM), dtype=np.float32)
            yield Frames(xyz.reshape(len(data), -1, 3), _box(data))


def _records(
    path: Path, header: _Header, wanted: Sequence[str], frames: int, step: int
) -> Iterator[NDArray[Any]]:
    """These variables of all frames, `step` records at a time."""
    kind = header.kind(wanted)
    with path.open("rb") as file:
        file.seek(header.begin)
        for begin in range(0, frames, step):
            count = min(step, frames - begin)
            data = np.fromfile(file, kind, count)
            if len(data) < count:
                raise SourceError(
                    f"{len(data)} frames",
                    where=f"{path}, from frame {begin}",
                    expected=f"{count}",
                    fix="The file changed while it was read.",
                )
            yield data


def _box(data: NDArray[Any]) -> NDArray[np.float64] | None:
    if not {"cell_lengths", "cell_angles"} <= set(data.dtype.names or ()):
        return None
    lengths, angles = (data[n].astype(np.float64) for n in ("cell_lengths", "cell_angles"))
    return vectors_of(lengths * ANGSTROM, angles)


def open_netcdf(path: Path) -> NetCDF:
    """The records of an AMBER trajectory, by its header and its size.

    Raises
    ------
    SourceError
        If it is not a NetCDF 3 file with coordinates.
    """
    try:
        with path.open("rb") as file:
            header = _header(file, path)
            _ = next(v for v in header.variables if v.is_record and v.name == "coordinates")
    except (struct.error, IndexError, KeyError, UnicodeDecodeError, StopIteration) as error:
        raise undecodable(path, error) from error
    held = _held(header, path.stat().st_size)
    return NetCDF(path, held._replace(time=_time(path, header, held.frames)), header)


def _held(header: _Header, size: int) -> Held:
    frames, rest = divmod(max(size - header.begin, 0), header.record)
    if header.records == STREAMING:
        promised = frames + (rest > 0)
    else:
        promised, frames = header.records, min(frames, header.records)
    words = f"the header says {header.records}, of {header.record} bytes each"
    return Held(frames, promised - frames, header.atoms, None, words)


def _time(path: Path, header: _Header, frames: int) -> NDArray[np.float64] | None:
    if "time" not in (header.kind(["time"]).names or ()):
        return None
    step = max(1, BLOCK // header.record)
    parts = [data["time"] for data in _records(path, header, ["time"], frames, step)]
    return np.concatenate(parts).astype(np.float64) if parts else None
