"""Rows: what a model is trained on and judged by, normalised and weighted."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sciae.autoencoders.lagged import pairs
from sciae.autoencoders.ranks import all_sum
from sciae.batch import to_batch
from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder, Loss
    from sciae.table import Table

__all__ = ["Rows", "Sums", "examples", "features_of", "steps", "weights"]


@dataclass(frozen=True)
class Rows:
    """Normalised rows, the number of each in its table, and what each counts in a step."""

    features: Features
    numbers: Tensor  # (row,)
    share: Tensor  # (row,) of a step's objective, sum_i share_i loss_i

    @classmethod
    def of(
        cls, features: Features, numbers: Tensor, *, batch: int, unit: Tensor | None = None
    ) -> Rows:
        """The one place where weights enter: a weight of two equals the row twice.

        The shares of a step sum to one on average. By default these are all rows there are;
        `unit` is the mean weight of a step if they are not.
        """
        weight = weights(features)
        if unit is None:
            unit = weight.double().sum() / steps(len(features), batch)
        return cls(features, numbers, weight / unit)

    @classmethod
    def of_table(
        cls, model: Autoencoder, table: Table, numbers: NDArray[np.int64], *, batch: int
    ) -> Rows:
        """All rows of a table, which have these numbers in the user's table.

        Raises
        ------
        DataError
            If there is nothing to learn, or the weights do not sum to a positive number.
        """
        now, later = examples(model, table)
        if not len(now):
            raise DataError(
                f"no two rows {model.lag} apart in one group" if model.lag else "no rows",
                expected="one pair or more" if model.lag else "one or more",
            )
        (table.take(now) if model.lag else table).require_weight()
        features = features_of(model, table, now, later)
        return cls.of(features, torch.from_numpy(numbers[now]).to(model.device), batch=batch)

    def __len__(self) -> int:
        return len(self.numbers)

    def visit(self, rng: torch.Generator) -> Iterator[Rows]:  # noqa: ARG002 - as other sources
        """All of them at once: what an epoch goes through."""
        yield self

    @property
    def sha256(self) -> str:
        """Equal for equal rows of equal weight."""
        digest = hashlib.sha256()
        for tensor in (self.numbers, *_tensors(self.features)):
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()


def steps(rows: int, batch: int) -> int:
    """How many steps of nearly equal size, at most `batch`, go through the rows.

    A step of a few last rows would be as long as any other, as Adam makes it, and as noisy as
    they are few.
    """
    return math.ceil(rows / batch)


def examples(model: Autoencoder, table: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of what is seen and of what is to be told; equal unless the model has a lag."""
    if model.lag:
        return pairs(table.group, len(table), model.lag)
    every = np.arange(len(table))
    return every, every


def features_of(
    model: Autoencoder, table: Table, now: NDArray[np.int64], later: NDArray[np.int64]
) -> Features:
    """The features of the rows `now`, with the targets of the rows `later`."""
    features = model.features(to_batch(table, device=model.device))
    if not model.lag:
        return features
    one, other = (features.take(torch.from_numpy(x).to(model.device)) for x in (now, later))
    return one.towards(other)


def weights(features: Features) -> Tensor:
    """The weight of each row, 1 by default."""
    if features.weight is None:
        return features.targets.new_ones(len(features))
    return features.weight


def _tensors(features: Features) -> Iterator[Tensor]:
    seen = (features.observed, features.visible, features.mask)
    own = (features.inputs, features.targets, *seen, features.weight)
    yield from (tensor for tensor in own if tensor is not None)
    for elements in features.sets.values():
        yield from _tensors(elements)


class Sums:
    """The weighted sums of the loss and of its terms, for their means over all rows."""

    def __init__(self) -> None:
        self.terms: dict[str, Tensor] = {}
        self.share = torch.zeros(())

    def add(self, losses: Sequence[Loss], share: Tensor) -> None:
        """Losses of some steps, and the shares of their rows in this order."""
        share = share.double()
        named = [{"loss": loss.total, **loss.terms} for loss in losses]
        for name in named[0]:
            each = torch.cat([one[name] for one in named]).double()
            self.terms[name] = self.terms.get(name, 0.0) + torch.dot(each, share)
        self.share = self.share.to(share) + share.sum()

    def means(self) -> dict[str, float]:
        """Over the rows of all processes."""
        *sums, share = all_sum(torch.stack([*self.terms.values(), self.share])).tolist()
        return {name: one / share for name, one in zip(self.terms, sums, strict=True)}
