from __future__ import annotations

import math

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.latents import Poisson
from sciae.autoencoders.latents.poisson import MOST
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table


def test_without_a_generator_the_code_is_its_rate() -> None:
    latent = Poisson(3)
    latent.log_prior.data.copy_(torch.tensor([0.0, 1.0, -1.0]))
    code = latent(torch.tensor([[0.5, 0.0, 2.0]]), None)
    torch.testing.assert_close(code.log_rate, torch.tensor([[0.5, 1.0, 1.0]]))
    torch.testing.assert_close(code.mean, code.log_rate.exp())
    assert code.z is code.mean


def test_counts_are_whole_but_in_training() -> None:
    latent, hidden = Poisson(4), torch.randn(50, 4)
    relaxed = latent(hidden, torch.Generator().manual_seed(1)).z
    whole = latent.eval()(hidden, torch.Generator().manual_seed(1)).z
    assert not torch.equal(relaxed, relaxed.round())
    assert torch.equal(whole, whole.round())


def test_an_extreme_rate_stays_finite() -> None:
    hidden = torch.tensor([[-1e9, 1e9]], requires_grad=True)
    code = Poisson(2)(hidden, torch.Generator().manual_seed(1))
    assert code.log_rate.tolist() == [[-MOST, MOST]]
    assert bool(code.z.isfinite().all())


def test_no_rows_have_no_counts() -> None:
    assert Poisson(2)(torch.zeros(0, 2), torch.Generator()).z.shape == (0, 2)


def test_its_prior_are_counts_at_the_prior_rates() -> None:
    latent = Poisson(2)
    latent.log_prior.data.copy_(torch.tensor([0.2, 4.0]).log())
    z = latent.prior(50_000, torch.Generator().manual_seed(1), torch.float64)
    assert z.mean(0).tolist() == pytest.approx([0.2, 4.0], rel=0.02)
    assert z.var(0).tolist() == pytest.approx([0.2, 4.0], rel=0.03)
    assert not z.requires_grad


def test_its_score_is_reconstruction_from_the_mean_and_rate() -> None:
    schema = Schema((Field(name="x", kind="continuous", shape=(5,)),))
    x = torch.randn(30, 5, dtype=torch.float64)
    table = Table(schema, {"x": x.numpy()})
    model = kinds.poisson(schema, latent=3, hidden=(8,)).double()
    model.latent.log_prior.data.normal_()
    model.fit_normaliser([table])
    features = model.features(to_batch(table))

    parts = score(model, features)

    r, r0 = model.encode(features).mean, model.latent.log_prior.exp()
    kl = (r * (r / r0).log() - r + r0).sum(1)
    torch.testing.assert_close(parts.code, kl.detach(), rtol=1e-12, atol=0)
    nll = model.heads.nll(model.decoder(r), features).flat
    torch.testing.assert_close(parts.flat, nll.detach())
    assert torch.equal(parts.total, parts.flat.sum(1) + parts.code)
    assert torch.equal(score(model, features).total, parts.total)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_the_temperature_is_positive(temperature: float) -> None:
    with pytest.raises(SpecError, match=r"Poisson: temperature .*; expected > 0"):
        Poisson(2, temperature=temperature)
