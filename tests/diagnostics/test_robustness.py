from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.batch import to_batch
from sciae.diagnostics.robustness import adversarial, purify, refine
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(4,)), Field(name="n", kind="count")))


def seen(kind: str = "variational", rows: int = 12) -> tuple[Autoencoder, Features]:
    rng = np.random.default_rng(1)
    table = Table(SCHEMA, {"x": rng.normal(size=(rows, 4)), "n": rng.poisson(3, rows)})
    model = kinds.KINDS[kind](SCHEMA, latent=2, hidden=(8,)).double()
    model.fit_normaliser([table])
    return model, model.features(to_batch(table))


@pytest.mark.parametrize("kind", ["plain", "variational", "vq"])
def test_purified_rows_of_every_kind_are_rows_of_their_schema(
    kind: str,
    mixed: Callable[..., Table],
    small: Callable[[str, Table], tuple[Autoencoder, Table]],
) -> None:
    model, table = small(kind, mixed(20))
    batch = to_batch(table)
    clean = purify(model, batch, steps=2)
    assert clean.columns.keys() == batch.columns.keys()
    for name, column in clean.columns.items():
        assert column.dtype == batch.columns[name].dtype
        assert column.shape == batch.columns[name].shape
    model.reconstruct(clean)
    once = purify(model, purify(model, batch))
    for name, column in once.columns.items():
        torch.testing.assert_close(column, clean.columns[name], equal_nan=True)


def test_no_steps_change_nothing() -> None:
    model, _ = seen()
    batch = to_batch(Table(SCHEMA, {"x": np.ones((2, 4)), "n": [1, 2]}))
    assert purify(model, batch, steps=0) is batch


def test_the_same_seed_draws_the_same_chain() -> None:
    model, features = seen()
    z0 = model.encode(features).mean
    one, two = (refine(model, features, z0, steps=5, rng=3) for _ in range(2))
    torch.testing.assert_close(one.z, two.z, rtol=0, atol=0)
    assert one.z.shape == (5, 12, 2)
    assert not torch.equal(one.z, refine(model, features, z0, steps=5, rng=4).z)
    assert not one.z.requires_grad
    assert all(x.grad is None for x in model.parameters())


def test_a_bad_step_is_told() -> None:
    model, features = seen()
    z0 = model.encode(features).mean
    verdicts = [
        refine(model, features, z0, steps=30, step_size=h, rng=1).verdict for h in (1e3, 0.5, 1e-4)
    ]
    assert "smaller step_size" in verdicts[0]
    assert "larger step_size" in verdicts[2]


def test_a_start_that_is_wrong_drifts_to_where_the_row_is_likely() -> None:
    model, features = seen()
    far = model.encode(features).mean.detach() + 8

    def nats(z: torch.Tensor) -> torch.Tensor:
        return model.heads.nll(model.decoder(z), features).total() + 0.5 * z.square().sum(1)

    got = refine(model, features, far, steps=200, rng=1)
    assert (nats(got.z[-1]) < nats(far) - 5).all()


def test_refusals() -> None:
    model, features = seen("plain")
    z0 = model.encode(features).mean
    with pytest.raises(SpecError, match="refine: a latent without a prior; expected Gaussian"):
        refine(model, features, z0)
    with pytest.raises(SpecError, match=r"steps 0, step_size 0\.5"):
        refine(model, features, z0, steps=0)
    with pytest.raises(SpecError, match=r"epsilon 0\.0, steps 20, 1 continuous fields"):
        adversarial(model, features, epsilon=0.0)


@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_an_attack_finds_more_than_chance_and_less_than_a_larger_one(kind: str) -> None:
    model, features = seen(kind)
    small, large = (adversarial(model, features, epsilon=e, rng=1) for e in (0.01, 0.5))
    for name in ("code", "rise", "fall"):
        assert (getattr(small, name) >= 0).all()
        assert (getattr(large, name) >= getattr(small, name)).all()
    torch.testing.assert_close(small.code, small.linear, rtol=0.05, atol=0)  # nearly linear
    noise = torch.randn(12, 4, generator=torch.Generator().manual_seed(1)).double()
    delta = torch.nn.functional.pad(0.01 * torch.nn.functional.normalize(noise, dim=1), (0, 1))
    with torch.no_grad():
        code = model.encode(features).mean
        moved = model.encode(features.with_inputs(features.inputs + delta)).mean
    assert ((moved - code).norm(dim=1) <= small.code * 1.02).all()
    assert "moves a code by up to" in large.verdict


def test_what_is_not_observed_is_not_changed() -> None:
    model, features = seen("plain")
    hidden = torch.ones_like(features.targets, dtype=torch.bool)
    hidden[:, :4] = False
    blind = replace(features, observed=hidden)
    got = adversarial(model, blind, epsilon=1.0, rng=1)
    for x in (got.code, got.linear, got.rise, got.fall):
        assert (x == 0).all()
