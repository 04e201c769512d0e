"""Counts: what was seen in the bins of z, and how likely a free energy of s makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import xlogy

from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Counts", "Likelihood"]


class Likelihood(NamedTuple):
    """ln L, its gradient and its curvature with respect to u = ln p and what bends the response."""

    value: float
    gradient: Array
    """Shape (number,): the bins of s, then what bends."""
    observed: Array
    """Minus the matrix of second derivatives, (number, number)."""
    expected: Array
    """Its mean over data: never negative."""


@dataclass(frozen=True, eq=False)
class Counts:
    r"""Counts of each window in the bins of z, with the tilt under which they were made.

    .. math::

        \ln L = \sum_{wj} c_{wj} \ln \frac{t_{wj} (K p)_j}{\sum_k t_{wk} (K p)_k}

    with the response :math:`K_{ji} = P(z \in j \mid s \in i)` and bin masses p. A bias that is
    a function of z tilts by :math:`t_{wj} = e^{-V_w(z_j)/kT}`: with K the identity this is
    WHAM. Weighted frames are the same with :math:`t_j = \sum w / \sum w^2` of the bin and
    counts :math:`c_j = (\sum w)^2 / \sum w^2`, which is what a Poisson law of the bins in
    units of their mean weight comes to when its total is left free (Bohm and Zech, Nucl.
    Instrum. Methods A 748 (2014) 1). Where the weights are those of a bias on z, both say
    the same.

    Parameters
    ----------
    number : array, shape (window, z bin)
        Zero or more; need not be whole.
    log_tilt : array, the shape of `number`
        Finite; a constant for each window is of no effect.

    Raises
    ------
    DataError
        If a window is empty, or a number is negative or not finite.
    """

    number: Array
    log_tilt: Array

    def __post_init__(self) -> None:
        number = np.array(self.number, np.float64, ndmin=2)
        tilt = np.array(self.log_tilt, np.float64, ndmin=2)
        if number.shape != tilt.shape or not np.isfinite([number, tilt]).all():
            raise DataError(
                f"counts of shape {number.shape}, tilts of shape {tilt.shape}", where="Counts",
                expected="the same shape, all finite",
            )  # fmt: skip
        if (number < 0).any() or not (number.sum(1) > 0).all():
            empty = np.flatnonzero(~(number.sum(1) > 0)).tolist()
            raise DataError(
                f"windows {empty} have no counts" if empty else "negative counts", where="Counts",
                fix="Leave empty windows out, or widen the range of z.",
            )  # fmt: skip
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "log_tilt", tilt - tilt.max(1, keepdims=True))

    @classmethod
    def of_frames(cls, where: ArrayLike, bins: int, log_weight: ArrayLike) -> Counts:
        """Of weighted frames.

        Parameters
        ----------
        where : array of int, shape (frame,)
            Bin of each frame; those outside are left out before.
        bins : int
        log_weight : array, shape (frame,)

        Notes
        -----
        In a bin without frames the tilt is not known: ln t is taken from the nearest bins
        on either side, in between in proportion.
        """
        at, log = np.asarray(where, np.int64), np.asarray(log_weight, np.float64)
        weight = np.exp(log - log.max())
        first = np.bincount(at, weight, bins)
        second = np.bincount(at, weight * weight, bins)
        seen = np.flatnonzero(first > 0)
        tilt = np.interp(np.arange(bins), seen, np.log(first[seen] / second[seen]))
        number = np.zeros(bins)
        number[seen] = first[seen] ** 2 / second[seen]
        return cls(number, tilt)

    def thinned(self, inefficiency: ArrayLike) -> Counts:
        """As if only every g-th frame had been counted; g of each bin of z, or of all."""
        return Counts(self.number / np.asarray(inefficiency, np.float64), self.log_tilt)

    @property
    def total(self) -> Array:
        """Of each window, (window,)."""
        totals: Array = self.number.sum(1)
        return totals

    def expected_share(self, response: Array, p: Array) -> Array:
        """Share of each window's counts that each bin should have, (window, z bin)."""
        seen = np.exp(self.log_tilt) * (response @ p)
        share: Array = seen / seen.sum(1, keepdims=True)
        return share

    def likelihood(self, response: Array, u: Array, slopes: Array | None = None) -> Likelihood:
        """At the free energy with bin masses exp(u), up to a factor.

        Parameters
        ----------
        response : array, shape (z bin, s bin)
            Columns that sum to one at most, without zeros where there are counts.
        u : array, shape (s bin,)
        slopes : array, shape (way, z bin, s bin), optional
            How the response changes with further numbers, which then are differentiated by
            too, after u. Their own second derivatives are left out.
        """
        p = np.exp(u - u.max())
        y = response @ p
        tilt = np.exp(self.log_tilt)
        mass = tilt @ y  # (window,)
        counts = self.number.sum(0)
        value = xlogy(counts, y).sum() + (self.number * self.log_tilt).sum()
        value -= self.total @ np.log(mass)
        pull = tilt.T @ (self.total / mass)  # what a unit of y costs, (z bin,)
        slope = counts / y - pull
        spread = response * p  # (z bin, number)
        if slopes is not None:
            spread = np.hstack([spread, (slopes @ p).T])
        gradient = slope @ spread
        ends = (tilt * (np.sqrt(self.total) / mass)[:, None]) @ spread  # (window, number)
        between = ends.T @ ends
        observed = spread.T @ ((counts / y**2)[:, None] * spread) - between
        observed[np.arange(len(u)), np.arange(len(u))] -= gradient[: len(u)]
        expected = spread.T @ ((pull / y)[:, None] * spread) - between
        return Likelihood(float(value), gradient, observed, expected)
