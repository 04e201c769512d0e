"""select: kind, dimension, lag and seed, by trajectories that none of them was learnt from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError, SpecError
from sciae.rng import Seed, generator
from sciae.tasks.cv.folds import folds
from sciae.tasks.cv.frames import FLOORS, Frames, fitted_normaliser
from sciae.tasks.cv.lag import lag_in_rows
from sciae.tasks.cv.learn import HIDDEN, learn
from sciae.tasks.cv.learnt import CAUTION
from sciae.tasks.cv.scores import SCORES, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from sciae.autoencoders.training import Training
    from sciae.descriptors import Descriptors
    from sciae.table import Table
    from sciae.tasks.cv.learnt import Learned

__all__ = ["Candidate", "Selection", "select"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One training, and its scores on the trajectories that were set aside."""

    kind: str
    dim: int
    lag: int
    seed: int
    learned: Learned
    scores: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Selection:
    """Every candidate, and the one that was chosen.

    Attributes
    ----------
    candidates : tuple of Candidate
    by : str
        The score that decided.
    score_lag : int
        In rows, the same for all.
    processes : int
        Slow processes that were looked for, the same for all.
    note : str
    """

    candidates: tuple[Candidate, ...]
    by: str
    score_lag: int
    processes: int
    note: str = ""

    @property
    def means(self) -> dict[tuple[str, int, int], tuple[float, float]]:
        """Mean and standard deviation over seeds of the score, by kind, dim and lag."""
        found: dict[tuple[str, int, int], list[float]] = {}
        for one in self.candidates:
            found.setdefault((one.kind, one.dim, one.lag), []).append(one.scores[self.by])
        return {key: (float(np.mean(x)), float(np.std(x))) for key, x in found.items()}

    @property
    def best(self) -> Candidate:
        """Of the settings with the best mean over seeds, the seed that its own split liked best.

        Not the seed that did best on the set-aside trajectories: that would be a maximum
        over noise.
        """
        means = self.means
        key = max(means, key=lambda one: means[one][0])
        own = [c for c in self.candidates if (c.kind, c.dim, c.lag) == key]
        return max(own, key=lambda c: c.learned.scores[self.by])

    @property
    def verdict(self) -> str:
        """The choice in words, and what it is no evidence of."""
        best = self.best
        mean, spread = self.means[best.kind, best.dim, best.lag]
        words = (
            f"{best.kind} with {best.dim} coordinate(s) and lag {best.lag} rows has the best "
            f"{self.by} on trajectories set aside: {mean:.3f}, {spread:.3f} between seeds, at "
            f"lag {self.score_lag} rows, for {self.processes} slow process(es)."
        )
        return " ".join(filter(None, [words, self.note, CAUTION]))

    def __str__(self) -> str:
        lines = [
            f"{'kind':<14}{'dim':>4}{'lag':>6}{'seed':>6}" + "".join(f"{n:>16}" for n in SCORES)
        ]
        lines += [
            f"{c.kind:<14}{c.dim:>4}{c.lag:>6}{c.seed:>6}"
            + "".join(f"{c.scores[name]:>16.4f}" for name in SCORES)
            for c in self.candidates
        ]
        return "\n".join(lines)


def select(
    table: Table,
    *,
    kinds: Sequence[str] = ("tica", "time-lagged", "deep-tica"),
    dims: Sequence[int] = (1,),
    lags: Sequence[int | str] = (1,),
    seeds: Sequence[int] = (0, 1, 2),
    score_lag: int | str | None = None,
    by: str = "vamp2",
    splits: int = 5,
    hidden: Sequence[int] = HIDDEN,
    training: Training | None = None,
    labels: ArrayLike | None = None,
    floor: Mapping[str, float] = FLOORS,
    descriptors: Descriptors | None = None,
    rng: Seed = None,
) -> Selection:
    """Learn with each setting, and choose by trajectories that were set aside before.

    One fold of trajectories (or blocks of time) is set aside from everything, early stopping
    included. Scores of different lags cannot be compared, so all candidates are scored at
    one, and for the same number of slow processes, the largest of `dims`.

    Parameters
    ----------
    table : Table
    kinds : sequence of str
    dims : sequence of int
    lags : sequence of int or str
        To learn at.
    seeds : sequence of int
    score_lag : int or str, optional
        By default the longest of `lags`.
    by : str
        "vamp2", "gmrq" or "reconstruction".
    splits : int
        One of so many folds is set aside.
    hidden, training, labels, floor, descriptors
        As in `learn`.
    rng : int, SeedSequence, Generator or None
        Of the split.

    Raises
    ------
    SpecError
        If `by` is no score, or there is nothing to choose from.
    DataError
        As `learn`, or if the trajectories set aside have no pairs at `score_lag`.
    """
    rows = [lag_in_rows(table, lag) for lag in lags]
    settings = list(itertools.product(kinds, dims, rows, seeds))
    if by not in SCORES or not settings:
        raise SpecError(
            f"by {by!r}, {len(settings)} settings", where="select",
            expected=f"one of {', '.join(SCORES)}, and one setting or more",
        )  # fmt: skip
    at = max(x[2] for x in settings) if score_lag is None else lag_in_rows(table, score_lag)
    parted = folds(table, splits=splits, lag=at, rng=generator(rng))
    kept = parted.fold != 0
    both = replace(table, group=parted.group)
    train, aside = both.take(kept), both.take(~kept)
    normaliser = fitted_normaliser(train, floor)
    frames = Frames.of(train, normaliser), Frames.of(aside, normaliser)
    own = None if labels is None else np.asarray(labels)[kept]
    candidates = []
    for kind, dim, lag, seed in settings:
        learned = learn(
            train, kind=kind, dim=dim, lag=lag, hidden=hidden, training=training, labels=own,
            floor=floor, descriptors=descriptors, rng=seed,
        )  # fmt: skip
        encoder = learned.variable.encoder
        judged = scores(encoder, *frames, lag=at, components=max(dims))
        if not np.isfinite(judged[by]):
            raise DataError(f"no pairs {at} rows apart were set aside", where="select",
                            fix="Take a shorter score_lag, or longer trajectories.")  # fmt: skip
        candidates.append(Candidate(kind, dim, lag, seed, learned, judged))
    return Selection(tuple(candidates), by, at, max(dims), _said(parted.message))


def _said(message: str) -> str:
    return f"{message[0].upper()}{message[1:]}." if message else ""
