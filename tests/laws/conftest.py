from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.batch import to_batch
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

ROWS = 48
IMAGE = Schema((Field(name="image", kind="continuous", shape=(8, 8), scale="field"),))
SENTENCE = Schema(
    (
        Field(name="word", kind="sequence", classes=("a", "b", "c"), size=4),
        Field(name="mass", kind="continuous"),
        Field(name="hits", kind="count"),
    )
)


class Case(NamedTuple):
    """A model whose normaliser is fitted, and rows for it."""

    name: str
    model: Autoencoder
    table: Table

    def features(self) -> Features:
        return self.model.features(to_batch(self.table))


def _images() -> Table:
    rng = np.random.default_rng(1)
    return Table(IMAGE, {"image": rng.exponential(size=(ROWS, 8, 8))})


def _sentences() -> Table:
    rng = np.random.default_rng(1)
    length = rng.integers(0, 5, ROWS)
    word = np.where(np.arange(4) < length[:, None], rng.integers(0, 3, (ROWS, 4)), -1)
    mass = length + rng.normal(size=ROWS)
    return Table(SENTENCE, {"word": word, "mass": mass, "hits": rng.poisson(1 + length)})


TABLES: dict[str, Callable[[Any], Table]] = {
    "flat": lambda mixed: mixed(ROWS, sets=False),
    "sets": lambda mixed: mixed(ROWS),
    "sequences": lambda _: _sentences(),
}
OTHER_NETS_AND_HEADS: dict[str, dict[str, Any]] = {
    "images": {"hidden": (4, 8), "sigma": "shared", "net": "convolutional"},
    "predicted": {"hidden": (16, 12), "sigma": "predicted"},
    "modes": {"likelihoods": {"continuous": {"head": "Mixture"}}, "matching": "chamfer"},
    "tails": {"likelihoods": {"continuous": {"head": "StudentT"}}, "matching": "hungarian"},
    "counts": {
        "likelihoods": {
            "continuous": {"head": "Laplace"},
            "count": {"head": "ZeroInflatedNegativeBinomial"},
        }
    },
}
ORDERED = ("plain", "contractive", "variational", "vq")  # others differ in nothing new
CASES = [
    *(f"{kind} {table}" for kind in kinds.KINDS for table in ("flat", "sets")),
    *(f"{kind} sequences" for kind in ORDERED),
    *(f"{kind} {other}" for kind in ("plain", "variational") for other in OTHER_NETS_AND_HEADS),
]


def _make(name: str, mixed: Callable[..., Table], small: Callable[..., Any]) -> Case:
    kind, rows = name.split()
    if rows in TABLES:
        return Case(name, *small(kind, TABLES[rows](mixed)))
    table = _images() if rows == "images" else mixed(ROWS)
    settings = {"latent": 3, "hidden": (8,)} | OTHER_NETS_AND_HEADS[rows]
    model = kinds.KINDS[kind](table.schema, **settings)
    model.fit_normaliser([table])
    return Case(name, model, table)


@pytest.fixture(params=CASES)
def case(
    request: pytest.FixtureRequest,
    mixed: Callable[..., Table],
    small: Callable[..., Any],
    same_initial_weights_each_time: None,
) -> Case:
    """Each kind of model on each kind of table, and on the nets that it can have."""
    return _make(request.param, mixed, small)


@pytest.fixture
def case_of(
    mixed: Callable[..., Table], small: Callable[..., Any], same_initial_weights_each_time: None
) -> Callable[[str], Case]:
    """The case of a name."""
    return lambda name: _make(name, mixed, small)


def _gradients(model: Autoencoder, features: Features, share: Tensor | None = None) -> list[Tensor]:
    """Of the sum over rows of share times loss, by weight; 0 where a weight is not used."""
    loss = model.loss(features, torch.Generator().manual_seed(2)).total
    weights = list(model.parameters())
    found = torch.autograd.grad(loss, weights, torch.ones_like(loss) if share is None else share,
                                allow_unused=True)  # fmt: skip
    return [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)]


@pytest.fixture(scope="session")
def gradients() -> Callable[..., list[Tensor]]:
    return _gradients
