"""Corruptions: what the encoder is shown instead of the clean row; the target stays clean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features

__all__ = ["Corruption", "ElementMasking", "GaussianNoise", "Masking", "SaltAndPepper"]

JUDGED = ("all", "hidden")  # what the loss is on


class Corruption(nn.Module):
    """What every corruption has; a new one defines `forward`."""

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Features with other inputs and the same targets."""
        raise NotImplementedError


class GaussianNoise(Corruption):
    """Normal noise of width `sigma`, in units of the normalised inputs.

    What is not observed stays 0. Vincent et al., JMLR 11 (2010) 3371.
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
        moved, known = x + self.sigma * noise, _observed(features)
        inputs = moved if known is None else torch.where(_each_input(features, known), moved, x)
        return replace(features, inputs=inputs, sets=sets)


class Masking(Corruption):
    """Each column is hidden (all its inputs set to 0, their mean) with probability `ratio`.

    Vincent et al., ICML 2008.

    Parameters
    ----------
    ratio : float
    judge : str
        "all": the loss is on every column; "hidden": of the flat ones on the hidden alone, so
        that copying what is seen earns nothing.
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
        known = _observed(features)
        kept = drawn if known is None else drawn & known
        sets = {name: self(one, rng) for name, one in features.sets.items()}
        return replace(
            hidden_but(features, kept),
            judged=~drawn if self.judge == "hidden" and features.mask is None else None,
            sets=sets,
        )


class SaltAndPepper(Corruption):
    """Each column is thrown to one end, low or high, with probability `ratio`.

    Vincent et al., JMLR 11 (2010) 3371. The ends are `extreme` normalised widths to either
    side, by a fair coin: for a continuous column, so many standard deviations. All inputs of
    an angle or a category go to the same end, which no clean row does. Unlike a hidden column,
    a thrown one looks like any other: the encoder has to find out. What is not observed stays
    so.

    Raises
    ------
    SpecError
        If `ratio` is not a share, or `extreme` is negative.
    """

    def __init__(self, ratio: float, *, extreme: float = 3.0) -> None:
        super().__init__()
        if not (0 <= ratio < 1 and extreme >= 0):
            raise SpecError(
                f"ratio {ratio}, extreme {extreme}",
                where="SaltAndPepper",
                expected="0 <= ratio < 1 and extreme >= 0",
            )
        self.ratio, self.extreme = ratio, extreme

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """Ends at random columns, of rows and of each set's elements."""
        y, known = features.targets, _observed(features)
        drawn = torch.rand(y.shape, generator=rng, device=y.device)
        thrown = drawn < self.ratio
        if known is not None:
            thrown = thrown & known
        end = torch.where(drawn < self.ratio / 2, -self.extreme, self.extreme)
        thrown, end = _each_input(features, thrown), _each_input(features, end)
        sets = {name: self(one, rng) for name, one in features.sets.items()}
        inputs = torch.where(thrown, end.to(features.inputs), features.inputs)
        return replace(features, inputs=inputs, sets=sets)


class ElementMasking(Corruption):
    """A fixed share of each row's columns, and of each set's elements, is hidden and asked for.

    He et al., arXiv:2111.06377: the encoder gets what is left, the loss is on what is hidden.
    Hidden elements of a set are left out of its inputs, so that they cost no time.

    Parameters
    ----------
    ratio : float
        Share of columns or elements to hide; at least one is hidden and one is left.
    policy : Module, optional
        ``policy(features, rng)`` gives a number per column, shape (row, column), or per
        element of a set; the largest are hidden. By default they are random. A policy that
        learns may be told about each epoch through ``fit(..., on_epoch=...)``.

    Raises
    ------
    SpecError
        If the ratio is not between 0 and 1.
    """

    def __init__(self, ratio: float = 0.75, *, policy: nn.Module | None = None) -> None:
        super().__init__()
        if not 0 < ratio < 1:
            raise SpecError(f"ratio {ratio}", where="ElementMasking", expected="0 < ratio < 1")
        self.ratio, self.policy = ratio, policy

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        """The features without the hidden ones, and the loss on these alone."""
        sets = {name: self._thinned(one, rng) for name, one in features.sets.items()}
        there = features.shown
        hidden = self._hidden(features, there, rng)
        seen = hidden_but(features, there & ~hidden)
        return replace(seen, judged=hidden, sets=sets)

    def _hidden(self, features: Features, there: Tensor, rng: torch.Generator) -> Tensor:
        """Which to hide: the share of those that are there with the largest keys."""
        if self.policy is None:
            keys = torch.rand(there.shape, generator=rng, device=there.device)
        else:
            keys = self.policy(features, rng)
        order = keys.masked_fill(~there, torch.inf).argsort(1).argsort(1)  # rank of each key
        count = there.sum(1, keepdim=True)
        left = count - (self.ratio * count).round().clamp(min=1).minimum(count - 1)
        return (order >= left) & there

    def _thinned(self, elements: Features, rng: torch.Generator) -> Features:
        """The elements that are left, in as few slots as hold them."""
        assert elements.mask is not None
        hidden = self._hidden(elements, elements.mask, rng)
        left = elements.mask & ~hidden
        most = max(int(left.sum(1).max()), 1)
        at = (~left).to(torch.int8).sort(dim=1, stable=True).indices[:, :most]
        inputs = elements.inputs.gather(1, at[..., None].expand(-1, -1, elements.inputs.shape[-1]))
        judged = hidden | ~elements.mask  # that there is no element must be told, too
        return replace(elements, inputs=inputs, visible=left.gather(1, at), judged=judged)


def check_judge(judge: str, where: str) -> None:
    """Raise unless `judge` is a word that says what the loss is on."""
    if judge not in JUDGED:
        raise SpecError(f"judge {judge!r}", where=where, expected=" or ".join(map(repr, JUDGED)))


def hidden_but(features: Features, kept: Tensor) -> Features:
    """Only the `kept` columns, shape (row, ..., target), shown to the encoder."""
    visible = kept if features.mask is None else features.visible
    inputs = features.inputs * _each_input(features, kept)
    return replace(features, inputs=inputs, visible=visible)


def _observed(features: Features) -> Tensor | None:
    """Which columns of the inputs are observed; those of the targets may be of a later row."""
    lagged = features.mask is None and features.visible is not None
    return features.visible if lagged else features.observed


def _each_input(features: Features, columns: Tensor) -> Tensor:
    """What is said of columns, shape (..., target), for each input."""
    return columns if features.column is None else columns.index_select(-1, features.column)
