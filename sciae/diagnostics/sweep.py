"""Sweep: how many numbers a code needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.autoencoders.fit import fit
from sciae.errors import SpecError
from sciae.rng import seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Training
    from sciae.table import Table

__all__ = ["Sweep", "sweep"]

TWICE = 2


@dataclass(frozen=True)
class Sweep:
    """Validation losses, in nats per row.

    Attributes
    ----------
    sizes : tuple of int
    losses : array, shape (size, seed)
    """

    sizes: tuple[int, ...]
    losses: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Of each size, over the seeds."""
        return np.asarray(self.losses.mean(1))

    @property
    def spread(self) -> NDArray[np.float64]:
        """Standard deviation of each size, over the seeds."""
        return np.asarray(self.losses.std(1, ddof=1))

    @property
    def chosen(self) -> int:
        """The smallest size whose mean is within one standard error of the best."""
        best = int(self.mean.argmin())
        error = self.spread[best] / self.losses.shape[1] ** 0.5
        enough = np.flatnonzero(self.mean <= self.mean[best] + error)
        return min(self.sizes[i] for i in enough)

    @property
    def verdict(self) -> str:
        """The size to take, and whether the sizes tried went far enough to know."""
        text = f"{self.chosen} latents: the fewest within one standard error of the best loss"
        if self.chosen < max(self.sizes):
            return text
        return f"{text}, but the largest tried: the loss may fall further"

    def __str__(self) -> str:
        rows = zip(self.sizes, self.mean, self.spread, strict=True)
        lines = [f"{'latent':>6}{'loss':>12}{'spread':>10}"]
        lines += [f"{size:>6}{mean:>12.4f}{spread:>10.4f}" for size, mean, spread in rows]
        return "\n".join([*lines, self.verdict])


def sweep(
    make_model: Callable[[int], Autoencoder],
    table: Table,
    sizes: Sequence[int],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    training: Training | None = None,
    validation: Table | None = None,
) -> Sweep:
    """Train each latent size from each seed, and find the smallest that is as good as any.

    Against held-out rows as they were measured, the loss falls to an elbow and then stays:
    do not wait for it to rise again. A rise, if there is one, is overtraining. A seed gives
    the same split and the same order of rows to every size.

    Parameters
    ----------
    make_model : callable
        Latent size -> an untrained Autoencoder.
    table : Table
    sizes, seeds : sequence of int
    training : Training, optional
    validation : Table, optional
        By default a part of `table`, another with each seed.

    Raises
    ------
    SpecError
        If there is no size, or fewer than two seeds.
    """
    if not sizes or len(seeds) < TWICE:
        raise SpecError(
            f"{len(sizes)} sizes, {len(seeds)} seeds", where="sweep", expected="some, and two"
        )

    def loss(size: int, seed: int) -> float:
        with seeded(seed):
            model = make_model(size)
        fitted = fit(model, table, training=training, validation=validation, rng=seed)
        return fitted.history[fitted.best].validation["loss"]

    return Sweep(tuple(sizes), np.array([[loss(size, s) for s in seeds] for size in sizes]))
