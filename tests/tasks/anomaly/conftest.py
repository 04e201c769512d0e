from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.schema import Field, Schema
from sciae.table import Origin, Table

if TYPE_CHECKING:
    from collections.abc import Callable


def _toy(rows: int = 300, *, seed: int = 1, path: str = "toy.root", **settings: Any) -> Table:
    """Correlated columns of several kinds, with their place in a file of twice as many entries."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    x[:, 1] += 2 * x[:, 0]
    fields = (
        Field(name="mass", kind="continuous", unit="GeV"),
        Field(name="shape", kind="continuous", shape=(2,)),
        Field(name="hits", kind="count"),
        Field(name="angle", kind="periodic", period=360.0, unit="deg"),
    )
    columns = {
        "mass": 100 + 20 * x[:, 0],
        "shape": x[:, 1:],
        "hits": rng.poisson(5, rows).astype(float),
        "angle": rng.uniform(0, 360, rows),
    }
    settings = {
        "origins": (Origin(path=path, tree="t", stop=2 * rows),),
        "origin": np.zeros(rows, int),
        "entry": 2 * np.arange(rows),
        "carried": {"evt": np.arange(rows) + 7, "jet_mass": x[:, 0] * 10 + 80},
        "rejected": {"outside the window": rows},
    } | settings
    return Table(Schema(fields), columns, **settings)


@pytest.fixture(scope="session")
def toy() -> Callable[..., Table]:
    return _toy


@pytest.fixture(scope="session", params=["plain", "variational"])
def detector(request: pytest.FixtureRequest) -> Any:
    """A small detector of a point and of a Gaussian latent, for toys."""
    from sciae.autoencoders import kinds
    from sciae.autoencoders.fit import Training, fit
    from sciae.rng import seeded
    from sciae.tasks.anomaly import calibrate

    with seeded(1):
        model = kinds.KINDS[request.param](_toy(2).schema, latent=2, hidden=(16,))
    fitted = fit(model, _toy(400), training=Training(epochs=3, batch=64), rng=1)
    return calibrate(fitted.model, _toy(200, seed=2), draws=8)
