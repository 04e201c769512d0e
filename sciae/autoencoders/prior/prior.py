"""Prior: a density of codes, fitted once a model is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor, nn

from sciae.errors import DataError

if TYPE_CHECKING:
    from sciae.rng import Seed

__all__ = ["Prior", "location_and_scale"]


class Prior(nn.Module):
    """What every prior has; a new one defines these three.

    Attributes
    ----------
    dim : int
        Numbers of a code.
    """

    dim: int

    @classmethod
    def fitted(cls, codes: Tensor, *, rng: Seed = None) -> Self:
        """The prior of these codes, shape (row, dim)."""
        raise NotImplementedError

    def log_prob(self, z: Tensor) -> Tensor:
        """The ln p(z) of each code, shape (row, dim) -> (row,), in nats."""
        raise NotImplementedError

    def sample(self, rows: int, rng: torch.Generator) -> Tensor:
        """Codes drawn from it, shape (row, dim)."""
        raise NotImplementedError


def location_and_scale(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each number; of a constant one, its rounding error.

    Raises
    ------
    DataError
        If there are fewer than two codes, or one is not finite.
    """
    if len(codes) < 2 or not bool(codes.isfinite().all()):  # noqa: PLR2004 - for a variance
        raise DataError(f"{len(codes)} codes", where="Prior", expected="two or more, all finite")
    mean, kind = codes.mean(0), torch.finfo(codes.dtype)
    return mean, codes.std(0).maximum(kind.eps * mean.abs()).clamp(min=kind.tiny)
