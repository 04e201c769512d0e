"""What the best linear autoencoder makes of corrupted rows.

With P = cov(x, seen) and Q = cov(seen) the least squared error of k latents is tr S less the k
largest eigenvalues of P Q^-1 P' (reduced-rank regression); P and Q of each corruption are known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from sciae.autoencoders.corruptions import Corruption, GaussianNoise, Masking, SaltAndPepper
from sciae.autoencoders.features import Features
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Point
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

CASES = [(2, 1), (6, 2), (10, 10)]  # columns, latents
CORRUPTIONS = [GaussianNoise(0.5), Masking(0.3), SaltAndPepper(0.2, extreme=2.0)]


def source(columns: int) -> Tensor:
    """A covariance with decaying eigenvalues."""
    rng = torch.Generator().manual_seed(columns)
    axes = torch.linalg.qr(torch.randn(columns, columns, generator=rng, dtype=torch.float64))[0]
    return axes * torch.linspace(2.0, 0.2, columns).double() @ axes.T


def rows_of(spread: Tensor, rows: int) -> Tensor:
    """Rows whose sample mean is 0 and sample covariance `spread`."""
    rng = torch.Generator().manual_seed(3)
    draws = torch.randn(rows, 1 + len(spread), generator=rng, dtype=torch.float64)
    draws[:, 0] = 1
    white = torch.linalg.qr(draws)[0][:, 1:] * math.sqrt(rows)
    return white @ torch.linalg.cholesky(spread).T


def moments(x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """P and Q."""
    seen, x = seen - seen.mean(0), x - x.mean(0)
    return x.T @ seen / len(x), seen.T @ seen / len(x)


def least_error(spread: Tensor, p: Tensor, q: Tensor, dim: int) -> float:
    explained = torch.linalg.eigvalsh(p @ torch.linalg.solve(q, p.T))
    return (spread.trace() - explained[-dim:].sum()).item()


def minimised(columns: int, dim: int, corruption: Corruption, x: Tensor) -> Autoencoder:
    """A linear autoencoder at its optimum for one fixed draw of the corruption."""
    schema = Schema((Field(name="x", kind="continuous", shape=(columns,)),))
    model = composed(schema, Point(dim), corruption=corruption, hidden=(), sigma=1.0).double()
    optimiser = torch.optim.LBFGS(
        model.parameters(),
        max_iter=1500,
        history_size=50,
        tolerance_grad=1e-10,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = model.loss(Features(x, x), torch.Generator().manual_seed(0)).total.mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return model


@pytest.mark.parametrize(("columns", "dim"), CASES)
@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: type(one).__name__)
def test_the_optimum_is_reduced_rank_regression(
    columns: int, dim: int, corruption: Corruption
) -> None:
    """The target is the clean row: on corrupted targets the error would be another."""
    spread = source(columns)
    x = rows_of(spread, 300)
    model = minimised(columns, dim, corruption, x)
    with torch.no_grad():
        loss = model.loss(Features(x, x), torch.Generator().manual_seed(0)).total.mean().item()
    seen = corruption(Features(x, x), torch.Generator().manual_seed(0)).inputs
    error = 2 * (loss - 0.5 * columns * math.log(2 * math.pi))
    assert error == pytest.approx(least_error(spread, *moments(x, seen), dim), rel=1e-8)


def shrunk(spread: Tensor, kept: float) -> tuple[Tensor, Tensor]:
    """P and Q if each column is replaced by 0 unless kept."""
    own = torch.diag(spread.diagonal())
    return kept * spread, kept**2 * spread + kept * (1 - kept) * own


def noisy(spread: Tensor) -> tuple[Tensor, Tensor]:
    return spread, spread + 0.25 * torch.eye(len(spread)).double()


def masked(spread: Tensor) -> tuple[Tensor, Tensor]:
    return shrunk(spread, 0.7)


def peppered(spread: Tensor) -> tuple[Tensor, Tensor]:
    """The ends add their own variance, 2 squared, in a fifth of the rows."""
    p, q = shrunk(spread, 0.8)
    return p, q + 0.2 * 4 * torch.eye(len(spread)).double()


@pytest.mark.parametrize("columns", [2, 6, 30])
@pytest.mark.parametrize(
    ("corruption", "of"), list(zip(CORRUPTIONS, [noisy, masked, peppered], strict=True))
)
def test_each_corruption_has_its_moments(
    columns: int, corruption: Corruption, of: Callable[[Tensor], tuple[Tensor, Tensor]]
) -> None:
    spread, rows = source(columns), 100_000
    x = rows_of(spread, rows)
    seen = corruption(Features(x, x), torch.Generator().manual_seed(0)).inputs
    for got, want in zip(moments(x, seen), of(spread), strict=True):
        torch.testing.assert_close(got, want, rtol=0, atol=6 * 2 / math.sqrt(rows))


@pytest.mark.parametrize(("columns", "dim"), [(2, 1), (6, 2), (30, 5)])
def test_noise_costs_what_wiener_says(columns: int, dim: int) -> None:
    """sum lambda - sum over the k largest of lambda^2 / (lambda + s^2)."""
    spread = source(columns)
    values = torch.linalg.eigvalsh(spread).flip(0)
    want = (values.sum() - (values**2 / (values + 0.25))[:dim].sum()).item()
    assert least_error(spread, *noisy(spread), dim) == pytest.approx(want, rel=1e-12)


class Whitened(Corruption):
    """Normal noise whose sample moments with the rows are exact."""

    def __init__(self, noise: Tensor) -> None:
        super().__init__()
        self.noise = noise

    def forward(self, features: Features, rng: torch.Generator) -> Features:
        return features.with_inputs(features.inputs + self.noise)


@pytest.mark.parametrize("columns", [2, 6, 10])
def test_a_denoiser_points_along_the_score(columns: int) -> None:
    """Tweedie: what it adds to a noisy row is s^2 times the gradient of ln p(noisy row)."""
    s = 0.5
    spread = source(columns)
    zero = torch.zeros_like(spread)
    noise_spread = s**2 * torch.eye(columns).double()
    both = torch.cat([torch.cat([spread, zero], 1), torch.cat([zero, noise_spread], 1)])
    x, noise = rows_of(both, 300).split(columns, 1)
    model = minimised(columns, columns, Whitened(noise), x)
    with torch.no_grad():
        added = model.decoder(model.encode(Features(x + noise, x)).mean).flat - (x + noise)
    score = -torch.linalg.solve(spread + noise_spread, (x + noise).T).T
    torch.testing.assert_close(added, s**2 * score, rtol=0, atol=1e-5)
