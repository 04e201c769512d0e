"""Code: one row's place in the latent space, with its uncertainty if it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["Code"]


class Code(NamedTuple):
    """Codes of a batch; unless said otherwise, shape (row, latent)."""

    z: Tensor
    """What the decoder sees."""
    mean: Tensor
    """The code without its noise: what is exported and plotted."""
    log_sigma: Tensor | None = None
    """Of a normal posterior q(z|x), if the latent has one."""
    log_rate: Tensor | None = None
    """Of a Poisson posterior q(z|x), if the latent has one."""
    symbols: Tensor | None = None
    """Whole numbers, shape (row, symbol), if the latent is discrete."""
    terms: Mapping[str, Tensor] = {}
    """What the latent itself costs, each shape (row,); in the loss with weight one."""
