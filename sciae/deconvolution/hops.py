"""Hops: how uncertain few visits leave the weights of two basins, as a way for the data to bend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.free_energy import delta, thermal_energy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sciae.deconvolution.counts import Counts
    from sciae.deconvolution.kernel import Kernel

    Array = NDArray[np.float64]
    Range = tuple[float, float]

__all__ = ["Hopping", "sides_of", "spread_of_hops"]

ROOM = 300.0  # K: any, since what is asked for is in kT


@dataclass(frozen=True, eq=False)
class Hopping:
    r"""A kernel, and a further way x: the data saw one basin too often by :math:`e^{\tau x}`.

    Frames that follow each other hop between basins a few times only. However many there are
    in each, the ratio of their numbers is as uncertain as that of a few visits: every bin's
    own correlation time is shorter, and does not know.

    Parameters
    ----------
    kernel : Kernel
    side : array, shape (z bin,)
        From -1/2, in the first basin, to 1/2.
    spread : float
        tau, kT.
    """

    kernel: Kernel
    side: Array
    spread: float

    @property
    def source(self) -> str:
        """Where the kernel is from."""
        return self.kernel.source

    @property
    def notes(self) -> tuple[str, ...]:
        """What makes the kernel doubtful."""
        return self.kernel.notes

    @property
    def ways(self) -> int:
        """One more than of the kernel."""
        return self.kernel.ways + 1

    def at(self, x: ArrayLike) -> Array:
        """K(x) with one side seen more often; its columns do not sum to one."""
        *inner, hop = np.asarray(x, np.float64)
        seen: Array = np.exp(self.spread * hop * self.side)[:, None] * self.kernel.at(inner)
        return seen

    def slopes(self, x: ArrayLike) -> Array:
        """Its derivatives, shape (way, z bin, s bin)."""
        *inner, hop = np.asarray(x, np.float64)
        factor = np.exp(self.spread * hop * self.side)[:, None]
        last = self.spread * self.side[:, None] * factor * self.kernel.at(inner)
        return np.concatenate([factor * self.kernel.slopes(inner), last[None]])


def spread_of_hops(
    z: Array, log_weight: Array, basins: tuple[Range, Range], counts: Counts, sides: Array, *,
    period: float | None,
) -> float:  # fmt: skip
    """tau: the standard error of ln(P_b / P_a) by visits, less what the counts already say.

    Raises
    ------
    DataError
        If a basin was not left and entered again: its weight is not known at all.
    """
    kt = thermal_energy(ROOM)
    found = delta(z, *basins, temperature=ROOM, log_weight=log_weight, period=period)
    if not found.known:
        raise DataError(
            f"frames do not go from {basins[0]} to {basins[1]} and back", where="basins",
            fix="Sample longer, or leave them out and ask for no difference between them.",
        )  # fmt: skip
    own = sum(1 / counts.number.sum(0)[one].sum() for one in (sides < 0, sides > 0))
    return float(np.sqrt(max(0.0, (found.error / kt) ** 2 - own)))


def sides_of(edges: Array, basins: tuple[Range, Range], *, period: float | None) -> Array:
    """-1/2 for bins in the first basin, 1/2 in the second, and between by the distances to both.

    Examples
    --------
    >>> sides_of(np.arange(6.0), ((0.0, 2.0), (4.0, 5.0)), period=None)
    array([-0.5       , -0.5       , -0.16666667,  0.16666667,  0.5       ])
    """
    x = (edges[1:] + edges[:-1]) / 2
    a, b = (_apart(x, _within(x, one, period), period) for one in basins)
    sides: Array = (a - b) / (a + b) / 2
    return sides


def _apart(x: Array, inside: NDArray[np.bool_], period: float | None) -> Array:
    """From each bin to the nearest one inside."""
    if not inside.any():
        raise DataError("a basin without a bin of z", where="basins", fix="Widen it.")
    d = np.abs(x[:, None] - x[inside])
    nearest: Array = (d if period is None else np.minimum(d, period - d)).min(1)
    return nearest


def _within(x: Array, basin: Range, period: float | None) -> NDArray[np.bool_]:
    low, high = basin
    if period is None:
        return np.asarray((low <= x) & (x < high))
    return np.asarray((x - low) % period < (high - low) % period)
