"""Crossings: how often a run goes from the first basin to the other, whatever it was biased by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.free_energy import examine, transitions
from sciae.sampling.familiar import Familiar
from sciae.sampling.landscape import SKIP
from sciae.sampling.sampled import outside_of
from sciae.sampling.stiffness import stiffness

if TYPE_CHECKING:
    from sciae.domains.trajectories import Trajectories
    from sciae.free_energy import Transitions, Verdict
    from sciae.sampling.settling import Basin
    from sciae.simulation import BiasedRun

__all__ = ["Crossings"]

TWICE = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Crossings:
    """Counts transitions between frames like those of one basin and like those of the other.

    Attributes
    ----------
    domain : Trajectories
    first : Familiar
        With the trajectories of the first basin.
    basin : Basin
        The other.
    """

    domain: Trajectories
    first: Familiar
    basin: Basin

    @cached_property
    def other(self) -> Familiar:
        """With the trajectories of the other basin."""
        of = replace(self.domain, timestep=self.basin.apart)
        tables = [of.read(path) for path in self.basin.paths]
        return Familiar(tables, self.first.window, scale=self.first.normaliser)

    def of(self, run: BiasedRun) -> Transitions:
        """Those of a run: a frame is in a basin that is twice as near as the other."""
        return transitions(**self._told(run))

    def verdict(self, run: BiasedRun) -> Verdict:
        """Whether the free energy between the two basins may be believed."""
        return examine(
            **self._told(run), log_weight=run.log_weight[run.in_trajectory],
            temperature=run.temperature, outside=outside_of(run),
            stiffness=stiffness(run), skip=SKIP,
        )  # fmt: skip

    def _told(self, run: BiasedRun) -> dict[str, Any]:
        of = replace(self.domain, timestep=self.basin.apart)
        tables = [of.read(path) for path in run.trajectories]
        first, other = (
            np.concatenate([known.distances(self.first.points(table)) for table in tables])
            for known in (self.first, self.other)
        )
        walker = run.walker[run.in_trajectory]
        return {
            "x": first - other, "a": first < other / TWICE, "b": other < first / TWICE,
            "step": self.basin.apart, "group": walker,
        }  # fmt: skip
