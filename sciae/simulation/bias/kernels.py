"""Kernels: a compressed sum of Gaussians, and its image on a grid, kept in step.

A new kernel that lies within the threshold of another, in units of that one's width, is
merged with it, keeping total weight, mean and variance; the result may merge again.
Source: M. Invernizzi and M. Parrinello, J. Phys. Chem. Lett. 11 (2020) 2731, after
P. Sodkomkham et al., Knowl.-Based Syst. 113 (2016) 200.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciae.simulation.bias.compiled import compiled
from sciae.simulation.bias.gaussians import add_gaussian, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.simulation.bias.grid import Grid

    Array = NDArray[np.float64]

__all__ = ["Kernels"]

NONE = -1


LOW, SPACING, PERIOD = range(3)  # rows of `box`
CUTOFF, THRESHOLD, LEAST = range(3)  # of `limits`; the last is a Gaussian's value at the cutoff
# A plain tuple, for the reason that `Tables` is one: shape, (dim,), box, (3, dim), and limits.
Plan = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


class Kernels:
    """Gaussians that compress themselves.

    Parameters
    ----------
    grid : Grid
        Where `density`, their sum, is tabulated.
    cutoff : float
        Radius of truncation in units of sigma.
    threshold : float
        Distance, in units of sigma, below which kernels merge; 0: never.
    """

    def __init__(self, grid: Grid, *, cutoff: float, threshold: float) -> None:
        self._plan = (
            np.array(grid.shape, np.int64),
            np.stack([np.array(grid.low), grid.spacing, grid.periods]),
            np.array([cutoff, threshold, math.exp(-0.5 * cutoff**2)], np.float64),
        )
        self._rows = np.zeros((64, 2 * grid.dim + 1))  # height, center, sigma
        self._count = 0
        self.density = np.zeros(len(grid.volumes))  # sum of the kernels at the nodes
        self.overlap = 0.0  # sum over pairs (k, l), k = l included, of kernel l at the center of k

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> Array:
        """A copy of (kernel, 1 + 2 dim): height, center, sigma."""
        return self._rows[: self._count].copy()

    def add(self, height: float, center: Array, sigma: Array) -> None:
        """Add a kernel, merging where it is close to others."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[self._count] = [height, *center, *sigma]
        self._count, change = _add(self._rows, self._count, self.density, self._plan)
        self.overlap += change

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Rows, density and overlap."""
        return {
            "kernels": self.rows,
            "density": self.density.copy(),
            "overlap": np.array(self.overlap),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Become what `state` was taken of."""
        kernels = np.asarray(state["kernels"], np.float64)
        self._rows = np.concatenate([kernels, np.zeros((64, self._rows.shape[1]))])
        self._count = len(kernels)
        self.density[:] = np.asarray(state["density"], np.float64)
        self.overlap = float(np.asarray(state["overlap"], np.float64))


@compiled
def _add(rows: Array, count: int, density: Array, plan: Plan) -> tuple[int, float]:
    """Take in row `count`, merged or not; the new number of kernels, and change of overlap."""
    last, change = count, 0.0
    taker = _nearest(rows, count, last, plan)
    if taker == NONE:
        taker = last
        count += 1
    else:
        change -= _pairs(rows, count, taker, NONE, plan)
        _draw(density, rows[taker], -1.0, plan)
        _merge(rows[taker], rows[last], plan)
        giver = taker
        taker = _nearest(rows, count, giver, plan)
        while taker != NONE:
            change -= _pairs(rows, count, taker, giver, plan)
            _draw(density, rows[taker], -1.0, plan)
            taker, giver = min(taker, giver), max(taker, giver)
            _merge(rows[taker], rows[giver], plan)
            for k in range(giver, count - 1):
                rows[k] = rows[k + 1]
            count -= 1
            giver = taker
            taker = _nearest(rows, count, giver, plan)
        taker = giver
    _draw(density, rows[taker], 1.0, plan)
    return count, change + _pairs(rows, count, taker, NONE, plan)


@compiled
def _draw(density: Array, row: Array, sign: float, plan: Plan) -> None:
    shape, box, limits = plan
    dim = len(shape)
    add_gaussian(
        density, shape, box[LOW], box[SPACING], box[PERIOD],
        sign * row[0], row[1 : dim + 1], row[dim + 1 :], limits[CUTOFF],
    )  # fmt: skip


# The two loops over all kernels index whole arrays: a view of each row costs more than the rest.


@compiled
def _nearest(rows: Array, count: int, j: int, plan: Plan) -> int:
    """The kernel nearest to the center of row j, of those within the threshold of it."""
    shape, box, limits = plan
    dim, nearest, least = len(shape), NONE, limits[THRESHOLD] ** 2
    for k in range(count):
        square = 0.0
        for d in range(dim):
            x = wrapped(rows[j, 1 + d] - rows[k, 1 + d], box[PERIOD, d]) / rows[k, 1 + dim + d]
            square += x * x
            if square >= least:
                break
        if square < least and k != j:
            nearest, least = k, square
    return nearest


@compiled
def _pairs(rows: Array, count: int, k: int, without: int, plan: Plan) -> float:
    """What kernel k contributes to the overlap, with itself counted once."""
    shape, box, limits = plan
    dim, most, least = len(shape), limits[CUTOFF] ** 2, limits[LEAST]
    total: float = rows[k, 0] * (1 - least)
    for j in range(count):
        mine, its = 0.0, 0.0  # squared distance in units of the width of k, and of j
        for d in range(dim):
            x = wrapped(rows[k, 1 + d] - rows[j, 1 + d], box[PERIOD, d])
            a, b = x / rows[k, 1 + dim + d], x / rows[j, 1 + dim + d]
            mine += a * a
            its += b * b
            if mine >= most and its >= most:
                break
        if j != k and j != without:  # noqa: PLR1714 - a set would be made at every turn
            if mine < most:
                total += rows[k, 0] * (math.exp(-0.5 * mine) - least)
            if its < most:
                total += rows[j, 0] * (math.exp(-0.5 * its) - least)
    return total


@compiled
def _merge(one: Array, other: Array, plan: Plan) -> None:
    """Put both into `one`: the sum's weight, mean and variance per dimension."""
    dim, height = len(plan[0]), one[0] + other[0]
    for d in range(dim):
        apart = wrapped(one[1 + d] - other[1 + d], plan[1][PERIOD, d])
        p, q = one[0] / height, other[0] / height
        mean = other[1 + d] + p * apart
        variance = p * one[1 + dim + d] ** 2 + q * other[1 + dim + d] ** 2 + p * q * apart * apart
        if plan[1][PERIOD, d] > 0:
            turns = math.floor((mean - plan[1][LOW, d]) / plan[1][PERIOD, d])
            mean -= turns * plan[1][PERIOD, d]
        one[1 + d], one[1 + dim + d] = mean, math.sqrt(variance)
    one[0] = height
