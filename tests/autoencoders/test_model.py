from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from sciae.autoencoders import kinds
from sciae.autoencoders.corruptions import GaussianNoise
from sciae.autoencoders.heads import Decoded
from sciae.autoencoders.latents import Gaussian, Point
from sciae.autoencoders.model import Autoencoder, evaluating
from sciae.autoencoders.nets import DenseDecoder, DenseEncoder
from sciae.autoencoders.penalties import KL
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.features import Features

X = Schema((Field(name="x", kind="continuous", shape=(3,)),))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def features(model: Autoencoder) -> Features:
    table = Table(X, {"x": np.random.default_rng(1).normal(size=(20, 3))})
    model.fit_normaliser([table])
    return model.features(to_batch(table))


def test_the_loss_is_the_weighted_sum_of_its_terms() -> None:
    model = kinds.variational(X, latent=2, beta=0.7)
    loss = model.loss(features(model), rng())
    assert tuple(loss.terms) == model.terms == ("reconstruction", "kl")
    total = loss.terms["reconstruction"] + 0.7 * loss.terms["kl"]
    torch.testing.assert_close(loss.total, total)
    assert loss.total.shape == (20,)


def test_by_default_penalties_have_their_final_weight() -> None:
    model = kinds.variational(X, latent=2, beta=0.7, warm_up=100)
    x = features(model)
    before, at_end, after = (model.loss(x, rng(), step=s).total for s in (0, 100, math.inf))
    assert torch.equal(model.loss(x, rng()).total, at_end)
    assert torch.equal(after, at_end)
    assert torch.equal(before, model.loss(x, rng()).terms["reconstruction"])


def test_a_corruption_changes_what_is_seen_and_not_the_target() -> None:
    clean = kinds.plain(X, latent=2, sigma=1.0)
    noisy = kinds.plain(X, latent=2, sigma=1.0)
    noisy.load_state_dict(clean.state_dict())
    noisy.corruption = GaussianNoise(0.3)
    x = features(clean)
    seen = GaussianNoise(0.3)(x, rng())
    code = clean.encode(seen).mean
    expected = clean.heads.nll(clean.decoder(code), x).total()
    torch.testing.assert_close(noisy.loss(x, rng()).total, expected)


@pytest.mark.parametrize("name", ["reconstruction", "loss", "kl"])
def test_names_of_terms_are_unique(name: str) -> None:
    penalty = KL()
    penalty.name = name
    with pytest.raises(SpecError, match="expected each name once"):
        Autoencoder(
            X,
            encoder=DenseEncoder(3, 2),
            latent=Gaussian(1),
            decoder=DenseDecoder(1, 3),
            penalties=(KL(), penalty),
        )


def test_reconstructions_are_in_raw_units(mixed: Callable[..., Table]) -> None:
    table = mixed(sets=False)
    model = kinds.plain(table.schema, latent=4)
    model.fit_normaliser([table])
    got = model.reconstruct(to_batch(table))
    assert tuple(got) != ()
    assert {name: tuple(x.shape) for name, x in got.items()} == {
        name: table[name].shape for name in table.columns
    }
    assert got["mass"].mean().item() == pytest.approx(100, abs=20)
    assert got["angle"].abs().max() <= 180
    assert ((got["shares"].sum(1) - 1).abs() < 1e-5).all()


def test_a_perfect_decoder_reconstructs_in_raw_units() -> None:
    class Same(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, z: torch.Tensor) -> Decoded:
            return Decoded(z * self.scale)

    encoder = DenseEncoder(3, 3, hidden=())
    encoder.net.load_state_dict({"weight_0": torch.eye(3), "bias_0": torch.zeros(3)})
    model = Autoencoder(X, encoder=encoder, latent=Point(3), decoder=Same())
    x = np.random.default_rng(1).normal([1e3, 0, -5], [10, 1e-3, 1], (20, 3))
    table = Table(X, {"x": x})
    model.fit_normaliser([table])
    np.testing.assert_allclose(model.reconstruct(to_batch(table))["x"], x, rtol=1e-5, atol=1e-8)


def test_draws_from_the_prior_are_in_raw_units(mixed: Callable[..., Table]) -> None:
    table = mixed(sets=False)
    model = kinds.variational(table.schema, latent=2)
    model.fit_normaliser([table])
    one, other = (model.sample(500, rng()) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in table.columns)
    assert one["shape"].shape == (500, 2, 2)
    assert one["mass"].mean().item() == pytest.approx(100, abs=10)
    assert set(one["flag"].unique().tolist()) == {0, 1}
    assert set(one["type"].unique().tolist()) <= {0, 1, 2}


def test_evaluating_leaves_the_mode_as_it_was() -> None:
    net = nn.Dropout()
    for training in (True, False):
        net.train(training)
        with pytest.raises(KeyError), evaluating(net):  # noqa: PT012 - the block is what is tested
            assert not net.training
            raise KeyError
        assert net.training == training


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"encoder": DenseEncoder(3, 5)}, r"encoder: gives shape \(2, 5\); expected \(2, 4\)"),
        ({"decoder": DenseDecoder(2, 4)}, r"decoder: gives shape \(2, 4\); expected \(2, 3\)"),
    ],
)
def test_parts_that_do_not_fit_are_named(parts: dict[str, nn.Module], said: str) -> None:
    fitting = {"encoder": DenseEncoder(3, 4), "decoder": DenseDecoder(2, 3)}
    Autoencoder(X, latent=Gaussian(2), **fitting).check_parts()
    with pytest.raises(SpecError, match=said):
        Autoencoder(X, latent=Gaussian(2), **(fitting | parts)).check_parts()
