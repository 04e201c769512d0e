"""One `rng` argument -> NumPy and torch generators (SPEC 7)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

__all__ = ["Seed", "generator", "seeded", "torch_generator"]

Seed = int | np.random.SeedSequence | np.random.Generator | None


def generator(rng: Seed = None) -> np.random.Generator:
    """A NumPy generator from a seed, a seed sequence, or a generator (returned as it is).

    Examples
    --------
    >>> int(generator(1).integers(100))
    47
    """
    return np.random.default_rng(rng)


def torch_generator(rng: Seed = None, *, device: str = "cpu") -> torch.Generator:
    """A torch generator seeded from `rng`; the same seed gives the same stream.

    A NumPy generator handed in advances by one draw, so that two calls give two streams.
    """
    import torch

    seed = int(generator(rng).integers(2**63 - 1))
    return torch.Generator(device=device).manual_seed(seed)


@contextmanager
def seeded(rng: Seed = None) -> Iterator[None]:
    """Torch's own generator seeded inside, and as it was after: for initial weights."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(rng).integers(2**63 - 1)))
        yield
