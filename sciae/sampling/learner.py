"""Learner: the variables of the next round from the frames of all rounds so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.sampling.components import components
from sciae.sampling.familiar import SCALE
from sciae.sampling.pool import pool
from sciae.tasks.cv import KINDS, learn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.domains.trajectories import Trajectories
    from sciae.rng import Seed
    from sciae.sampling.pool import Segment
    from sciae.sampling.recipe import Recipe
    from sciae.sampling.settling import Basin
    from sciae.table import Table

    Array = NDArray[np.float64]

__all__ = ["Learner"]

SOME = 50  # frames of each trajectory
STEPS, LEAST = 1500, 50  # of a training, and epochs
LABELLED = ("committor", "deep-tda")


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

    def refined(
        self, segments: Sequence[Segment], basin: Basin, seed: Seed, *, smoother: int = 0
    ) -> CollectiveVariable:
        """The recipe's kind of variable, from all frames and those of the other basin.

        None are held out: crossings are few, often all in one trajectory. `smoother` times
        the recipe's `smooth` is the noise on the inputs.
        """
        recipe = self.recipe
        other = replace(segments[0], paths=basin.paths, timestep=basin.apart)
        kept = [segment for segment in segments if not (segment.warm and recipe.temper)]
        table = pool([*kept, other], self.domain, temper=recipe.temper)
        training = KINDS[recipe.kind].training
        epochs = max(LEAST, STEPS // max(1, len(table) // training.batch))
        return learn(
            table,
            kind=recipe.kind,
            dim=recipe.dim,
            lag=recipe.lag,
            hidden=recipe.hidden,
            training=replace(training, epochs=epochs),
            labels=_labels(table, kept, basin) if recipe.kind in LABELLED else None,
            descriptors=self.domain.descriptors,
            floor={"nm": SCALE},
            noise=smoother * recipe.smooth / SCALE,
            whole=True,
            rng=seed,
        ).variable

    def exploring(self, segments: Sequence[Segment], turn: int, seed: int) -> CollectiveVariable:
        """A pair of slow linear components of all frames as they came, warm ones left out."""
        recipe = self.recipe
        cold = [segment for segment in segments if not segment.warm]
        table = replace(pool(cold, self.domain), weight=None)
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


def _labels(table: Table, segments: Sequence[Segment], basin: Basin) -> NDArray[np.int64]:
    """0 in the first trajectories, 1 where those of the other basin have settled, else -1."""
    assert table.group is not None
    label = np.full(len(table), -1)
    label[table.group < len(segments[0].paths)] = 0
    first = sum(len(segment.paths) for segment in segments)
    for k in range(len(basin.paths)):
        rows = np.flatnonzero(table.group == first + k)
        label[rows[len(rows) // 2 :]] = 1
    return label
