"""Layers: the matrices and biases of an encoder, as views of its weights."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Layer", "layers_of"]


class Layer(NamedTuple):
    """h -> matrix h + bias."""

    matrix: NDArray[np.float64]
    """Shape (out, in)."""
    bias: NDArray[np.float64]


def layers_of(sizes: NDArray[np.int64], weights: NDArray[np.float64]) -> list[Layer]:
    """Each layer of `sizes` neurons; writing into them writes into `weights`.

    Examples
    --------
    >>> import numpy as np
    >>> layers_of(np.array([2, 1]), np.array([3.0, 4.0, 5.0]))
    [Layer(matrix=array([[3., 4.]]), bias=array([5.]))]
    """
    layers: list[Layer] = []
    at = 0
    for into, out in pairwise(sizes.tolist()):
        bias = at + into * out
        layers.append(Layer(weights[at:bias].reshape(out, into), weights[bias : bias + out]))
        at = bias + out
    return layers
