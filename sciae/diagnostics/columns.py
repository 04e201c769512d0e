"""Columns: the continuous columns of rows beside what a model makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from sciae.autoencoders.heads import Normal
from sciae.autoencoders.model import evaluating
from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.heads import Head
    from sciae.autoencoders.model import Autoencoder

__all__ = ["Columns", "shares"]

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Columns:
    """The rows in which every continuous column is observed, in normalised units.

    Attributes
    ----------
    names : tuple of str
        The field of each column.
    x, x_hat : Tensor, shape (row, column)
        The columns, and the model's means at the mean code, in float64.
    sigma : Tensor, shape (row, column)
        Width of a normal head; NaN for any other.
    least : Tensor, shape (column,)
        The floor of a width that is learnt or predicted; 0 for any other.
    share : Tensor, shape (row,)
        Weights that sum to one.
    """

    names: tuple[str, ...]
    x: Tensor
    x_hat: Tensor
    sigma: Tensor
    least: Tensor
    share: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, model: Autoencoder, features: Features, z: Tensor | None = None) -> Columns:
        """From the mean codes, or from codes `z` of shape (row, latent).

        Raises
        ------
        SpecError
            If no flat field is continuous.
        DataError
            If fewer than two rows have all their continuous columns observed.
        """
        places = [p for p in model.normaliser.layout.places if p.field.kind == "continuous"]
        if not places:
            raise SpecError("no continuous field", where="Columns", expected="one or more")
        width = places[-1].targets.stop  # continuous columns come first
        seen = features.observed
        full = slice(None) if seen is None else seen[:, :width].all(1)
        with evaluating(model):
            code = model.encode(features).mean if z is None else z
            flat = model.decoder(code).flat
        x_hat, (sigma, least) = model.heads.mean(flat), _widths(model, flat)
        x, x_hat, sigma = (y[full, :width].double() for y in (features.targets, x_hat, sigma))
        if len(x) < 2:  # noqa: PLR2004 - a variance needs two
            raise DataError(f"{len(x)} complete rows", where="Columns", expected="two or more")
        names = tuple(p.field.name for p in places for _ in range(p.field.width))
        return cls(names, x, x_hat, sigma, least[:width], shares(features, full))

    @property
    def covariance(self) -> Tensor:
        """Of the columns, weighted, shape (column, column)."""
        centred = self.x - self.share @ self.x
        return centred.T @ (self.share[:, None] * centred)

    @property
    def square(self) -> Tensor:
        """Mean squared error of each column."""
        return self.share @ (self.x - self.x_hat).square()

    def by_field(self, numbers: Tensor) -> dict[str, float]:
        """A number per column, summed over the columns of each field."""
        total = dict.fromkeys(self.names, 0.0)
        for name, value in zip(self.names, numbers.tolist(), strict=True):
            total[name] += value
        return total


def shares(features: Features, rows: Tensor | slice = slice(None)) -> Tensor:
    """The weights of these rows, divided by their sum, in float64.

    Raises
    ------
    DataError
        If they do not sum to a positive number.
    """
    ones = features.targets.new_ones(len(features))
    weight = (ones if features.weight is None else features.weight)[rows].double()
    if not bool(weight.sum() > 0):
        raise DataError(f"weights sum to {weight.sum():g}", expected="more than 0")
    return weight / weight.sum()


def _widths(model: Autoencoder, flat: Tensor) -> tuple[Tensor, Tensor]:
    """Widths of normal heads, read off what their own mean costs, and their floors."""
    sigma = torch.full_like(model.heads.mean(flat), math.nan)
    least = torch.zeros_like(sigma[0], dtype=torch.float64)
    heads = cast("Iterable[Head]", model.heads.heads)
    for head, block in zip(heads, model.heads.blocks, strict=True):
        if isinstance(head, Normal):
            own = flat[..., block.parameters]
            sigma[..., block.targets] = (head.nll(own, head.mean(own)) - LOG_SQRT_2PI).exp()
            least[block.targets] = head.floor if isinstance(head.sigma, str) else 0.0
    return sigma, least
