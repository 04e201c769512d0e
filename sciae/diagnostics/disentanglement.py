"""Disentanglement: how far each factor has a latent of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.diagnostics.probe import paired
from sciae.errors import DataError
from sciae.rng import Seed, generator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Disentanglement", "disentanglement"]


@dataclass(frozen=True)
class Disentanglement:
    """How far each factor has a latent of its own; every number is at most 1.

    Attributes
    ----------
    gap : float
        Mutual information gap: of each factor, the entropy share by which the latent that
        tells most of it leads the next.
    disentanglement : float
        How far each latent serves one factor only.
    completeness : float
        How far each factor is served by one latent only.
    informativeness : float
        Cross-validated score of the factors from the codes.
    """

    gap: float
    disentanglement: float
    completeness: float
    informativeness: float


def disentanglement(
    codes: ArrayLike, factors: ArrayLike, *, bins: int = 20, rng: Seed = None
) -> Disentanglement:
    """The mutual information gap, and disentanglement, completeness and informativeness.

    Chen et al., arXiv:1802.04942, and Eastwood and Williams (ICLR 2018) with the importances
    of random forests. Latents and factors are cut into `bins` of equal counts, factors with
    no more values than that into their values. Data alone cannot choose between a code and
    its rotation (Locatello et al., arXiv:1811.12359): a high value is luck, or a prior.

    Parameters
    ----------
    codes : array, shape (row, latent)
        Two latents or more.
    factors : array, shape (row, factor)
        The true ones, as numbers.
    bins : int
    rng : int, SeedSequence, Generator or None
        Of the forests.

    Raises
    ------
    DataError
        If the lengths differ, or there is one latent only.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.metrics import mutual_info_score as tell
    from sklearn.model_selection import cross_val_score

    z, v = paired(codes, factors)
    if z.shape[1] < 2:  # noqa: PLR2004 - a gap is between two
        raise DataError("one latent", where="disentanglement", expected="two or more")
    seed = int(generator(rng).integers(2**31))
    gaps, importances, scores = [], [], []
    for factor in v.T:
        labels = _binned(factor, bins)
        told = sorted(tell(labels, _binned(one, bins)) for one in z.T)
        gaps.append((told[-1] - told[-2]) / tell(labels, labels))
        forest = RandomForestRegressor(30, min_samples_leaf=5, random_state=seed)
        scores.append(cross_val_score(forest, z, factor, cv=3).mean())
        importances.append(forest.fit(z, factor).feature_importances_)
    weight = np.array(importances).T  # (latent, factor)
    share = weight.sum(1) / weight.sum()
    return Disentanglement(
        gap=float(np.mean(gaps)),
        disentanglement=float(share @ _peakedness(weight)),
        completeness=float(_peakedness(weight.T).mean()),
        informativeness=float(np.mean(scores)),
    )


def _binned(x: NDArray[Any], bins: int) -> NDArray[np.int64]:
    """The bin of each value."""
    values = np.unique(x)
    if len(values) > bins:
        values = np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(values, x)


def _peakedness(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 for lines with one entry, 0 for even ones: 1 - entropy / ln(length)."""
    p = weight / np.maximum(weight.sum(1, keepdims=True), np.finfo(float).tiny)
    entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(1)
    return np.asarray(1 - entropy / np.log(max(weight.shape[1], 2)))
