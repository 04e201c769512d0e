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

FRAMES = 200
MOST = 0.95  # of the frames


def steepness(variable: CollectiveVariable, xyz: ArrayLike) -> NDArray[np.float64]:
    r"""How long the gradient of each coordinate of s is in all but a few frames, in 1/nm.

    .. math:: g_i = Q_{0.95}\left(|\partial s_i / \partial x|\right)

    A bias that rises by E over a width w of s is a spring of about :math:`E g^2 / w^2`: along
    a stiff combination of distances even a modest one tears at bonds.

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
    gradients = [variable.value_and_gradient(x).gradient for x in some]
    lengths = np.linalg.norm(np.reshape(gradients, (len(some), variable.dim, -1)), axis=2)
    steep: NDArray[np.float64] = np.quantile(lengths, MOST, axis=0)
    return steep


def with_steepness(variable: CollectiveVariable, xyz: ArrayLike) -> CollectiveVariable:
    """The same variable, told how steep it is along these frames: ``about["steepness"]``."""
    found = steepness(variable, xyz).tolist()
    return replace(variable, about={**variable.about, "steepness": found})
