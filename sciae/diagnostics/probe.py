"""Probe: what can be read off a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError
from sciae.rng import Seed, generator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Probe", "paired", "probe"]


@dataclass(frozen=True)
class Probe:
    """Cross-validated scores: R^2 of numbers, accuracy of labels.

    Attributes
    ----------
    metric : str
        "R2" or "accuracy".
    linear, neighbours : float
        Of a ridge or logistic regression, and of the k nearest codes.
    chance : float
        Of always giving the mean, or the commonest label.
    """

    metric: str
    linear: float
    neighbours: float
    chance: float

    @property
    def verdict(self) -> str:
        """Whether the code knows, and whether it says so plainly."""
        return (
            f"{self.metric}: linear {self.linear:.3f}, nearest codes {self.neighbours:.3f}, "
            f"chance {self.chance:.3f}"
        )


def probe(
    codes: ArrayLike, target: ArrayLike, *, folds: int = 5, neighbours: int = 15, rng: Seed = None
) -> Probe:
    """How well a label or a number of each row can be told from its code.

    The least reconstruction error does not make the best code: ask for what it is for.

    Parameters
    ----------
    codes : array, shape (row, latent)
    target : array, shape (row,)
        Floats are numbers; integers, booleans and strings are labels.
    folds, neighbours : int
    rng : int, SeedSequence, Generator or None
        Of the folds.

    Raises
    ------
    DataError
        If the lengths differ.

    Examples
    --------
    >>> codes = np.linspace(-1, 1, 100)[:, None]
    >>> found = probe(codes, codes[:, 0] > 0, rng=1)
    >>> found.metric, found.linear > 0.95, found.chance
    ('accuracy', True, 0.5)
    """
    from sklearn import linear_model as linear
    from sklearn import model_selection as selection
    from sklearn import neighbors as near
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    z, y = paired(codes, target)
    numbers = y.dtype.kind == "f"
    seed = int(generator(rng).integers(2**31))
    fold = selection.KFold if numbers else selection.StratifiedKFold
    split = fold(folds, shuffle=True, random_state=seed)

    def score(model: Any) -> float:
        scaled = make_pipeline(StandardScaler(), model)
        return float(selection.cross_val_score(scaled, z, y, cv=split).mean())

    if numbers:
        nearest = score(near.KNeighborsRegressor(neighbours))
        return Probe("R2", score(linear.Ridge()), nearest, 0.0)
    return Probe(
        "accuracy",
        linear=score(linear.LogisticRegression(max_iter=1000)),
        neighbours=score(near.KNeighborsClassifier(neighbours)),
        chance=float(np.unique(y, return_counts=True)[1].max() / len(y)),
    )


def paired(codes: ArrayLike, other: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both as arrays.

    Raises
    ------
    DataError
        If their lengths differ.
    """
    z, y = np.asarray(codes), np.asarray(other)
    if len(z) != len(y):
        raise DataError(f"{len(z)} codes", where="probe", expected=f"{len(y)}, one per row")
    return z, y
