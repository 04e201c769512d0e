"""Sequence: one token after another, and where they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.decoded import Elements

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features

__all__ = ["Sequence"]

END = 0  # the first logit at each position; tokens follow


class Sequence(nn.Module):
    r"""A token or the end at each position, from logits: END first, then the classes.

    .. math:: -\ln p(x) = -\sum_{t < L} \ln p_t(x_t) - [L < \mathrm{size}] \ln p_L(\mathrm{END})

    The probabilities of all sequences of up to `size` tokens add up to one. Positions are
    independent of each other given the code.

    Examples
    --------
    >>> from sciae.autoencoders.features import Features
    >>> token, mask = torch.tensor([[[1.0], [0.0]]]), torch.tensor([[True, False]])
    >>> Sequence(classes=3).nll(torch.zeros(1, 2, 4), Features(token, token, mask=mask))
    tensor([[1.3863, 1.3863]])
    """

    def __init__(self, *, classes: int) -> None:
        super().__init__()
        self.classes = self.parameters_flat = classes

    def nll(self, parameters: Tensor, elements: Features) -> Tensor:
        """-ln p of each token and of the end, shape (row, position), in nats; 0 beyond."""
        mask = elements.mask
        assert mask is not None
        symbol = torch.where(mask, elements.targets.squeeze(-1).long() + 1, END)
        nats = -parameters.log_softmax(-1).gather(-1, symbol[..., None]).squeeze(-1)
        reached = torch.cat((torch.ones_like(mask[:, :1]), mask[:, :-1]), 1)
        return torch.where(reached, nats, 0.0)

    def mean(self, parameters: Tensor) -> Elements:
        """The likeliest token at each position, until the end is."""
        return _until_the_end(parameters.argmax(-1), parameters.dtype)

    def sample(self, parameters: Tensor, rng: torch.Generator) -> Elements:
        """A drawn token at each position, until the end is drawn."""
        p = parameters.softmax(-1)
        drawn = torch.multinomial(p.flatten(0, 1), 1, generator=rng)
        return _until_the_end(drawn.reshape(p.shape[:-1]), parameters.dtype)


def _until_the_end(symbol: Tensor, dtype: torch.dtype) -> Elements:
    mask = (symbol == END).cumsum(1) == 0
    return Elements(mask, (symbol - 1).clamp(min=0).to(dtype)[..., None])
