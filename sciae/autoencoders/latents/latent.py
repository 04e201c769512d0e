"""Latent: what happens to the encoder's output before the decoder sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from sciae.errors import SpecError

if TYPE_CHECKING:
    import torch

    from sciae.autoencoders.latents.code import Code

__all__ = ["Latent"]


class Latent(nn.Module):
    """What every latent has; a new one defines `dim`, `width` and `forward`.

    Attributes
    ----------
    dim : int
        Numbers that the decoder sees.
    width : int
        Numbers that the encoder gives.
    terms : tuple of str
        Names of the costs in `Code.terms`.
    smooth : bool
        Whether the code is a differentiable function of the row: only then is it a
        collective variable.
    """

    dim: int
    width: int
    terms: tuple[str, ...] = ()
    smooth: bool = True

    def forward(self, hidden: Tensor, rng: torch.Generator | None) -> Code:
        """The code of each row from the encoder's output of shape (row, width).

        With a generator the code may be random; without, it is its mean.
        """
        raise NotImplementedError

    def prior(self, rows: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:  # noqa: ARG002
        """Codes drawn from the latent's own prior, shape (row, dim).

        Raises
        ------
        SpecError
            If it has none.
        """
        raise SpecError(
            "has no prior to draw from",
            where=type(self).__name__,
            fix="Fit one to the codes of the training rows: sciae.autoencoders.prior.",
        )

    def coordinates(self, mean: Tensor) -> Tensor:
        """The code as coordinates, shape (row, coordinate): what an exported variable gives."""
        return mean
