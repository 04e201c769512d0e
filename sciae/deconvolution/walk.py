"""Walk: how rough a free energy may be, as the precision of a Gaussian prior."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["roughness"]

TINY = 1e-9  # of the largest eigenvalue: what the walk does not see


def roughness(
    shape: Sequence[int], *, order: int = 3, periodic: Sequence[bool] | None = None
) -> Array:
    r"""Precision of a random walk of this order on a grid, of unit size whatever the grid.

    .. math:: R = \sum_d D_d^T D_d, \qquad (D F)_i = \sum_k (-1)^{k} \binom{n}{k} F_{i + n - k}

    Polynomials below the order are free: at order 3 a harmonic well costs nothing. In two
    dimensions the differences are along either axis. It is scaled so that the geometric
    mean of the bins' prior variances is one (Sørbye and Rue, Spat. Stat. 8 (2014) 39): the
    same amplitude then means the same on every grid.

    Parameters
    ----------
    shape : sequence of int
        Bins along each coordinate, more than `order`.
    order : int
        1, 2, 3, ...
    periodic : sequence of bool, optional
        Per coordinate: bins at both ends are then neighbours, and only the constant is free.

    Returns
    -------
    array, shape (bin, bin)
        Of rank bin minus what is free; the last coordinate runs fastest.

    Raises
    ------
    SpecError
        If there are too few bins.

    Examples
    --------
    >>> R = roughness([6], order=3)
    >>> x = np.arange(6.0)
    >>> bool(abs(R @ (1 + x + x**2)).max() < 1e-9), bool((R @ x**3) @ x**3 > 0)
    (True, True)
    """
    around = tuple(periodic or (False,) * len(shape))
    if min(shape) <= order or order < 1 or len(around) != len(shape):
        raise SpecError(
            f"{tuple(shape)} bins, order {order}", where="roughness",
            expected="more bins than the order along each coordinate",
        )  # fmt: skip
    each = [_differences(n, order, around=p) for n, p in zip(shape, around, strict=True)]
    total = np.zeros((math.prod(shape),) * 2)
    for k, one in enumerate(each):
        parts = [one.T @ one if d == k else np.eye(n) for d, n in enumerate(shape)]
        total += parts[0] if len(parts) == 1 else np.kron(*parts)
    values, vectors = np.linalg.eigh(total)
    seen = values > TINY * values[-1]
    variance = np.square(vectors[:, seen]) @ (1 / values[seen])
    scaled: Array = total * math.exp(float(np.log(variance).mean()))
    return scaled


def _differences(count: int, order: int, *, around: bool) -> Array:
    """One row for each difference of this order."""
    if not around:
        return np.diff(np.eye(count), order, axis=0)
    step = np.roll(np.eye(count), 1, axis=1) - np.eye(count)
    return np.linalg.matrix_power(step, order)
