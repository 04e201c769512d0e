"""Penalty: what a loss adds to the likelihood, per row, in nats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import Tensor, nn

from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.model import Pass

__all__ = ["Penalty"]


class Penalty(nn.Module):
    r"""A term :math:`\lambda(t)\, p(x)` of the loss; a new one defines `name` and `forward`.

    Parameters
    ----------
    weight : float
        Lambda after the warm-up.
    warm_up : int
        Steps over which lambda rises linearly from 0.
    period : int
        Steps after which the warm-up begins again (Fu et al., arXiv:1903.10145); 0: never.

    Raises
    ------
    SpecError
        If a number is negative or not finite, or the period is shorter than the warm-up.
    """

    name: str

    def __init__(self, weight: float = 1.0, *, warm_up: int = 0, period: int = 0) -> None:
        super().__init__()
        if not (0 <= weight < math.inf and warm_up >= 0 and (not period or period >= warm_up)):
            raise SpecError(
                f"weight {weight}, warm_up {warm_up}, period {period}",
                where=type(self).__name__,
                expected="weight and warm_up >= 0, period 0 or >= warm_up",
            )
        self.weight, self.warm_up, self.period = weight, warm_up, period

    def weight_at(self, step: float) -> float:
        """Lambda in this training step; infinity stands for after the last."""
        if self.period and step < math.inf:
            step %= self.period
        return self.weight * min(1.0, step / self.warm_up) if self.warm_up else self.weight

    def forward(self, one: Pass) -> Tensor:
        """The penalty of each row, in nats, before its weight; shape (row,)."""
        raise NotImplementedError
