"""Compiled: a dense encoder and its gradient for one row, as machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sciae.export.passes import ACTIVATIONS, encode, pull_back, value_and_gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.export.arrays import NumpyEncoder

    Array = NDArray[Any]  # of float32 or float64

__all__ = ["CompiledEncoder", "RowAndGradient"]


class RowAndGradient(NamedTuple):
    """Latent coordinates of one row, shape (coordinate,), and (coordinate, number)."""

    value: Array
    gradient: Array


class CompiledEncoder:
    """A `NumpyEncoder` for one row at a time: for the callback of a simulation.

    The arrays that it returns are its own and are overwritten by the next call: nothing is
    allocated. Use one per thread; copies are made by `copy.deepcopy` or by sending it to
    another process.

    Parameters
    ----------
    encoder : NumpyEncoder

    Examples
    --------
    >>> from sciae.export.arrays import NumpyEncoder
    >>> double = NumpyEncoder(
    ...     columns=np.array(["x"]), function=np.array([0]), column=np.array([0]),
    ...     a=np.array([1.0]), b=np.array([0.5]), least=np.array([-np.inf]),
    ...     sizes=np.array([1, 1]), weights=np.array([3.0, 0.0]), activation="none",
    ...     end="linear",
    ... )
    >>> double.compiled().value_and_gradient(np.array([2.0]))
    RowAndGradient(value=array([6.]), gradient=array([[6.]]))
    """  # fmt: skip

    def __init__(self, encoder: NumpyEncoder) -> None:
        dtype, sizes = encoder.weights.dtype, np.ascontiguousarray(encoder.sizes, np.int64)
        self.encoder = encoder
        self._plan = np.array(
            [ACTIVATIONS[encoder.activation], encoder.end == "angles", *sizes], np.int64
        )
        self._index = np.ascontiguousarray([encoder.function, encoder.column], np.int64)
        self._table = np.ascontiguousarray([encoder.a, encoder.b, encoder.least], np.float64)
        self._weights = np.ascontiguousarray(encoder.weights)
        self._units = np.zeros((2, sizes.sum()), dtype)  # values, and slopes
        self._back = np.zeros((2, encoder.dim, sizes.max()), dtype)
        self._value = np.zeros(encoder.dim, dtype)
        self._gradient = np.zeros((encoder.dim, len(encoder.columns)), dtype)
        self._pulled = np.zeros(len(encoder.columns), dtype)

    def value(self, x: Array) -> Array:
        """Coordinates of one raw row, shape (number,)."""
        encode(self.tables, self._row(x))
        return self._value

    def value_and_gradient(self, x: Array) -> RowAndGradient:
        """Coordinates of one raw row, and their gradient with respect to it."""
        value_and_gradient(self.tables, self._row(x), self._gradient)
        return RowAndGradient(self._value, self._gradient)

    def pull_back(self, seed: Array) -> Array:
        """What a function of the coordinates changes by with each raw number, shape (number,).

        Of the row that was given last, and from `seed`, shape (coordinate,), what the
        function changes by with each coordinate: one pass, however many coordinates.

        Examples
        --------
        >>> from sciae.export.arrays import NumpyEncoder
        >>> sum_and_difference = NumpyEncoder(
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
        ... ).compiled()
        >>> sum_and_difference.value(np.array([3.0, 1.0]))
        array([4., 2.])
        >>> sum_and_difference.pull_back(np.array([10.0, 1.0]))
        array([11.,  9.])
        """
        one = np.ascontiguousarray(seed, self._value.dtype)
        if one.shape != self._value.shape:
            raise ValueError(f"shape {one.shape}; expected {self._value.shape}")
        pull_back(self.tables, one, self._pulled)
        return self._pulled

    @property
    def tables(self) -> tuple[Array, ...]:
        """What `encode` and `pull_back` take, for compiled code that chains them."""
        return (
            self._plan, self._index, self._table, self._weights, self._units, self._back,
            self._value,
        )  # fmt: skip

    def _row(self, x: Array) -> NDArray[np.float64]:
        row = np.ascontiguousarray(x, np.float64)
        if row.shape != self._gradient.shape[1:]:
            raise ValueError(f"shape {row.shape}; expected {self._gradient.shape[1:]}")
        return row
