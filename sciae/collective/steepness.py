"""Steepness: how fast a variable changes with coordinates, which bounds how fine a bias may be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sciae.collective.variable import CollectiveVariable

__all__ = ["steepness", "with_steepness"]

FRAMES = 200  # of them the root mean square is known to a few per cent


def steepness(variable: CollectiveVariable, xyz: ArrayLike) -> NDArray[np.float64]:
    r"""Root mean square over frames of the gradient's length, per coordinate of s, in 1/nm.

    .. math:: g_i = \sqrt{\left\langle |\partial s_i / \partial x|^2 \right\rangle}

    A bias that rises by E over a width w of s pulls with a force of about E g / w: along a
    stiff combination of distances even a modest bias tears at bonds.

    Parameters
    ----------
    variable : CollectiveVariable
    xyz : array, shape (frame, atom, 3)
        In nm, without a box; at most 200 of the frames are used, evenly spread.

    Raises
    ------
    DataError
        If there are no frames.
    """
    frames = np.asarray(xyz, np.float64)
    if frames.ndim != 3 or not len(frames):  # noqa: PLR2004 - frame, atom, xyz
        raise DataError(
            f"frames of shape {frames.shape}", where="steepness", expected="one or more"
        )
    some = frames[:: max(1, len(frames) // FRAMES)]
    squares = [
        np.square(variable.value_and_gradient(x).gradient).reshape(variable.dim, -1).sum(1)
        for x in some
    ]
    root: NDArray[np.float64] = np.sqrt(np.mean(squares, axis=0))
    return root


def with_steepness(variable: CollectiveVariable, xyz: ArrayLike) -> CollectiveVariable:
    """The same variable, told how steep it is along these frames: ``about["steepness"]``."""
    found = steepness(variable, xyz).tolist()
    return replace(variable, about={**variable.about, "steepness": found})
