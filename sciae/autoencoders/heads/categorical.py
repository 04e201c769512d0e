"""Categorical: one of several classes; Multinomial: shares of a whole."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Categorical", "Multinomial"]


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
        return -self._log_p(parameters).gather(-1, target.long()[..., None]).squeeze(-1)

    def mean(self, parameters: Tensor) -> Tensor:
        """The likeliest class (classes have no mean)."""
        return self._log_p(parameters).argmax(-1).to(parameters.dtype)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """A class number per column."""
        p = self._log_p(parameters).exp()
        drawn = torch.multinomial(p.reshape(-1, self.classes), 1, generator=rng)
        return drawn.reshape(p.shape[:-1]).to(parameters.dtype)


class Multinomial(nn.Module):
    r"""The columns are shares of one whole: cross-entropy per draw, in nats.

    .. math:: -\sum_c x_c \ln p_c, \qquad p = \mathrm{softmax}(\ell)

    The count of draws is not modelled, so this is the likelihood of one draw from `x`.

    Examples
    --------
    >>> half = torch.tensor([[0.5, 0.5]])
    >>> round(Multinomial(2).nll(torch.zeros(1, 2), half).sum().item(), 4)  # ln 2
    0.6931
    """

    per_column = 1

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def nll(self, parameters: Tensor, target: Tensor) -> Tensor:
        """Each column's part of the cross-entropy, in nats."""
        return -target * parameters.log_softmax(-1)

    def mean(self, parameters: Tensor) -> Tensor:
        """The expected shares."""
        return parameters.softmax(-1)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Tensor:
        """One draw, as a one-hot vector."""
        p = parameters.softmax(-1)
        drawn = torch.multinomial(p.reshape(-1, self.columns), 1, generator=rng).squeeze(-1)
        onehot = nn.functional.one_hot(drawn, self.columns).to(parameters.dtype)
        return onehot.reshape(p.shape)
