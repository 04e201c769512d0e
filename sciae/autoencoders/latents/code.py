"""Code: one row's place in the latent space, with its uncertainty if it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Code"]


class Code(NamedTuple):
    """Codes of a batch; each Tensor has shape (row, latent)."""

    z: Tensor
    """What the decoder sees."""
    mean: Tensor
    """The code without its noise: what is exported and plotted."""
    log_sigma: Tensor | None = None
    """Of the posterior q(z|x), if the latent has one."""
