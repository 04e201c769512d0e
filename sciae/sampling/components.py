"""Components: some coordinates of a linear variable as a variable of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.collective.layers import layers_of
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["components"]


def components(variable: CollectiveVariable, which: Sequence[int]) -> CollectiveVariable:
    """The coordinates at these places, in this order, without the others' cost.

    Parameters
    ----------
    variable : CollectiveVariable
        Without periods.
    which : sequence of int

    Raises
    ------
    SpecError
        If there is no such coordinate, or it has a period.
    """
    at = list(which)
    if any(not 0 <= k < variable.dim for k in at) or any(variable.periods):
        raise SpecError(
            f"coordinates {at} of {variable.dim}", where="components",
            expected="some there are, without a period",
        )  # fmt: skip
    encoder = variable.encoder
    *_, (matrix, bias) = layers_of(encoder.sizes, encoder.weights)
    kept = len(encoder.weights) - matrix.size - bias.size
    weights = np.concatenate([encoder.weights[:kept], matrix[at].ravel(), bias[at]])
    sizes = np.append(encoder.sizes[:-1], len(at))
    return CollectiveVariable(
        encoder=replace(encoder, sizes=sizes, weights=weights),
        descriptors=variable.descriptors,
        names=tuple(variable.names[k] for k in at),
        low=variable.low[at], high=variable.high[at], about=variable.about,
    )  # fmt: skip
