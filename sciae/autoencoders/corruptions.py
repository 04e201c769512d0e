"""Corruptions: what the encoder is shown instead of the clean row; the target stays clean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features

__all__ = ["Corruption", "GaussianNoise", "Masking"]

JUDGED = ("all", "hidden")


class Corruption(nn.Module):
    """What every corruption has; a new one defines `forward`."""

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Features with other inputs and the same targets."""
        raise NotImplementedError


class GaussianNoise(Corruption):
    """Normal noise of width `sigma`, in units of the normalised inputs.

    Vincent et al., JMLR 11 (2010) 3371.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        if not sigma >= 0:
            raise SpecError(f"sigma {sigma}", where="GaussianNoise", expected=">= 0")
        self.sigma = sigma

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Noise on the flat inputs and on the inputs of each set's elements."""
        x = features.inputs
        noise = torch.randn(x.shape, generator=rng, dtype=x.dtype, device=x.device)
        sets = {name: self(one, rng) for name, one in features.sets.items()}
        return replace(features, inputs=x + self.sigma * noise, sets=sets)


class Masking(Corruption):
    """Each column is hidden (all its inputs set to 0, their mean) with probability `ratio`.

    Vincent et al., ICML 2008.

    Parameters
    ----------
    ratio : float
    judge : str
        "all": the loss is on every column; "hidden": on the hidden ones alone, so that
        copying what is seen earns nothing.
    """

    def __init__(self, ratio: float, *, judge: str = "all") -> None:
        super().__init__()
        if not 0 <= ratio < 1:
            raise SpecError(f"ratio {ratio}", where="Masking", expected="0 <= ratio < 1")
        check_judge(judge, "Masking")
        self.ratio, self.judge = ratio, judge

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Zeros at random columns, of rows and of each set's elements."""
        y = features.targets
        drawn = torch.rand(y.shape, generator=rng, device=y.device) >= self.ratio
        kept = drawn if features.observed is None else drawn & features.observed
        sets = {name: self(one, rng) for name, one in features.sets.items()}
        return replace(
            hidden_but(features, kept),
            judged=~drawn if self.judge == "hidden" and features.mask is None else None,
            sets=sets,
        )


def check_judge(judge: str, where: str) -> None:
    """Raise unless `judge` is a word that says what the loss is on."""
    if judge not in JUDGED:
        raise SpecError(f"judge {judge!r}", where=where, expected=" or ".join(map(repr, JUDGED)))


def hidden_but(features: Features, kept: Tensor) -> Features:
    """Only the `kept` columns, shape (row, ..., target), shown to the encoder."""
    column = features.column
    each = kept if column is None else kept.index_select(-1, column)
    visible = kept if features.mask is None else features.visible
    return replace(features, inputs=features.inputs * each, visible=visible)
