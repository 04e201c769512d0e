"""Basins: intervals (also across the seam of a period), masks, or functions of coordinates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.free_energy.frames import Frames

__all__ = ["Basin", "inside", "labels"]

Basin = Sequence[Any] | np.ndarray | Callable[[np.ndarray], Any]
"""``(low, high)``; of several dimensions one such pair, or None for all values, for each; a
boolean array with one entry per frame; or a function of the coordinates that gives one."""


def inside(frames: Frames, basin: Basin, *, where: str = "basin") -> NDArray[np.bool_]:
    """Which frames lie in the basin.

    On a periodic coordinate ``(low, high)`` runs upwards from `low` to `high`, across the
    seam if need be: (170, -170) of a period of 360 is 20 wide. The upper end belongs to the
    next interval, so that neighbours share no frame.

    Raises
    ------
    SpecError
        If it is no basin of these coordinates.

    Examples
    --------
    >>> from sciae.free_energy.frames import frames_of
    >>> inside(frames_of([175.0, -175.0, 0.0], period=360.0), (170.0, -170.0)).tolist()
    [True, True, False]
    """
    if callable(basin):
        return _mask(basin(frames.values), len(frames), where)
    if isinstance(basin, np.ndarray) and basin.dtype == np.bool_:
        if basin.shape != (frames.rows,):
            raise DataError(f"shape {basin.shape}", where=where, expected=f"({frames.rows},)")
        return basin[frames.row]
    sides = _sides(basin, frames.x.shape[1], where)
    kept = np.ones(len(frames), np.bool_)
    for column, period, side in zip(frames.x.T, frames.period, sides, strict=True):
        if side is not None:
            kept &= _between(column, period, side, where)
    return kept


def _mask(given: Any, frames: int, where: str) -> NDArray[np.bool_]:
    mask = np.asarray(given)
    if mask.dtype != np.bool_ or mask.shape != (frames,):
        raise SpecError(
            f"the function gave {mask.dtype} of shape {mask.shape}",
            where=where,
            expected=f"bool of shape ({frames},)",
        )
    return mask


def _sides(basin: Any, dimensions: int, where: str) -> list[Any]:
    plain = all(np.isscalar(end) for end in basin)
    sides = [basin] if plain else list(basin)
    if len(sides) != dimensions:
        raise SpecError(
            f"{len(sides)} intervals for {dimensions} dimensions",
            where=where,
            expected="(low, high), or one (low, high) or None for each dimension",
        )
    return sides


def _between(
    column: NDArray[np.float64], period: float | None, side: Any, where: str
) -> NDArray[np.bool_]:
    if np.shape(side) != (2,):
        raise SpecError(f"{side!r}", where=where, expected="(low, high)")
    low, high = (float(end) for end in side)
    if period is not None:
        width = high - low if high - low >= period else (high - low) % period
        return np.asarray((column - low) % period < width)
    if not low < high:
        raise SpecError(f"({low}, {high})", where=where, expected="low < high without a period")
    return (column >= low) & (column < high)


def labels(frames: Frames, a: Basin, b: Basin) -> NDArray[np.int8]:
    """1 in a, 2 in b, 0 elsewhere.

    Raises
    ------
    SpecError
        If a frame is in both.
    """
    in_a, in_b = inside(frames, a, where="a"), inside(frames, b, where="b")
    both = int(np.sum(in_a & in_b))
    if both:
        raise SpecError(f"{both} frames lie in both", where="a and b", fix="Set them apart.")
    return (in_a + 2 * in_b).astype(np.int8)
