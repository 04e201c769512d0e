"""Columns beside the frames of a trajectory, as a COLVAR file that PLUMED reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.errors import DataError, SourceError, SpecError
from sciae.run import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.table import Annotations, Origin

__all__ = ["Beside", "write_colvar"]


class Beside(NamedTuple):
    """What a source says of its frames."""

    frames: int
    time: NDArray[np.float64] | None  # (frame,) ps
    size: int  # bytes


def write_colvar(
    path: Path, annotations: Iterable[Annotations], *, beside: Callable[[Origin], Beside]
) -> int:
    """One line for each frame of the source, in its order: time, frame, and the columns.

    Frames without a row get nan: nothing shifts. Columns of several numbers are written as
    ``name.0``, ``name.1``, ... Numbers are read back as the same. The file appears under its
    name only when it is whole.

    Parameters
    ----------
    path : Path
    annotations : iterable of Annotations
        Ranges that follow each other without a gap, from the first frame to the last; of
        several sources, one source after the other.
    beside : callable
        Of the source of a range: its frames and their times.

    Returns
    -------
    int
        Frames written.

    Raises
    ------
    DataError
        If ranges leave a gap, two rows claim one frame, or a row is not in its range.
    SourceError
        If the source is no longer as it was.
    SpecError
        If there is no range at all, or columns differ between ranges.
    """
    header, last, known, written = "", None, None, 0
    with write_atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for one in annotations:
            begins_file = last is None or last.path != one.origin.path
            if begins_file:
                _check_whole(last, known)
                known = beside(one.origin)
            assert known is not None  # set at the first range of each file
            _check_next(one.origin, 0 if begins_file or last is None else last.stop, known)
            last, lines = one.origin, _lines(one, known)
            if begins_file or not header:
                header = _require_same(header, lines[0])
                file.write(header)
            _ = _require_same(header, lines[0])
            file.writelines(lines[1:])
            written += last.stop - last.start
        _check_whole(last, known)
        if not header:
            raise SpecError("no annotations", where=path, expected="one range or more")
    return written


def _require_same(header: str, other: str) -> str:
    if header and header != other:
        raise SpecError(
            f"columns {other.strip()!r} after {header.strip()!r}", expected="the same everywhere"
        )
    return other


def _check_next(origin: Origin, begins: int, known: Beside) -> None:
    if origin.start != begins:
        raise DataError(
            f"frames from {origin.start}",
            where=origin.path,
            expected=f"to go on at frame {begins}",
        )
    if origin.size and origin.size != known.size:
        raise SourceError(
            "the file changed while it was scored", where=origin.path, fix="Score it again."
        )


def _check_whole(last: Origin | None, known: Beside | None) -> None:
    if last is not None and known is not None and last.stop != known.frames:
        raise DataError(
            f"ranges end at frame {last.stop}",
            where=last.path,
            expected=f"all {known.frames} frames",
        )


def _lines(one: Annotations, known: Beside) -> list[str]:
    """The header, and a line for each frame of the range."""
    frames = np.arange(one.origin.start, one.origin.stop)
    at = one.entry - one.origin.start
    if len(at) and (at.min() < 0 or at.max() >= len(frames) or (np.diff(at) <= 0).any()):
        raise DataError("rows out of their range or order, or two of one frame", where=one.origin)
    columns: dict[str, NDArray[np.float64]] = {}
    for name, values in one.columns.items():
        flat = np.asarray(values, np.float64).reshape(len(at), -1)
        single = np.ndim(values) == 1
        for k in range(flat.shape[1]):
            spread = np.full(len(frames), np.nan)
            spread[at] = flat[:, k]
            columns[name if single else f"{name}.{k}"] = spread
    texts = [
        [str(frame) for frame in frames],
        *([repr(x) for x in c.tolist()] for c in columns.values()),
    ]
    names = ["frame", *columns]
    if known.time is not None:
        texts.insert(0, [repr(t) for t in known.time[frames].tolist()])
        names.insert(0, "time")
    return [
        f"#! FIELDS {' '.join(names)}\n",
        *(f" {' '.join(row)}\n" for row in zip(*texts, strict=True)),
    ]
