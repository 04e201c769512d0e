"""Elements: each column of a row is an element; only those that are shown are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.nets.dense import Dense
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.autoencoders.features import Features

__all__ = ["ElementEncoder"]


class ElementEncoder(nn.Module):
    r"""Columns that are shown -> hidden vector, at a cost in proportion to their number.

    .. math:: h = g\Big(n^{-1/2} \sum_{c\ \mathrm{shown}}
              f\big(b_c + \textstyle\sum_{i \in c} w_i x_i\big)\Big)

    Each of the n columns has its own vectors b and w (its place), f is shared, g reads the
    pool and how many were shown: the encoder of a masked autoencoder (He et al.,
    arXiv:2111.06377) with DeepSets (arXiv:1703.06114) in place of attention. What is hidden
    or not observed costs nothing and cannot leak.

    Parameters
    ----------
    columns : sequence of int
        Inputs of each column.
    width : int
        Of the hidden vector.
    hidden : sequence of int
        Layers of f and of g.
    activation : str
        Between layers.

    Raises
    ------
    SpecError
        If there is no hidden layer.

    Examples
    --------
    >>> from sciae.autoencoders.features import Features
    >>> x = torch.zeros(5, 3)
    >>> shown = torch.rand(5, 3) < 0.5
    >>> ElementEncoder([1, 1, 1], 2)(Features(x, x, visible=shown)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        columns: Sequence[int],
        width: int,
        *,
        hidden: Sequence[int] = (128, 64),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        if not hidden:
            raise SpecError("no hidden layer", where="ElementEncoder", expected="one or more")
        self.columns, self.width = list(columns), width
        self.hidden, self.activation = list(hidden), activation
        inputs, first = sum(columns), hidden[0]
        self.place = nn.Parameter(torch.randn(len(columns), first))
        self.value = nn.Parameter(torch.randn(inputs, first))
        self.each = Dense((first, *hidden), between=activation)
        self.pooled = Dense((hidden[-1] + 1, *hidden, width), between=activation)

    def forward(self, features: Features) -> Tensor:
        """The hidden vector, shape (row, width)."""
        shown = features.shown
        row, column = _places(shown)  # (shown element,)
        embedded = self.each.between(self._embedded(features.inputs, row, column))
        told = self.each.between(self.each(embedded))
        pool = told.new_zeros(len(shown), told.shape[-1]).index_add(0, row, told)
        count = shown.sum(1, keepdim=True).to(pool.dtype)
        parts = (pool / len(self.columns) ** 0.5, count / len(self.columns))
        out: Tensor = self.pooled(torch.cat(parts, -1))
        return out

    def _embedded(self, inputs: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """Place and value of each shown element, shape (shown element, first layer)."""
        widths = torch.tensor(self.columns, device=inputs.device)
        start = (widths.cumsum(0) - widths)[column]
        x = self.place.index_select(0, column)
        for nth in range(max(self.columns)):
            there = nth < widths[column] if nth else None
            at = start + nth if there is None else (start + nth).clamp(max=inputs.shape[1] - 1)
            value = inputs[row, at] if there is None else inputs[row, at] * there
            x = torch.addcmul(x, value[:, None], self.value.index_select(0, at))
        return x


def _places(shown: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of each shown element."""
    if shown.is_meta:  # shapes without values, when a model is loaded: as if all were shown
        at = torch.arange(shown.numel(), device=shown.device)
        return at // shown.shape[1], at % shown.shape[1]
    row, column = shown.nonzero(as_tuple=True)
    return row, column
