"""Gamma: what Stirling's formula leaves of a factorial, so that large terms never cancel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["rest"]

LARGE = 15.0  # where five terms of the series are exact to the last digit of float64
SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)  # of z^-1, z^-3, ... (DLMF 5.11.1)


def rest(z: Tensor) -> Tensor:
    r"""The small part of ln z!, for z >= 0 in float64; 0 at 0.

    .. math:: \ln \Gamma(z + 1) - (z \ln z - z) = \tfrac12 \ln 2 \pi z + \frac{1}{12 z} - \dots

    Likelihoods of counts subtract such factorials from terms of equal size. With the large
    parts cancelled on paper (Loader, Fast and Accurate Computation of Binomial
    Probabilities, 2000), what is left is exact however large the counts are.

    Examples
    --------
    >>> torch.allclose(rest(torch.tensor([0.0, 1e9])), torch.tensor([0.0, 11.2806]))
    True
    """
    large, small = z.clamp(min=LARGE), z.clamp(max=LARGE)
    inverse = large.reciprocal()
    square, series = inverse.square(), torch.zeros_like(z)
    for term in reversed(SERIES):
        series = series * square + term
    far = 0.5 * (2 * math.pi * large).log() + series * inverse
    near = torch.lgamma(small + 1) - torch.xlogy(small, small) + small
    return torch.where(z > LARGE, far, near)
