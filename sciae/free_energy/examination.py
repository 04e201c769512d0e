"""The whole examination of a biased run, from its frames to the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.free_energy.convergence import drift_of
from sciae.free_energy.difference import difference
from sciae.free_energy.frames import Period, frames_of
from sciae.free_energy.regions import Basin, labels
from sciae.free_energy.transitions import hysteresis_of, transitions_of
from sciae.free_energy.verdict import Verdict, verdict
from sciae.free_energy.visits import visits_of
from sciae.free_energy.weights import kish, thermal_energy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["examine"]


def examine(
    x: ArrayLike,
    a: Basin,
    b: Basin,
    *,
    temperature: float,
    step: float,
    outside: float | None,
    stiffness: float | None = None,
    log_weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
) -> Verdict:
    """The verdict on a run, every condition computed from its frames.

    Parameters
    ----------
    x, a, b, temperature, log_weight, group, period, skip
        As in `sciae.free_energy.delta`.
    step : float
        Time between frames of a trajectory, in ps.
    outside : float or None
        From `sciae.free_energy.outside`; 0 if the coordinates were not learnt, None if it
        is not known, which no verdict forgives.
    stiffness : float, optional
        See `sciae.free_energy.verdict`.

    Returns
    -------
    Verdict
        Not converged, rather than an error, if a basin was never seen.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.tile(np.repeat([-1.0, 1.0], [30, 10]), 3)
    >>> found = examine(x, (-2, 0), (0, 2), temperature=300.0, step=1.0, outside=0.0)
    >>> found.converged, found.findings[0].words
    (False, '3 transitions forward and 2 backward, wanted are 10 each way')
    """
    frames = frames_of(x, log_weight=log_weight, group=group, period=period, skip=skip)
    label = labels(frames, a, b)
    visits = visits_of(frames, label)
    kT = thermal_energy(temperature)  # noqa: N806 - its name in physics
    return verdict(
        transitions=transitions_of(frames, visits, step=step),
        n_eff=kish(frames.weight),
        drift=drift_of(frames, label),
        hysteresis=hysteresis_of(visits).scaled(kT, unit="kJ/mol"),
        difference=difference(frames, label).scaled(kT, unit="kJ/mol"),
        outside=outside,
        stiffness=stiffness,
        temperature=temperature,
    )
