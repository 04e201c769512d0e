"""Categorical: one of several classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

__all__ = ["Categorical"]


class Categorical(nn.Module):
    r"""One of `classes` classes per column, from logits.

    .. math:: -\ln p(x) = \ln \sum_c e^{\ell_c} - \ell_x

    Examples
    --------
    >>> uniform = Categorical(1, classes=4).nll(torch.zeros(1, 4), torch.tensor([[2.0]]))
    >>> bool(uniform.isclose(torch.tensor(4.0).log()))
    True
    """

    def __init__(self, columns: int, *, classes: int) -> None:
        super().__init__()
        self.columns, self.classes, self.per_column = columns, classes, classes

    def _log_p(self, parameters: Tensor) -> Tensor:
        each = parameters.reshape(*parameters.shape[:-1], self.columns, self.classes)
        return each.log_softmax(-1)

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """-ln p(target) per column, in nats; targets are class numbers."""
        each = parameters.reshape(1, -1, self.classes).mT.contiguous()  # classes last is slow
        classes = target.long().reshape(1, -1)
        return cross_entropy(each, classes, reduction="none").reshape(target.shape)

    def mean(self, parameters: Tensor) -> Tensor:
        """The likeliest class (classes have no mean)."""
        return self._log_p(parameters).argmax(-1).to(parameters.dtype)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A class number per column."""
        p = self._log_p(parameters).exp()
        drawn = torch.multinomial(p.reshape(-1, self.classes), 1, generator=rng)
        return drawn.reshape(p.shape[:-1]).to(parameters.dtype)
