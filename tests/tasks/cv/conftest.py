"""Processes whose slow motions are known, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.autoencoders.training import Training
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike


@pytest.fixture(scope="session")
def process() -> Callable[..., np.ndarray]:
    """A stationary AR(1) process, an Ornstein-Uhlenbeck process seen at steps of one row."""

    def made(memory: ArrayLike, rows: int, seed: int = 0) -> np.ndarray:
        memory, rng = np.asarray(memory, float), np.random.default_rng(seed)
        x = rng.normal(size=(rows, len(memory)))
        noise = np.sqrt(1 - memory**2)
        for t in range(1, rows):
            x[t] = memory * x[t - 1] + noise * x[t]
        return x

    return made


@pytest.fixture(scope="session")
def table_of() -> Callable[..., Table]:
    """A table of one field of numbers."""

    def made(
        x: ArrayLike, *, groups: int = 1, period: float | None = None, unit: str = "1", **parts: Any
    ) -> Table:
        x = np.asarray(x, float).reshape(len(x), -1)
        kind = "continuous" if period is None else "periodic"
        field = Field(name="x", kind=kind, shape=(x.shape[1],), period=period, unit=unit)
        parts = {"group": np.arange(len(x)) * groups // len(x)} | parts
        return Table(Schema((field,)), {"x": x}, **parts)

    return made


@pytest.fixture(scope="session")
def quick() -> Training:
    return Training(epochs=60, batch=1000, learning_rate=5e-3, patience=60, validation=0.2)


WALKERS, EVERY, STEP, HEIGHT = 20, 50, 1e-3, 4.0


@pytest.fixture(scope="session")
def four_wells() -> np.ndarray:
    """Overdamped Langevin dynamics in 4 kT [(x^2 - 1)^2 + (y^2 - 1)^2]: 20 times 500 rows."""
    rng = np.random.default_rng(1)
    at, out = rng.choice([-1.0, 1.0], (WALKERS, 2)), np.empty((WALKERS, 500, 2))
    for row in range(500):
        for noise in rng.normal(0, np.sqrt(2 * STEP), (EVERY, WALKERS, 2)):
            at = at - 4 * HEIGHT * at * (at**2 - 1) * STEP + noise
        out[:, row] = at
    return out.reshape(-1, 2)


@pytest.fixture(scope="session")
def circle() -> np.ndarray:
    """An angle that diffuses round a circle."""
    return np.cumsum(np.random.default_rng(3).normal(0, 0.3, 6000))
