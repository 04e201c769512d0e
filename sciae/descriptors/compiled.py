"""Compiled: descriptors of one frame and their pull-back, as machine code on plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.descriptors.box import NO_BOX, reduced
from sciae.descriptors.kernels.pull_back import pull_back_into
from sciae.descriptors.kernels.values import values_into
from sciae.descriptors.tables import tables
from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sciae.descriptors.descriptors import Descriptors
    from sciae.descriptors.tables import Tables

__all__ = ["CompiledDescriptors", "pull_back_into", "values_into"]


class CompiledDescriptors:
    """Descriptors of one frame of the used atoms at a time.

    To call them from other compiled code, without Python in between::

        values_into(*compiled.tables, x, box, out)
        pull_back_into(*compiled.tables, x, box, g, out)

    with `x` and the second `out` of shape (used atom, 3), `box` (3, 3) in OpenMM's reduced
    form or all zeros for none, `g` and the first `out` (number,): all contiguous float64.
    Nothing is checked there, and nothing allocated. The last of the tables is space to
    work in: each thread needs its own, which `copy.deepcopy` or pickling makes.

    Parameters
    ----------
    descriptors : Descriptors

    Attributes
    ----------
    used : array of int, shape (used atom,)
        The atoms of the topology that are needed, in ascending order.
    width : int
        How many numbers.
    periodic : bool
    tables : Tables
        Contiguous arrays.

    Examples
    --------
    >>> from sciae.descriptors import Descriptors, Distances
    >>> one = Descriptors((Distances([(1, 7)]),), atoms=9).compiled()
    >>> x = np.array([[0.0, 0, 0], [0, 3, 4]])
    >>> one.used.tolist(), one.value(x).tolist()
    ([1, 7], [5.0])
    >>> one.pull_back(x, None, np.ones(1)).round(3).tolist()
    [[0.0, -0.6, -0.8], [0.0, 0.6, 0.8]]
    """

    def __init__(self, descriptors: Descriptors) -> None:
        self.used: NDArray[np.int64] = descriptors.used
        self.width: int = descriptors.width
        self.periodic: bool = descriptors.periodic
        self.tables: Tables = tables(descriptors.parts, self.used)

    def value(self, x: ArrayLike, box: ArrayLike | None = None) -> NDArray[np.float64]:
        """The numbers, shape (number,), of coordinates of the used atoms, in nm.

        Raises
        ------
        DataError
            If the shape is another, or a box is needed and absent or absurd.
        """
        out = np.empty(self.width)
        values_into(*self.tables, self._coordinates(x), self._box(box), out)
        return out

    def pull_back(self, x: ArrayLike, box: ArrayLike | None, g: ArrayLike) -> NDArray[np.float64]:
        r"""The gradient of a function of the numbers, with respect to the used coordinates.

        .. math:: \sum_i g_i\, \partial v_i / \partial x

        Parameters
        ----------
        x : array, shape (used atom, 3)
            In nm.
        box : array, shape (3, 3), or None
        g : array, shape (number,)
            The derivative of the function with respect to each number.

        Returns
        -------
        array, shape (used atom, 3)

        Raises
        ------
        DataError
            If a shape is another, or a box is needed and absent or absurd.
        """
        gradient = np.require(g, np.float64, ["C", "W"])
        if gradient.shape != (self.width,):
            raise DataError(f"shape {gradient.shape}", where="g", expected=f"({self.width},)")
        out = np.empty((len(self.used), 3))
        pull_back_into(*self.tables, self._coordinates(x), self._box(box), gradient, out)
        return out

    def _coordinates(self, x: ArrayLike) -> NDArray[np.float64]:
        points = np.require(x, np.float64, ["C", "W"])
        if points.shape != (len(self.used), 3):
            raise DataError(
                f"shape {points.shape}", where="x", expected=f"({len(self.used)}, 3), used atoms"
            )
        return points

    def _box(self, box: ArrayLike | None) -> NDArray[np.float64]:
        boxes = reduced(box, 1, periodic=True) if self.periodic else NO_BOX
        only: NDArray[np.float64] = boxes[0]
        return only
