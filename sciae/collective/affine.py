"""Affine: a collective variable's coordinates on another scale, folded into its last layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.collective.layers import layers_of
from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.collective.variable import CollectiveVariable

__all__ = ["rescaled"]


def rescaled(cv: CollectiveVariable, values: NDArray[np.float64]) -> CollectiveVariable:
    """Coordinates without a period mapped so that these values, (frame, dim), span [-1, 1]."""
    free = np.array([period is None for period in cv.periods])
    if not free.any():
        return cv
    low, high = _spans(cv, values, free)
    half, middle = (high - low) / 2, (high + low) / 2
    encoder = replace(cv.encoder, weights=_folded(cv, half, middle))
    return replace(
        cv, encoder=encoder, low=np.where(free, -1.0, cv.low), high=np.where(free, 1.0, cv.high)
    )


def _spans(
    cv: CollectiveVariable, values: NDArray[np.float64], free: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and most of each coordinate; -1 and 1, which change nothing, where it has a period."""
    if values.ndim != 2 or values.shape[1] != cv.dim or not len(values):  # noqa: PLR2004 - matrix
        raise DataError(
            f"values of shape {values.shape}", where="standardised", expected=f"(frame, {cv.dim})"
        )
    low, high = values.min(0), values.max(0)
    for k in np.flatnonzero(free):
        if not (np.isfinite([low[k], high[k]]).all() and low[k] < high[k]):
            raise DataError(
                f"coordinate {cv.names[k]!r} runs from {low[k]:g} to {high[k]:g}",
                where="standardised", expected="finite values that differ",
                fix="Train again: a constant coordinate tells nothing.",
            )  # fmt: skip
    return np.where(free, low, -1.0), np.where(free, high, 1.0)


def _folded(
    cv: CollectiveVariable, half: NDArray[np.float64], middle: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The encoder's weights with (s - middle) / half as its outputs."""
    weights = cv.encoder.weights.copy()
    matrix, bias = layers_of(cv.encoder.sizes, weights)[-1]
    matrix /= half[:, None]  # views: in place
    bias -= middle
    bias /= half
    return weights
