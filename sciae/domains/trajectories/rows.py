"""Rows: what frames have beside their numbers: weights, groups, origins, times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.domains.trajectories.groups import groups_of, number_of, restarts
from sciae.domains.trajectories.weights import Bias, weights_of
from sciae.errors import DataError
from sciae.table import Origin, Table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.domains.trajectories.domain import Trajectories
    from sciae.domains.trajectories.formats import Source

__all__ = ["Rows", "check_finite"]

FARTHEST = 1e6  # nm; a coordinate beyond is that of a simulation that failed
TRUNCATED = "truncated"


class Rows:
    """What the rows of one file have beside their values."""

    def __init__(self, domain: Trajectories, file: Source) -> None:
        self._domain, self._file = domain, file
        self._size = file.path.stat().st_size
        self._number = number_of(file.path)
        self._time = domain.time_of(file)
        self._breaks = restarts(self._time)
        self._log_weight = self._weight = None
        if domain.bias:
            assert domain.temperature is not None  # checked with the settings
            held = file.held
            bias = Bias(domain.bias, domain.bias_column, domain.offset, domain.temperature)
            every = bias.log_weight(file.path, held.frames, held.frames + held.lost, self._time)
            self._log_weight = every[:: domain.stride]
            self._weight = weights_of(self._log_weight, file.path)

    def table(self, values: NDArray[np.float64], start: int, stop: int) -> Table:
        """The rows of the frames ``start <= frame < stop``, of which every stride-th is there."""
        domain, held = self._domain, self._file.held
        frame = np.arange(-(-start // domain.stride) * domain.stride, stop, domain.stride)
        row = frame // domain.stride
        carried: dict[str, NDArray[Any]] = {"frame": frame}
        if self._time is not None:
            carried["time"] = self._time[frame]
        if self._log_weight is not None:
            carried["log_weight"] = self._log_weight[row]
        parts = domain.descriptors.parts
        ends = np.cumsum([part.width for part in parts])[:-1]
        blocks = np.split(values, ends, axis=1)
        is_last = stop == held.frames
        return Table(
            domain.schema,
            {part.name: block for part, block in zip(parts, blocks, strict=True)},
            weight=None if self._weight is None else self._weight[row],
            group=groups_of(
                self._number, frame, held.frames, blocks=domain.blocks, breaks=self._breaks
            ),
            origins=(Origin(path=str(self._file.path), start=start, stop=stop, size=self._size),),
            origin=np.zeros(len(frame), np.int64),
            entry=frame,
            carried=carried,
            rejected={TRUNCATED: held.lost} if held.lost and is_last else {},
        )

    def require_end(self, frame: int) -> None:
        """Raise unless all frames came that the headers promise."""
        if frame != self._file.held.frames:
            raise DataError(
                f"{frame} frames were read",
                where=self._file.path,
                expected=f"{self._file.held.frames}",
                fix="The file changed while it was read.",
            )


def check_finite(xyz: NDArray[Any], path: Path, start: int) -> None:
    """Raise if a coordinate of consecutive frames from `start` on is not finite, or far out.

    Raises
    ------
    DataError
        With the file, the frame and the atom.
    """
    with np.errstate(invalid="ignore"):
        if np.abs(xyz).max(initial=0.0) < FARTHEST:  # not so for NaN
            return
        bad = ~(np.abs(xyz) < FARTHEST).all(axis=(1, 2))
    frame = int(np.flatnonzero(bad)[0])
    atom = int(np.flatnonzero(~(np.abs(xyz[frame]) < FARTHEST).all(axis=1))[0])
    raise DataError(
        f"{bad.sum()} frames with coordinates that are not finite, or beyond {FARTHEST:g} nm; "
        f"the first at atom {atom}",
        where=f"{path}, frame {start + frame}",
        fix="The simulation failed there or the file is damaged: leave these frames out.",
    )
