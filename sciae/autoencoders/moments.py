"""Moments: mean and variance of columns, chunk by chunk."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Moments"]


class Moments:
    """Weighted mean and variance of columns, NaN left out, merged chunk by chunk.

    Chan, Golub and LeVeque (1983): merging keeps full precision where a sum of squares
    would not.

    Parameters
    ----------
    width : int
        Number of columns.

    Examples
    --------
    >>> moments = Moments(1)
    >>> moments.add(torch.tensor([[1.0], [torch.nan]]).double(), None)
    >>> moments.add(torch.tensor([[3.0]]).double(), torch.tensor([1.0]).double())
    >>> moments.mean, moments.variance
    (tensor([2.], dtype=torch.float64), tensor([1.], dtype=torch.float64))
    """

    def __init__(self, width: int) -> None:
        self.weight = torch.zeros(width, dtype=torch.float64)
        self.mean = torch.zeros(width, dtype=torch.float64)
        self.square = torch.zeros(width, dtype=torch.float64)  # weighted, about the mean

    def add(self, x: Tensor, weight: Tensor | None) -> None:
        """One chunk, shape (row, column), with non-negative weights of shape (row,)."""
        seen = ~x.isnan()
        w = seen.to(torch.float64) if weight is None else seen * weight[:, None]
        x = torch.where(seen, x, 0.0)
        total = w.sum(0)
        mean = (w * x).sum(0) / _or_one(total)
        square = (w * (x - mean).square()).sum(0)
        both = self.weight + total
        share, step = total / _or_one(both), mean - self.mean
        self.square += square + step.square() * self.weight * share
        self.mean += step * share
        self.weight = both

    @property
    def variance(self) -> Tensor:
        """Of each column, biased (divided by the sum of weights)."""
        return self.square / _or_one(self.weight)


def _or_one(total: Tensor) -> Tensor:
    """A divisor: 1 where there is nothing to divide."""
    return torch.where(total == 0, 1.0, total)
