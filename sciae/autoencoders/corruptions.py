"""Corruptions: what the encoder is shown instead of the clean row; the target stays clean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features

__all__ = ["Corruption", "GaussianNoise", "Masking"]


class Corruption(Protocol):
    """What a corruption offers."""

    settings: dict[str, object]

    def __call__(self, features: Features, rng: torch.Generator) -> Features:
        """Features with other inputs and the same targets."""


class GaussianNoise(nn.Module):
    """Normal noise of width `sigma`, in units of the normalised inputs.

    Vincent et al., JMLR 11 (2010) 3371.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        if not sigma >= 0:
            raise SpecError(f"sigma {sigma}", where="GaussianNoise", expected=">= 0")
        self.settings: dict[str, object] = {"sigma": sigma}
        self.sigma = sigma

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Noise on the flat inputs and on the inputs of each set's elements."""
        return _on_inputs(features, lambda x: x + self.sigma * _randn(x, rng))


class Masking(nn.Module):
    """Each input is hidden (set to its mean, 0) with probability `ratio`.

    Vincent et al., ICML 2008.
    """

    def __init__(self, ratio: float) -> None:
        super().__init__()
        if not 0 <= ratio < 1:
            raise SpecError(f"ratio {ratio}", where="Masking", expected="0 <= ratio < 1")
        self.settings: dict[str, object] = {"ratio": ratio}
        self.ratio = ratio

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Zeros at random places of the inputs."""
        return _on_inputs(features, lambda x: x * (_rand(x, rng) >= self.ratio))


def _on_inputs(features: Features, change) -> Features:  # type: ignore[no-untyped-def]  # noqa: ANN001
    changed = features.with_inputs(change(features.inputs))
    sets = {n: one.with_inputs(change(one.inputs)) for n, one in features.sets.items()}
    return replace(changed, sets=sets)


def _randn(x: Tensor, rng: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=rng, dtype=x.dtype, device=x.device)


def _rand(x: Tensor, rng: torch.Generator) -> Tensor:
    return torch.rand(x.shape, generator=rng, device=x.device)
