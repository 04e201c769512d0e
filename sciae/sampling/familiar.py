"""Familiar: whether frames are like those of the first trajectories, by how far the nearest is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import KDTree

from sciae.batch import to_batch
from sciae.tasks.cv.frames import fitted_normaliser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.autoencoders.normalise import Normaliser
    from sciae.table import Table

    Array = NDArray[np.float64]

__all__ = ["SCALE", "Familiar", "apart"]

SCALE = 0.1  # nm, of all distances: no stiff one counts for much, and a ridge is a length
MOST = 4000  # frames that are looked at
PARTS = 4  # of a single trajectory
PAIRS = 50  # looks that are compared with each other


@dataclass(frozen=True, eq=False)
class Familiar:
    """Frames of known trajectories, and how far from them another one of them would be.

    Parameters
    ----------
    tables : sequence of Table
        One for each trajectory.
    window : int
        Frames of one look, that are judged together by their median.
    scale : Normaliser, optional
        Of others that these are compared with.
    """

    tables: Sequence[Table]
    window: int
    scale: Normaliser | None = None

    @cached_property
    def normaliser(self) -> Normaliser:
        """The scale that is given, or that of all frames."""
        from sciae.table import Table

        return self.scale or fitted_normaliser(Table.concat(self.tables), {"nm": SCALE})

    @cached_property
    def parts(self) -> tuple[Array, ...]:
        """Points of each trajectory, or of each quarter of a single one."""
        stride = max(1, sum(map(len, self.tables)) // MOST)
        points = [self.points(table)[::stride] for table in self.tables]
        return tuple(np.array_split(points[0], PARTS) if len(points) == 1 else points)

    @cached_property
    def limit(self) -> float:
        """The farthest look of any of them at the others: a stranger is farther.

        Of n looks none is farther; so a further one of the same kind is with a chance of
        1 in n + 1, if looks do not depend on each other.
        """
        looks = []
        for k, part in enumerate(self.parts):
            others = np.concatenate([other for j, other in enumerate(self.parts) if j != k])
            looks += [float(np.median(apart(look, others))) for look in self._looks(part)]
        return max(looks)

    @cached_property
    def width(self) -> float:
        """How far two looks at the known trajectories may be from each other."""
        looks = [look for part in self.parts for look in self._looks(part)]
        looks = looks[:: max(1, len(looks) // PAIRS)]
        return max(float(np.median(apart(a, b))) for a, b in combinations(looks, 2))

    def _looks(self, part: Array) -> list[Array]:
        return np.array_split(part, max(1, len(part) // self.window))

    def points(self, table: Table) -> Array:
        """Frames in the scale that distances are taken in."""
        import torch

        points: Array = self.normaliser(to_batch(table), torch.float64).inputs.numpy()
        return points

    def distances(self, points: Array) -> Array:
        """To the nearest known frame."""
        return apart(points, np.concatenate(self.parts))


def apart(points: Array, others: Array) -> Array:
    """The distance from each point to the nearest of the others.

    Examples
    --------
    >>> apart(np.array([[0.0, 1.0], [5.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 0.0]]))
    array([1., 2.])
    """
    found: Any = KDTree(others).query(points)[0]
    return np.asarray(found, np.float64)
