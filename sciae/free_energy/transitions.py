"""How often a run went from basin to basin, how long it stayed, and what it saw each way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sciae.errors import SpecError
from sciae.free_energy.frames import Frames, Period, frames_of
from sciae.free_energy.interval import LEVEL, Interval, unbounded
from sciae.free_energy.regions import Basin, labels
from sciae.free_energy.visits import A, B, Visits, visits_of
from sciae.free_energy.weights import thermal_energy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Transitions", "hysteresis", "transitions"]

PS_PER_NS = 1000.0
PAIR = 2  # visits, the fewest whose scatter can be told


@dataclass(frozen=True, kw_only=True, eq=False)
class Transitions:
    """Crossings between two basins, of all trajectories together.

    Attributes
    ----------
    forward, backward : int
        From a to b, and from b to a.
    duration : float
        Of all trajectories, in ps.
    passage : tuple of array
        First-passage times in ps, from entering a to entering b, and from b to a: of
        complete visits only.
    residence : tuple of float
        Mean time from entering a to entering b, and from b to a, in ps: all time in a visit
        over the number of times it was left, so that visits cut off by the run's end count
        too. Infinite if never left. Of a biased run, the times of the biased motion.
    """

    forward: int
    backward: int
    duration: float
    passage: tuple[NDArray[np.float64], NDArray[np.float64]]
    residence: tuple[float, float]

    @property
    def total(self) -> int:
        """Crossings of either direction."""
        return self.forward + self.backward

    @property
    def both_ways(self) -> int:
        """Crossings of the rarer direction."""
        return min(self.forward, self.backward)

    @property
    def per_ns(self) -> float:
        """Crossings of either direction per nanosecond of simulation."""
        return self.total / self.duration * PS_PER_NS

    def __str__(self) -> str:
        return (
            f"{self.forward} transitions forward, {self.backward} backward "
            f"({self.per_ns:.3g} per ns)"
        )


def transitions(
    x: ArrayLike,
    a: Basin,
    b: Basin,
    *,
    step: float,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
) -> Transitions:
    """Crossings between two core sets; never within what lies between them.

    A transition is counted when one core is entered and the core seen before was the other.
    So jitter about a barrier, or a wrap of an angle at 180°, is none. The cores should be
    well inside their basins: those that touch count every recrossing.

    Parameters
    ----------
    x : array, shape (frame,) or (frame, dimension)
    a, b : interval, mask or function
        See `sciae.free_energy.regions.Basin`.
    step : float
        Time between frames of a trajectory, in ps.
    group, period, skip
        As in `sciae.free_energy.frames.frames_of`; nothing crosses from one trajectory to
        the next.

    Examples
    --------
    >>> x = [-1, 0.1, -0.1, -1, 0.1, 1, 0.1, -0.1, 1, -1]
    >>> found = transitions(x, (-2, -0.5), (0.5, 2), step=1.0)
    >>> found.forward, found.backward
    (1, 1)
    """
    if not (math.isfinite(step) and step > 0):
        raise SpecError(f"{step} ps", where="step", expected="a positive time between frames")
    frames = frames_of(x, group=group, period=period, skip=skip)
    return transitions_of(frames, visits_of(frames, labels(frames, a, b)), step=step)


def transitions_of(frames: Frames, visits: Visits, *, step: float) -> Transitions:
    """Crossings between the visits of some frames, `step` ps apart."""
    exits = [int(np.sum(visits.left & (visits.basin == basin))) for basin in (A, B)]
    lasted = _lasted(frames, visits) * step
    whole = visits.entered & visits.left
    return Transitions(
        forward=exits[0],
        backward=exits[1],
        duration=len(frames) * step,
        passage=(lasted[whole & (visits.basin == A)], lasted[whole & (visits.basin == B)]),
        residence=(
            _mean_wait(lasted[visits.basin == A], exits[0]),
            _mean_wait(lasted[visits.basin == B], exits[1]),
        ),
    )


def _lasted(frames: Frames, visits: Visits) -> NDArray[np.float64]:
    """Frames from entering a basin to entering the other, or to the trajectory's end."""
    following = np.append(visits.first[1:], 0)
    ends = np.where(visits.left, following, frames.starts[visits.group + 1])
    return np.asarray(ends - visits.first, np.float64)


def _mean_wait(lasted: NDArray[np.float64], exits: int) -> float:
    return float(lasted.sum() / exits) if exits else math.inf


def hysteresis(
    x: ArrayLike,
    a: Basin,
    b: Basin,
    *,
    temperature: float,
    log_weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
) -> Interval:
    r"""ΔF as crossings forward see it, less ΔF as crossings backward see it.

    A crossing from a to b sees the later half of the visit to a before it and the earlier
    half of the visit to b after it. In equilibrium a path and its reverse are equally
    likely, so that halves weigh the same and the difference vanishes:

    .. math:: kT \ln \frac{W_a^\mathrm{late} \, W_b^\mathrm{late}}
        {W_a^\mathrm{early} \, W_b^\mathrm{early}}

    It is positive where a bias has to overfill the basin it is in before the run leaves: a
    coordinate that misses the slow motion, or a bias that grows too fast.

    Parameters
    ----------
    x, a, b, temperature, log_weight, group, period, skip
        As in `sciae.free_energy.delta`.

    Returns
    -------
    Interval
        kJ/mol; from the scatter of whole visits with Student's t. Unbounded, with the value
        NaN, if fewer than two whole visits to each basin were seen.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.tile(np.repeat([-1.0, 1.0], [30, 10]), 40)
    >>> str(hysteresis(x, (-2, 0), (0, 2), temperature=300.0))
    '0.00 [0.00, 0.00] kJ/mol'
    """
    frames = frames_of(x, log_weight=log_weight, group=group, period=period, skip=skip)
    found = hysteresis_of(visits_of(frames, labels(frames, a, b)))
    return found.scaled(thermal_energy(temperature), unit="kJ/mol")


def hysteresis_of(visits: Visits) -> Interval:
    """The hysteresis of visits, in kT."""
    whole = visits.entered & visits.left
    value, scores = 0.0, []
    for basin in (A, B):
        chosen = whole & (visits.basin == basin)
        early, late = visits.early[chosen], (visits.weight - visits.early)[chosen]
        if len(early) < PAIR or not min(early.sum(), late.sum()) > 0:
            return unbounded(math.nan, unit="kT")
        value += math.log(late.sum() / early.sum())
        scores.append(late / late.sum() - early / early.sum())
    variance = sum(len(s) / (len(s) - 1) * np.square(s).sum() for s in scores)
    freedom = min(len(s) for s in scores) - 1
    half = math.sqrt(variance) * stats.t.ppf((1 + LEVEL) / 2, freedom)
    return Interval(value=value, low=value - half, high=value + half, unit="kT")
