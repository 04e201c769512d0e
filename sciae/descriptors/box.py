"""Periodic boxes: checked, and in the reduced form that the nearest image is found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["NO_BOX", "no_box", "reduced"]

NO_BOX = np.zeros((1, 3, 3))  # to compiled code: no periodicity
ROUNDING = 1e-5  # of the longest vector: what is left of a zero in float32


def reduced(box: ArrayLike | None, frames: int, *, periodic: bool) -> NDArray[np.float64]:
    r"""Boxes in OpenMM's reduced form, or `NO_BOX` if not periodic.

    Vectors a, b, c in rows with :math:`a = (a_x, 0, 0)`, :math:`b = (b_x, b_y, 0)`,
    :math:`a_x \ge 2 |b_x|, 2 |c_x|`, :math:`b_y \ge 2 |c_y|`: the same lattice.

    Parameters
    ----------
    box : array, shape (frame, 3, 3) or (3, 3)
        In nm.
    frames : int
    periodic : bool

    Returns
    -------
    array, shape (frame or 1, 3, 3)

    Raises
    ------
    DataError
        If there is none, or it is not finite, has no volume, or is not lower triangular.
    """
    if not periodic:
        return NO_BOX.copy()
    if box is None:
        raise no_box()
    boxes = np.array(box, dtype=np.float64, order="C")
    boxes = boxes[None] if boxes.shape == (3, 3) else boxes
    if boxes.shape not in {(1, 3, 3), (frames, 3, 3)}:
        raise DataError(
            f"shape {boxes.shape}", where="box", expected=f"({frames}, 3, 3) or (3, 3), in nm"
        )
    _check(boxes)
    return _reduce(boxes)


def no_box() -> DataError:
    """The error to raise where a box is needed."""
    return DataError(
        "no box, but the descriptors are periodic",
        where="box",
        fix="Hand in the box vectors, or use descriptors with periodic=False.",
    )


def _check(boxes: NDArray[np.float64]) -> None:
    """Raise, naming the first frame whose box is not one."""
    ok = np.isfinite(boxes).all((1, 2))
    _first(np.asarray(~ok), boxes, "not finite", "lengths in nm")
    size = np.abs(boxes).max((1, 2))
    edges = np.diagonal(boxes, axis1=1, axis2=2).min(1)
    _first(edges <= ROUNDING * size, boxes, "no volume", "a positive diagonal")
    above = np.abs(np.stack([boxes[:, 0, 1], boxes[:, 0, 2], boxes[:, 1, 2]])).max(0)
    _first(
        above > ROUNDING * size,
        boxes,
        "not lower triangular",
        "a along x, and b in the plane of x and y, as OpenMM and mdtraj have them",
    )


def _first(wrong: NDArray[np.bool_], boxes: NDArray[np.float64], what: str, want: str) -> None:
    if wrong.any():
        frame = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{what}: {boxes[frame].tolist()}", where=f"box, frame {frame}", expected=want
        )


def _reduce(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract whole vectors from the later ones, in place."""
    a, b, c = boxes[:, 0], boxes[:, 1], boxes[:, 2]
    a[:, 1:] = 0
    b[:, 2] = 0
    c -= b * np.round(c[:, 1] / b[:, 1])[:, None]
    c -= a * np.round(c[:, 0] / a[:, 0])[:, None]
    b -= a * np.round(b[:, 0] / a[:, 0])[:, None]
    return boxes
