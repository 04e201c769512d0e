"""Association: how a variable goes with observables that it was not learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.tasks.cv.encoder import coordinates
from sciae.tasks.cv.frames import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sciae.collective import CollectiveVariable
    from sciae.table import Table

    Array = NDArray[np.float64]

__all__ = ["Association", "against", "canonical_correlation"]

NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Association:
    """Correlations with one observable, between 0 and 1 (-1 and 1 between two plain numbers).

    Attributes
    ----------
    each : tuple of float
        With each coordinate: Pearson's, or the largest canonical one where either is an
        angle.
    together : float
        The largest canonical correlation with all coordinates.
    """

    each: tuple[float, ...]
    together: float


def against(
    variable: CollectiveVariable,
    table: Table,
    observables: Mapping[str, ArrayLike],
    *,
    periods: Mapping[str, float] = NONE,
) -> dict[str, Association]:
    """Weighted correlation of a variable with observables.

    For a look at what was found, never for choosing a variable by observables that one would
    not have: only a known system has them.

    Parameters
    ----------
    variable : CollectiveVariable
    table : Table
    observables : mapping of str to array, shape (row,)
    periods : mapping of str to float
        Of those that are angles: they enter as cosine and sine.

    Raises
    ------
    DataError
        If an observable has another length, is not finite, or never varies.
    """
    s, w = variable.of_table(table), row_weights(table)
    found = {}
    for name, given in observables.items():
        values = np.asarray(given, np.float64)
        if values.shape != (len(table),) or not np.isfinite(values).all() or not np.ptp(values):
            raise DataError(
                f"values of shape {values.shape}, or not finite, or all the same",
                where=f"observable {name!r}",
                expected=f"{len(table)} finite numbers that vary",
            )
        period = periods.get(name)
        other = coordinates(values[:, None], (period,))
        each = [_one(s[:, [d]], (p,), other, w) for d, p in enumerate(variable.periods)]
        together = canonical_correlation(coordinates(s, variable.periods), other, w)
        found[name] = Association(tuple(each), together)
    return found


def _one(s: Array, periods: tuple[float | None, ...], other: Array, w: Array) -> float:
    """Signed between two plain numbers."""
    x = coordinates(s, periods)
    size = canonical_correlation(x, other, w)
    if x.shape[1] > 1 or other.shape[1] > 1:
        return size
    share = w / w.sum()
    return math.copysign(size, (share * (x[:, 0] - share @ x[:, 0])) @ other[:, 0])


def canonical_correlation(x: Array, y: Array, weight: Array) -> float:
    """The largest weighted correlation between linear functions of x and of y.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> round(canonical_correlation(x, 3 - 2 * x, np.ones(3)), 12)
    1.0
    """
    root = np.sqrt(weight / weight.sum())[:, None]
    q, p = (_orthogonal(root * (z - np.average(z, axis=0, weights=weight))) for z in (x, y))
    values = np.linalg.svd(q.T @ p, compute_uv=False)
    return float(min(1.0, values.max(initial=0.0)))


def _orthogonal(x: Array) -> Array:
    u, size, _ = np.linalg.svd(x, full_matrices=False)
    kept: Array = u[:, size > 1e-9 * size.max(initial=1e-300)]
    return kept
