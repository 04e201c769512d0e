"""Point: the code is the encoder's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.latents.code import Code
from sciae.autoencoders.latents.latent import Latent

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Point"]


class Point(Latent):
    """A deterministic code of `dim` numbers.

    Examples
    --------
    >>> import torch
    >>> Point(2)(torch.tensor([[1.0, 2.0]]), None).z
    tensor([[1., 2.]])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = self.width = dim

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:  # noqa: ARG002
        """The encoder's output, unchanged."""
        return Code(z=hidden, mean=hidden)
