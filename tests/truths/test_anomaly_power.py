"""What a reconstruction error can tell of normal anomalies, in closed form.

Off the subspace that the code describes, background has the width sigma and an anomaly tau. In a
residual of two numbers its square is exponential, and AUC = tau^2 / (sigma^2 + tau^2) and
TPR = FPR^(sigma^2 / tau^2); of d numbers, AUC is a value of the F distribution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from scipy.stats import f as fisher
from sklearn.metrics import roc_auc_score, roc_curve
from torch import Tensor

from sciae.autoencoders import kinds
from sciae.autoencoders.features import Features
from sciae.autoencoders.score import score
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder

SIGMA, ROWS = 0.5, 2**14
CASES = [(1, 2), (3, 2), (8, 2), (1, 1), (3, 5), (10, 20)]  # latents, residual numbers
TAUS = [0.5, 1.0, 2.0]


def projector(latents: int, residual: int) -> Autoencoder:
    """Background's own best autoencoder: the first columns are the code, the rest noise."""
    columns = latents + residual
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    model = kinds.linear(schema, latent=latents, sigma=SIGMA).double()
    keep = torch.eye(columns, dtype=torch.float64)[:latents]
    with torch.no_grad():
        for net in (model.encoder, model.decoder):
            for x in net.parameters():
                x.copy_(keep.reshape(x.shape) if x.dim() == 2 else torch.zeros_like(x))
    return model


def scores(latents: int, residual: int, width: float, *, seed: int) -> Tensor:
    """Of rows with loud coordinates along the subspace, and this width off it."""
    sobol = torch.quasirandom.SobolEngine(latents + residual, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    x = torch.special.ndtri(sobol.draw(ROWS, dtype=torch.float64).clamp(1e-12, 1 - 1e-12))
    x = x * torch.tensor([5.0] * latents + [width] * residual)
    return score(projector(latents, residual), Features(x, x)).total


def labelled(latents: int, residual: int, tau: float) -> tuple[Tensor, Tensor]:
    both = [scores(latents, residual, w, seed=s) for s, w in enumerate((SIGMA, tau))]
    return torch.arange(2).repeat_interleave(ROWS), torch.cat(both)


@pytest.mark.parametrize(("latents", "residual"), CASES)
def test_the_score_is_the_residual_and_nothing_else(latents: int, residual: int) -> None:
    x = torch.randn(50, latents + residual, generator=torch.Generator().manual_seed(1)).double()
    got = score(projector(latents, residual), Features(x, x)).total
    square = x[:, latents:].square().sum(1) / SIGMA**2
    constant = (latents + residual) * math.log(SIGMA * math.sqrt(2 * math.pi))
    torch.testing.assert_close(got, 0.5 * square + constant, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("latents", "residual"), CASES)
@pytest.mark.parametrize("tau", TAUS)
def test_area_under_the_curve(latents: int, residual: int, tau: float) -> None:
    got = roc_auc_score(*labelled(latents, residual, tau))
    assert got == pytest.approx(fisher.cdf(tau**2 / SIGMA**2, residual, residual), abs=0.005)
    if residual == 2:
        assert got == pytest.approx(tau**2 / (SIGMA**2 + tau**2), abs=0.005)


@pytest.mark.parametrize("latents", [1, 3, 8])
@pytest.mark.parametrize("tau", TAUS)
def test_power_at_each_false_alarm_rate(latents: int, tau: float) -> None:
    false, true, _ = roc_curve(*labelled(latents, 2, tau), drop_intermediate=False)
    for rate in (0.001, 0.01, 0.1, 0.5):
        power = true[false.searchsorted(rate)]
        assert power == pytest.approx(rate ** (SIGMA**2 / tau**2), abs=0.015)
