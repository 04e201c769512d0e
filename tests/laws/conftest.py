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
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

SIZES: dict[str, Any] = {"latent": 3, "hidden": (16, 12)}
IMAGE = Schema((Field(name="image", kind="continuous", shape=(8, 8), scale="field"),))


@pytest.fixture(autouse=True)
def same_initial_weights_each_time() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


class Case(NamedTuple):
    """A model whose normaliser is fitted, and rows for it."""

    model: Autoencoder
    table: Table

    def features(self) -> Features:
        return self.model.features(to_batch(self.table))


def _images(rows: int = 64) -> Table:
    rng = np.random.default_rng(1)
    return Table(IMAGE, {"image": rng.exponential(size=(rows, 8, 8))})


MADE: dict[str, Callable[[Any], tuple[Callable[..., Autoencoder], dict[str, Any], Table]]] = {
    "plain": lambda mixed: (kinds.plain, SIZES, mixed(sets=False)),
    "linear": lambda mixed: (kinds.linear, {"latent": 3}, mixed(sets=False)),
    "denoising": lambda mixed: (kinds.denoising, SIZES, mixed(sets=False)),
    "variational": lambda mixed: (
        kinds.variational,
        {**SIZES, "sigma": "predicted"},
        mixed(sets=False),
    ),
    "plain sets": lambda mixed: (kinds.plain, {**SIZES, "sigma": 0.7}, mixed()),
    "variational sets": lambda mixed: (kinds.variational, SIZES, mixed()),
    "plain images": lambda _: (
        kinds.plain,
        {"latent": 3, "hidden": (4, 8), "sigma": "shared", "net": "convolutional"},
        _images(),
    ),
    "variational images": lambda _: (
        kinds.variational,
        {"latent": 3, "hidden": (4, 8), "sigma": "shared", "net": "convolutional"},
        _images(),
    ),
}


def _make(name: str, mixed: Callable[..., Table]) -> Case:
    kind, settings, table = MADE[name](mixed)
    model = kind(table.schema, **settings)
    model.fit_normaliser([table])
    return Case(model, table)


@pytest.fixture(params=MADE)
def case(
    request: pytest.FixtureRequest,
    mixed: Callable[..., Table],
    same_initial_weights_each_time: None,
) -> Case:
    """Each kind of model, on each kind of net that it can have."""
    return _make(request.param, mixed)


@pytest.fixture
def case_of(mixed: Callable[..., Table], same_initial_weights_each_time: None) -> Any:
    """The case of a name."""
    return lambda name: _make(name, mixed)


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
