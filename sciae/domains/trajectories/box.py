"""Box vectors: made from lengths and angles, in reduced form, and refused if absurd."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from mdtraj.utils.unitcell import lengths_and_angles_to_box_vectors

from sciae.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["checked", "reduced", "vectors_of"]

SMALLEST, LARGEST = 0.11, 1e4  # nm; 0.1 nm is the placeholder of PDB files without a box
SLANT = 1e-4  # of a box vector against the axis that it is to lie on


def vectors_of(lengths: NDArray[Any], angles: NDArray[Any]) -> NDArray[np.float64]:
    """Box vectors as rows, of lengths in nm and angles in degrees; zeros where there are none.

    Examples
    --------
    >>> vectors_of(np.full((1, 3), 2.0), np.full((1, 3), 90.0))[0].tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]
    """
    angles = np.where((lengths == 0).all(axis=1, keepdims=True), 90.0, angles)
    angles = np.where(np.isfinite(angles), angles, 0.0)  # refused later, with its frame
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mdtraj warns of cells that are refused later
        sides = lengths_and_angles_to_box_vectors(*lengths.T, *angles.T)
    return np.stack([np.asarray(side, np.float64).reshape(-1, 3) for side in sides], axis=1)


def reduced(box: NDArray[Any]) -> NDArray[np.float64]:
    """The same lattice with the shortest slants, as OpenMM wants it.

    Parameters
    ----------
    box : array, shape (frame, 3, 3)
        nm; the first vector along x, the second in the plane of x and y.

    Examples
    --------
    >>> reduced(np.array([[[2.0, 0, 0], [1.5, 2, 0], [0, 0, 2]]]))[0, 1].tolist()
    [-0.5, 2.0, 0.0]
    """
    box = np.array(box, np.float64)
    a, b, c = box[:, 0], box[:, 1], box[:, 2]
    c -= b * np.rint(c[:, 1:2] / b[:, 1:2])
    c -= a * np.rint(c[:, :1] / a[:, :1])
    b -= a * np.rint(b[:, :1] / a[:, :1])
    return box


def checked(box: NDArray[Any] | None, path: Path, frame: int) -> NDArray[np.float64] | None:
    """The boxes of consecutive frames from `frame` on, in reduced form; None if there are none.

    Raises
    ------
    DataError
        If a box is not finite, flat, absurdly small or large, or turned, with its frame.
    """
    if box is None or (box == 0).all() or _placeholder(box):
        return None
    sides = np.abs(np.diagonal(box, axis1=1, axis2=2))  # (frame, 3) nm
    turned = np.abs(box[:, [0, 0, 1], [1, 2, 2]]).max(axis=1) > SLANT
    with np.errstate(invalid="ignore"):
        fine = np.isfinite(box).all(axis=(1, 2)) & ((sides > SMALLEST) & (sides < LARGEST)).all(1)
    bad = np.flatnonzero(~fine | turned)
    if len(bad):
        first = np.round(box[bad[0]], 4).tolist()
        raise DataError(
            f"{len(bad)} frames with an absurd box, the first of vectors {first} nm",
            where=f"{path}, frame {frame + bad[0]}",
            expected=f"{SMALLEST} to {LARGEST:g} nm, the first along x, the second in xy",
            fix="The simulation failed there or the file is damaged: leave these frames out.",
        )
    return reduced(box)


def _placeholder(box: NDArray[Any]) -> bool:
    """Whether all are the unit cube of 1 Å that a PDB file names when it has no box."""
    return bool(np.allclose(box, 0.1 * np.eye(3), atol=1e-6))
