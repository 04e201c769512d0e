"""Purity: whether states are neighbours of themselves along a variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from sciae.errors import DataError
from sciae.tasks.cv.encoder import coordinates
from sciae.tasks.cv.folds import folds
from sciae.tasks.cv.frames import row_weights
from sciae.tasks.cv.learnt import CAUTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from sciae.collective import CollectiveVariable
    from sciae.rng import Seed
    from sciae.table import Table

__all__ = ["Purity", "purity"]


@dataclass(frozen=True)
class Purity:
    """How well neighbours along a variable foretell the state of held-out frames.

    Attributes
    ----------
    score : float
        Weighted share of frames that are given their own state.
    balanced : float
        The mean over states of the share of each: a rare state counts as much as any.
    by_state : mapping of int to float
    chance : float
        The score of always naming the most frequent state.
    note : str
    """

    score: float
    balanced: float
    by_state: Mapping[int, float]
    chance: float
    note: str = ""

    @property
    def verdict(self) -> str:
        """In words, with what it is no evidence of."""
        words = (
            f"{100 * self.score:.1f} % of the frames lie among their own state "
            f"({100 * self.balanced:.1f} % with states counted equally; "
            f"{100 * self.chance:.1f} % by always naming the largest)."
        )
        return " ".join(filter(None, [words, self.note, CAUTION]))


def purity(
    variable: CollectiveVariable,
    table: Table,
    labels: ArrayLike,
    *,
    neighbours: int = 10,
    splits: int = 5,
    rng: Seed = 0,
) -> Purity:
    """Cross-validated accuracy of nearest neighbours along the variable.

    Held out are whole trajectories, or blocks of time: a frame's neighbour in time is its
    neighbour along any variable.

    Parameters
    ----------
    variable : CollectiveVariable
    table : Table
    labels : array of int, shape (row,)
        Frames labelled -1 are left out.
    neighbours, splits : int
    rng : int, SeedSequence, Generator or None

    Raises
    ------
    DataError
        If there are fewer than two states, or too few frames to hold any out.
    """
    state, rows = np.asarray(labels), np.arange(len(table))
    if state.shape != rows.shape or len(np.unique(state[state >= 0])) < 2:  # noqa: PLR2004 - two
        raise DataError(
            f"labels of shape {state.shape}", where="purity",
            expected=f"{len(rows)} whole numbers, two states or more",
        )  # fmt: skip
    parted = folds(table, splits=splits, rng=rng)
    known = state >= 0
    s, w = coordinates(variable.of_table(table), variable.periods), row_weights(table)
    told = np.full(len(rows), -1)
    for fold in range(parted.count):
        own, rest = known & (parted.fold == fold), known & (parted.fold != fold)
        if own.any() and rest.any():
            near = KNeighborsClassifier(min(neighbours, int(rest.sum())))
            told[own] = near.fit(s[rest], state[rest]).predict(s[own])
    right, w = (told == state)[known], np.where(w[known] > 0, w[known], 0.0)
    state = state[known]
    each = {
        int(one): float(np.average(right[state == one], weights=w[state == one]))
        for one in np.unique(state)
        if w[state == one].sum() > 0
    }
    shares = [w[state == one].sum() / w.sum() for one in each]
    return Purity(
        float(np.average(right, weights=w)),
        float(np.mean(list(each.values()))),
        each,
        float(max(shares)),
        f"{parted.message[0].upper()}{parted.message[1:]}." if parted.message else "",
    )
