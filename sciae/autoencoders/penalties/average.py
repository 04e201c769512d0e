"""Average: the weighted mean over the rows of a step, those of all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.ranks import all_mean, all_sum

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.features import Features

__all__ = ["average"]


def average(x: Tensor, features: Features) -> Tensor:
    r"""The mean of `x`, shape (row, ...) -> (...), in which a weight of two is the row twice.

    .. math:: \bar x = \sum_i |w_i|\, x_i \Big/ \sum_i |w_i|

    Signed weights count by their size: a mean activation must stay one.

    Examples
    --------
    >>> from sciae.autoencoders.features import Features
    >>> rows = torch.tensor([[0.0], [3.0]])
    >>> average(rows, Features(rows, rows, weight=torch.tensor([2.0, 1.0])))
    tensor([1.])
    """
    if features.weight is None:
        return all_mean(x)
    weight = features.weight.abs()
    tiny = torch.finfo(weight.dtype).tiny  # of a step whose rows all weigh nothing
    return all_sum(weight @ x) / all_sum(weight.sum()).clamp(min=tiny)
