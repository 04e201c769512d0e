"""Whether an estimate still moves: halves, the curve over time, and where to begin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import MissingExtraError, SpecError
from sciae.free_energy.difference import difference
from sciae.free_energy.frames import Frames, Period, frames_of
from sciae.free_energy.interval import Interval, unbounded
from sciae.free_energy.regions import Basin, labels
from sciae.free_energy.visits import A, B
from sciae.free_energy.weights import thermal_energy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Course", "course", "drift", "equilibration", "outside"]

POINTS = 1_000  # of a series in which its equilibration is looked for


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """ΔF from the first part of a run, for longer and longer parts.

    Attributes
    ----------
    fraction : array, shape (point,)
        Of each trajectory.
    value : array, shape (point,)
        kJ/mol; NaN before both basins were seen.
    """

    fraction: NDArray[np.float64]
    value: NDArray[np.float64]


def course(
    x: ArrayLike,
    a: Basin,
    b: Basin,
    *,
    temperature: float,
    log_weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
    points: int = 50,
) -> Course:
    """ΔF(t): the cumulative estimate, which should become level.

    A level curve is no proof: its points share their frames, so it always calms down.

    Parameters
    ----------
    x, a, b, temperature, log_weight, group, period, skip
        As in `sciae.free_energy.delta`.
    points : int

    Examples
    --------
    >>> import numpy as np
    >>> x = np.tile(np.repeat([-1.0, 1.0], [30, 10]), 40)
    >>> found = course(x, (-2, 0), (0, 2), temperature=300.0, points=4)
    >>> found.fraction.tolist(), found.value.round(2).tolist()
    ([0.25, 0.5, 0.75, 1.0], [2.74, 2.74, 2.74, 2.74])
    """
    if points < 1:
        raise SpecError(f"{points} points", expected="at least one")
    frames = frames_of(x, log_weight=log_weight, group=group, period=period, skip=skip)
    label = labels(frames, a, b)
    fraction = np.arange(1, points + 1) / points
    sums = np.zeros((2, points))
    for piece in frames.pieces():
        ends = np.round(fraction * (piece.stop - piece.start)).astype(np.intp)
        for row, basin in enumerate((A, B)):
            weight = np.where(label[piece] == basin, frames.weight[piece], 0.0)
            sums[row] += np.concatenate([[0.0], np.cumsum(weight)])[ends]
    seen = (sums > 0).all(0)
    ratio = np.where(seen, sums[1], 1.0) / np.where(seen, sums[0], 1.0)
    value = np.where(seen, -thermal_energy(temperature) * np.log(ratio), np.nan)
    return Course(fraction=fraction, value=value)


def drift(
    x: ArrayLike,
    a: Basin,
    b: Basin,
    *,
    log_weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
) -> Interval:
    """ΔF of the second halves of all trajectories, less ΔF of their first halves.

    Parameters
    ----------
    x, a, b, log_weight, group, period, skip
        As in `sciae.free_energy.delta`; the halves are of what is not skipped.

    Returns
    -------
    Interval
        In kT: values near 0 mean that the run stands still. The halves' own intervals are
        added in squares. Unbounded where a half is, with the value NaN where a half lacks a
        basin.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.tile(np.repeat([-1.0, 1.0], [30, 10]), 40)
    >>> str(drift(x, (-2, 0), (0, 2)))
    '0.00 [-0.89, 0.89] kT'
    """
    frames = frames_of(x, log_weight=log_weight, group=group, period=period, skip=skip)
    return drift_of(frames, labels(frames, a, b))


def drift_of(frames: Frames, label: NDArray[np.int8]) -> Interval:
    """The drift of labelled frames, in kT."""
    halves = frames.part(0.0, 0.5), frames.part(0.5, 1.0)
    of_row = np.zeros(frames.rows, np.int8)
    of_row[frames.row] = label
    one, two = (difference(half, of_row[half.row]) for half in halves)
    value = two.value - one.value
    if not (one.known and two.known):
        return unbounded(value, unit="kT")
    below = math.hypot(two.value - two.low, one.high - one.value)
    above = math.hypot(two.high - two.value, one.value - one.low)
    return Interval(value=value, low=value - below, high=value + above, unit="kT")


def equilibration(
    series: ArrayLike, *, group: ArrayLike | None = None, points: int = POINTS
) -> float:
    """The fraction of each trajectory to leave out, from where the series looks stationary.

    In each trajectory the start is chosen that leaves the most uncorrelated frames, and
    over trajectories and columns the latest start is taken.

    Parameters
    ----------
    series : array, shape (frame,) or (frame, column)
        What should become stationary. Of metadynamics the log-weights: they rise while the
        bias fills the basins, also where the coordinates look stationary long before.
    group : array, shape (frame,), optional
    points : int
        A trajectory of more frames is thinned evenly to about so many.

    Raises
    ------
    MissingExtraError
        If pymbar is not installed.

    Notes
    -----
    Source: J. D. Chodera, J. Chem. Theory Comput. 12 (2016) 1799, as in `pymbar.timeseries`.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=1_000)
    >>> rise = np.clip(np.arange(1_000) / 300 - 1, None, 0)
    >>> 0.2 < equilibration(noise + 30 * rise) < 0.4
    True
    """
    try:
        from pymbar import timeseries
    except ImportError as error:
        raise MissingExtraError("pymbar", "md") from error
    frames = frames_of(series, group=group)
    starts = [0.0]
    for piece in frames.pieces():
        thin = max(1, (piece.stop - piece.start) // points)
        columns = [c for c in frames.x[piece][::thin].T if np.ptp(c) > 0]
        for column in columns:
            first, _, _ = timeseries.detect_equilibration(column, nskip=max(1, len(column) // 100))
            starts.append(float(first) / len(column))
    return max(starts)


def outside(
    x: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    log_weight: ArrayLike | None = None,
    period: Period = None,
) -> float:
    """The share of the weight at coordinates beyond the range that they were learnt on.

    Parameters
    ----------
    x : array, shape (frame,) or (frame, dimension)
    low, high : float or array, shape (dimension,)
        Periodic dimensions are never outside.

    Examples
    --------
    >>> outside([0.0, 0.5, 3.0, -2.0], low=-1.0, high=1.0)
    0.5
    """
    frames = frames_of(x, log_weight=log_weight, period=period)
    beyond = (frames.x < np.asarray(low, np.float64)) | (frames.x > np.asarray(high, np.float64))
    out = (beyond & np.array([p is None for p in frames.period])).any(1)
    return float(frames.weight[out].sum() / frames.weight.sum())
