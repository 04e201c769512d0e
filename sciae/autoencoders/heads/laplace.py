"""Laplace: real numbers with heavy-tailed noise, whose best guess is a median."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from sciae.autoencoders.heads.normal import FLOOR, ONE, check_floor

__all__ = ["Laplace"]


class Laplace(nn.Module):
    r"""Independent Laplace noise around the decoder's output, its scale learnt per column.

    A gross outlier pulls no harder than any other number: the fit is of medians.

    .. math:: -\ln p(x) = \frac{|x - \mu|}{b} + \ln 2 b

    Parameters
    ----------
    columns : int
    floor : float
        Added to the scale, in units of the target; see `Normal`.

    Raises
    ------
    SpecError
        If the floor is negative.

    Examples
    --------
    >>> head = Laplace(1, floor=0.0)  # scale 1
    >>> round(head.nll(torch.zeros(1, 1), torch.ones(1, 1)).item(), 4)  # 1 + ln 2
    1.6931
    """

    per_column = 1

    def __init__(self, columns: int, *, floor: float = FLOOR) -> None:
        super().__init__()
        check_floor(floor, "Laplace")
        self.columns, self.floor = columns, floor
        self.raw_scale = nn.Parameter(torch.full((columns,), ONE))

    def _scale(self) -> Tensor:
        return softplus(self.raw_scale) + self.floor

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats."""
        scale = self._scale()
        return (target - parameters).abs() / scale + (2 * scale).log()

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean, and median, per column."""
        return parameters

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A draw per column."""
        one, other = (torch.empty_like(parameters).exponential_(generator=rng) for _ in range(2))
        return parameters + self._scale() * (one - other)
