"""Learner: the variables of the next round from the frames of all rounds so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.sampling.components import components
from sciae.sampling.pool import pool
from sciae.tasks.cv import learn
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.spectrum import tica

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.domains.trajectories import Trajectories
    from sciae.sampling.pool import Segment
    from sciae.sampling.recipe import Recipe
    from sciae.table import Table
    from sciae.tasks.cv import Learned

    Array = NDArray[np.float64]

__all__ = ["Learner", "new_share"]

SCALE = 0.1  # nm: one scale for all distances, so that the ridge is a length
SOME = 50  # frames of each trajectory
KNOWN = (0.5, 99.5)  # percentiles of the first frames: the rest are strays


@dataclass(frozen=True, kw_only=True)
class Learner:
    """What each round learns from.

    Attributes
    ----------
    domain : Trajectories
    recipe : Recipe
    """

    domain: Trajectories
    recipe: Recipe

    def refined(self, segments: Sequence[Segment], seed: int) -> CollectiveVariable:
        """The recipe's kind of variable, from all frames; the slowest of a few trainings.

        Crossings of the slowest process are few, and may all be in the held-out blocks that
        stop one training, or in none of them. By the variational principle no function of
        the frames is slower than the true one, so of several trainings the slowest, judged
        on all frames alike, is the nearest to it.
        """
        recipe = self.recipe
        table = pool(segments, self.domain, heaviest=recipe.heaviest)
        found = [
            learn(
                table,
                kind=recipe.kind,
                dim=recipe.dim,
                lag=recipe.lag,
                hidden=recipe.hidden,
                descriptors=self.domain.descriptors,
                rng=np.random.SeedSequence((seed, k)),
            )
            for k in range(recipe.starts)
        ]
        return max(found, key=lambda one: _slowest(one, table)).variable

    def exploring(self, segments: Sequence[Segment], turn: int, seed: int) -> CollectiveVariable:
        """A pair of slow linear components of all frames as they came."""
        recipe = self.recipe
        table = replace(pool(segments, self.domain), weight=None)
        found = learn(
            table, kind="tica", dim=recipe.components, lag=recipe.lag,
            descriptors=self.domain.descriptors, floor={"nm": SCALE},
            ridge=(recipe.smooth / SCALE) ** 2, rng=seed,
        )  # fmt: skip
        return components(found.variable, recipe.pairs[turn % len(recipe.pairs)])

    def frames(self, segments: Sequence[Segment]) -> Array:
        """Some coordinates of each trajectory, (frame, atom, 3)."""
        paths = [path for segment in segments for path in segment.paths]
        return np.concatenate([self.domain.coordinates(path, most=SOME) for path in paths])

    def newness(self, variable: CollectiveVariable, segments: Sequence[Segment]) -> float:
        """Weight of the biased frames that lie where the first segment has none.

        By the variable learnt from all: if one basin is all there is, the frames of that
        basin spread over its range; if there are two, it tells them apart. The first
        frames' range is widened by half of it on both sides: a basin's own flanks, which a
        bias visits, weigh next to nothing there, and a new basin weighs what it weighs.
        """
        table = pool(segments, self.domain)
        assert table.weight is not None
        assert table.group is not None
        s, known = variable.of_table(table), table.group < len(segments[0].paths)
        return new_share(s[known], s[~known], table.weight[~known])


def _slowest(learned: Learned, table: Table) -> float:
    """The largest TICA eigenvalue of a variable over all frames."""
    assert table.weight is not None
    assert table.group is not None
    pairs = lagged(table.group, table.weight, learned.lag)
    return float(tica(learned.variable.of_table(table), pairs).values[0])


def new_share(known: Array, later: Array, weight: Array) -> float:
    """Weight share of `later` rows beyond the range of the `known` ones in any coordinate.

    Examples
    --------
    >>> known = np.linspace(0, 1, 101)[:, None]
    >>> new_share(known, np.array([[0.5], [1.2], [9.0], [-7.0]]), np.array([5.0, 1, 1, 1]))
    0.25
    """
    if not len(later):
        return 0.0
    low, high = np.percentile(known, KNOWN, axis=0)
    margin = (high - low) / 2
    beyond = ((later < low - margin) | (later > high + margin)).any(1)
    return float(weight[beyond].sum() / weight.sum())
