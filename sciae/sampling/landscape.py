"""Landscape: a free energy along one or two coordinates, its basins, and whether it stands."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae import free_energy
from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciae.free_energy import Barrier, Course, Interval, Minimum, Profile, Transitions, Verdict
    from sciae.sampling.sampled import Sampled

__all__ = ["SKIP", "Landscape", "landscape", "landscapes"]

SKIP = 0.2  # share of a run that finds its bias first
BINS = {1: 60, 2: 40}  # per coordinate
MOST = 20  # minima looked at
TWO = 2  # basins, or coordinates of a map


@dataclass(frozen=True, eq=False, kw_only=True)
class Landscape:
    """What is known along some coordinates.

    Attributes
    ----------
    label : str
    profile : Profile
    minima : tuple of Minimum
    basins : mapping of str to basin
        Two by name; none if only one was found.
    difference, barrier, transitions, course :
        Of the two basins; None without them, or where the run cannot say.
    verdict : Verdict
    """

    label: str
    profile: Profile
    minima: tuple[Minimum, ...]
    basins: Mapping[str, Any]
    difference: Interval | None
    barrier: Barrier | None
    transitions: Transitions | None
    course: Course | None
    verdict: Verdict

    @property
    def dim(self) -> int:
        """How many coordinates."""
        return len(self.profile.names)

    @property
    def file(self) -> str:
        """The name of its CSV file."""
        return f"fes-{re.sub(r'[^A-Za-z0-9]+', '-', self.label).strip('-')}.csv"

    @property
    def name(self) -> str:
        """Of the difference of its basins."""
        a, b = self.basins
        return f"ΔF {a} to {b} along {self.label}"


def landscapes(
    sampled: Sampled,
    *,
    bins: int | None = None,
    basins: Mapping[str, Any] | None = None,
    skip: float = SKIP,
) -> tuple[Landscape, ...]:
    """A map first if there are two coordinates, then each coordinate alone.

    Parameters
    ----------
    sampled : Sampled
    bins : int, optional
        Per coordinate.
    basins : mapping of str to basin, optional
        Two, of the first landscape; by default each one's two deepest.
    skip : float
        The share of each trajectory that is left out.
    """
    each = [sampled.only(k) for k in range(sampled.dim)] if sampled.dim > 1 else []
    first = [sampled] if sampled.dim <= TWO else []
    return tuple(
        landscape(one, bins=bins, basins=None if k else basins, skip=skip)
        for k, one in enumerate([*first, *each])
    )


def landscape(
    sampled: Sampled,
    *,
    bins: int | None = None,
    basins: Mapping[str, Any] | None = None,
    skip: float = SKIP,
) -> Landscape:
    """The free energy along all coordinates of `sampled` together."""
    x = sampled.x[:, 0] if sampled.dim == 1 else sampled.x
    period = sampled.periods[0] if sampled.dim == 1 else sampled.periods
    kept: dict[str, Any] = {"group": sampled.group, "period": period, "skip": skip}
    common = {**kept, "log_weight": sampled.log_weight, "temperature": sampled.temperature}
    profile = free_energy.profile(
        x, edges=_edges(sampled, bins or BINS[sampled.dim]), names=sampled.names,
        units=sampled.units, **common,
    )  # fmt: skip
    minima = free_energy.minima(profile)
    found = dict(basins or _deepest(profile, minima))
    own: dict[str, Any] = {"difference": None, "barrier": None, "transitions": None, "course": None}
    if found:
        a, b = found.values()
        own = {
            "difference": _difference(x, a, b, common),
            "barrier": _barrier(profile, a, b),
            "transitions": free_energy.transitions(x, a, b, step=sampled.step, **kept),
            "course": free_energy.course(x, a, b, **common),
        }
        verdict = free_energy.examine(
            x, a, b, step=sampled.step, outside=sampled.outside, stiffness=sampled.stiffness,
            **common,
        )  # fmt: skip
    else:
        verdict = free_energy.verdict(
            n_eff=profile.n_eff, outside=sampled.outside, stiffness=sampled.stiffness,
            temperature=sampled.temperature,
        )  # fmt: skip
    label = " and ".join(sampled.names)
    return Landscape(
        label=label, profile=profile, minima=minima, basins=found, verdict=verdict, **own
    )


def _difference(x: Any, a: Any, b: Any, common: Mapping[str, Any]) -> Interval | None:
    """None if the run never was in one of the basins, which the verdict says."""
    from sciae.free_energy import delta

    try:
        return delta(x, a, b, **common)
    except DataError:
        return None


def _edges(sampled: Sampled, bins: int) -> Any:
    """One period, or the range of the frames."""
    ends = [
        (x.min(), np.nextafter(x.max(), np.inf)) if period is None else (-period / 2, period / 2)
        for x, period in zip(sampled.x.T, sampled.periods, strict=True)
    ]
    edges = [np.linspace(low, high, bins + 1) for low, high in ends]
    return edges[0] if sampled.dim == 1 else edges


def _deepest(profile: Profile, minima: Sequence[Minimum]) -> dict[str, Minimum]:
    """The lowest, and of the others the one with the highest way to it; none of one alone.

    A way is one over visited bins: unvisited ones surround every bin that chance met once.
    """
    if len(minima) < TWO:
        return {}
    lowest, *others = minima[:MOST]
    ways = [_barrier(profile, one, lowest) for one in others]
    climbs = [-math.inf if way is None else way.forward.value for way in ways]
    return {"A": lowest, "B": others[int(np.argmax(climbs))]}


def _barrier(profile: Profile, a: Any, b: Any) -> Barrier | None:
    """The way between two basins, if the bins that were visited lead from one to the other."""
    try:
        return free_energy.barrier(profile, a, b)
    except DataError:
        return None
