"""Compiled: a collective variable and its pull-back for one configuration, as machine code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.collective.chain import forward, pull_back
from sciae.descriptors.box import reduced
from sciae.descriptors.tables import Tables
from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sciae.collective.variable import CollectiveVariable

    Array = NDArray[Any]

__all__ = ["CompiledVariable"]

NO_BOX = np.zeros((3, 3))
# Of raw numbers; the types are those of any others, so that the same machine code serves.
NO_PARTS = Tables(np.zeros((0, 7), np.int64), np.zeros(0, np.uint64), np.zeros(0), np.zeros(0))


class CompiledVariable:
    r"""A `CollectiveVariable` for one configuration at a time: for the callback of a simulation.

    `forward` gives s; `pull_back` then gives, in one backward pass whatever the dimension,

    .. math:: \frac{\partial V}{\partial x_a}
              = \sum_i \frac{\partial V}{\partial s_i} \frac{\partial s_i}{\partial x_a}

    for the seed dV/ds. Coordinates are those of the used atoms only. The arrays that both
    return are its own and are overwritten by the next call: nothing is allocated. Use one
    per thread; it can be pickled, and a copy shares nothing.

    Compiled code chains `sciae.collective.chain.forward` and ``pull_back`` with an energy
    of s, over `tables`, without coming back to Python.

    Parameters
    ----------
    variable : CollectiveVariable

    Attributes
    ----------
    used : array of int, shape (used,)
        The atoms that it needs; of a variable of raw numbers, their places.
    dim : int
    periodic : bool
        Whether a box is needed.
    tables : tuple
        Contiguous arrays, all state included: the first argument of the chain.

    Examples
    --------
    >>> from sciae.collective import CollectiveVariable
    >>> from sciae.export import NumpyEncoder
    >>> saddle = NumpyEncoder(
    ...     columns=np.array(["x", "y"]),
    ...     function=np.array([0, 0]),
    ...     column=np.array([0, 1]),
    ...     a=np.zeros(2),
    ...     b=np.ones(2),
    ...     least=np.full(2, -np.inf),
    ...     sizes=np.array([2, 2]),
    ...     weights=np.array([1.0, 1, 1, -1, 0, 0]),
    ...     activation="none",
    ...     end="linear",
    ... )
    >>> cv = CollectiveVariable(encoder=saddle, low=[-1, -1], high=[1, 1]).compiled()
    >>> cv.forward(np.array([3.0, 1.0]))
    array([4., 2.])
    >>> cv.pull_back(np.array([10.0, 1.0]))
    array([11.,  9.])
    """

    def __init__(self, variable: CollectiveVariable) -> None:
        descriptors, described = variable.descriptors, NO_PARTS
        self.used, self.periodic, shape = np.arange(variable.width), False, (variable.width, 1)
        if descriptors is not None:
            described = Tables(*map(np.ascontiguousarray, descriptors.compiled().tables))
            self.used, self.periodic = np.array(descriptors.used), descriptors.periodic
            shape = (len(self.used), 3)
        self.dim, self._raw = variable.dim, descriptors is None
        state = (np.zeros(shape), np.zeros((3, 3)), *np.zeros((2, variable.width)))
        encoder, periodic = variable.encoder.compiled().tables, np.array([self.periodic])
        self.tables: tuple[Any, ...] = (tuple(described), encoder, state, periodic)
        self._gradient = np.zeros(shape)

    def value(self, x: ArrayLike, box: ArrayLike | None = None) -> NDArray[np.float64]:
        """As `forward`, but an array of the caller's own."""
        return self.forward(x, box).copy()

    def forward(self, x: ArrayLike, box: ArrayLike | None = None) -> NDArray[np.float64]:
        """Values, shape (dim,), of the used atoms, shape (used, 3), in nm.

        Raises
        ------
        DataError
            If the shape is another, a coordinate is not finite, or a box is needed and absent.
        """
        s: NDArray[np.float64] = forward(self.tables, self._coordinates(x), self._box(box))
        if math.isnan(s[0]):
            raise DataError(
                "coordinates, or what is computed from them, are not finite",
                where="CompiledVariable", expected="finite numbers, in nm",
                fix="Look at the simulation: it may have become unstable.",
            )  # fmt: skip
        return s

    def pull_back(self, seed: ArrayLike) -> NDArray[np.float64]:
        """dV/dx, shape (used, 3), at the last `forward`, of a V with this dV/ds, shape (dim,)."""
        one = np.ascontiguousarray(seed, np.float64)
        if one.shape != (self.dim,):
            raise DataError(f"seed of shape {one.shape}", expected=f"({self.dim},)")
        pull_back(self.tables, one, self._gradient)
        return self._gradient[:, 0] if self._raw else self._gradient

    def _coordinates(self, x: ArrayLike) -> Array:
        array = np.ascontiguousarray(x, np.float64)
        if self._raw and array.size == len(self.used):
            array = array.reshape(-1, 1)
        if array.shape != self._gradient.shape:
            raise DataError(
                f"coordinates of shape {array.shape}", where="CompiledVariable",
                expected=f"{self._gradient.shape}, of the used atoms",
                fix="Give x[variable.used].",
            )  # fmt: skip
        return array

    def _box(self, box: ArrayLike | None) -> Array:
        return reduced(box, 1, periodic=self.periodic)[0] if self.periodic else NO_BOX
