"""Identity: descriptors themselves as a collective variable, such as two torsions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.autoencoders.raw.inputs import AFFINE
from sciae.autoencoders.raw.inputs import names as names_of
from sciae.export.arrays import NumpyEncoder

if TYPE_CHECKING:
    from sciae.descriptors import Descriptors

__all__ = ["identity_encoder"]


def identity_encoder(descriptors: Descriptors) -> NumpyEncoder:
    """An encoder that gives each number back."""
    width = descriptors.width
    return NumpyEncoder(
        columns=np.array([name for field in descriptors.schema for name in names_of(field)]),
        function=np.full(width, AFFINE),
        column=np.arange(width),
        a=np.zeros(width),
        b=np.ones(width),
        least=np.full(width, -np.inf),
        sizes=np.array([width, width]),
        weights=np.concatenate([np.eye(width).ravel(), np.zeros(width)]),
        activation="none",
        end="linear",
    )
