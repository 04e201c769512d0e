"""Total correlation of normal codes is -1/2 ln det of their correlation matrix."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from sciae.autoencoders.latents import Code
from sciae.autoencoders.penalties import decompose, kl_to_standard_normal

ROWS, WIDTH = 2000, 0.5


def correlated(r: float, dim: int, *, rows: int = ROWS) -> Code:
    """Draws from N(mu, .5), where each pair of means has correlation r."""
    sobol = torch.quasirandom.SobolEngine(2 * dim, scramble=True, seed=1)  # type: ignore[no-untyped-call]
    points = torch.special.ndtri(sobol.draw(rows, dtype=torch.float64).clamp(1e-9, 1 - 1e-9))
    spread = r + (1 - r) * torch.eye(dim, dtype=torch.float64)
    mean = points[:, :dim] @ torch.linalg.cholesky(spread).T
    log_sigma = torch.full_like(mean, math.log(WIDTH))
    return Code(mean + WIDTH * points[:, dim:], mean, log_sigma)


def exact(r: float, dim: int) -> tuple[float, float, float]:
    """Mutual information, total correlation and dimension-wise divergence."""
    spread = r + (1 - r + WIDTH**2) * torch.eye(dim, dtype=torch.float64)
    information = 0.5 * torch.logdet(spread / WIDTH**2).item()
    variance = 1 + WIDTH**2
    shared = -0.5 * torch.logdet(spread / variance).item()
    return information, shared, 0.5 * dim * (variance - 1 - math.log(variance))


@pytest.mark.parametrize(("dim", "r"), [(2, 0.0), (2, 0.5), (2, 0.9), (3, 0.9), (5, 0.6)])
def test_parts_of_the_rate_of_correlated_normal_codes(dim: int, r: float) -> None:
    got = [part.mean().item() for part in decompose(correlated(r, dim))]
    for part, want in zip(got, exact(r, dim), strict=True):
        assert part == pytest.approx(want, abs=0.03)


def test_two_codes_share_the_logarithm_that_everyone_knows() -> None:
    code = correlated(0.9, 2)
    rho = 0.9 / (1 + WIDTH**2)
    got = decompose(code).total_correlation.mean().item()
    assert got == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.03)


@pytest.mark.parametrize("dim", [1, 2, 10, 100])
@pytest.mark.parametrize("rows", [0, 10_000])
def test_the_parts_sum_to_the_log_ratio_of_each_draw(dim: int, rows: int) -> None:
    code = correlated(0.3, dim, rows=64)
    assert code.log_sigma is not None
    q, p = Normal(code.mean, code.log_sigma.exp()), Normal(0.0, 1.0)
    want = (q.log_prob(code.z) - p.log_prob(code.z)).sum(1)
    got = torch.stack(list(decompose(code, rows=rows))).sum(0)
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def test_their_mean_is_the_rate() -> None:
    code = correlated(0.6, 3)
    whole = torch.stack(list(decompose(code))).sum(0).mean().item()
    assert whole == pytest.approx(kl_to_standard_normal(code).sum(1).mean().item(), abs=0.01)


@pytest.mark.parametrize("batch", [2, 3, 5, 6])
@pytest.mark.parametrize("dim", [1, 2, 4])
def test_over_all_batches_the_density_of_a_draw_is_that_of_all_rows(batch: int, dim: int) -> None:
    """Every set of rows that holds the first, as often as any other: no constant is missing."""
    code, rows = correlated(0.5, dim, rows=6), 6
    assert code.log_sigma is not None
    q = Normal(code.mean, code.log_sigma.exp())
    joint = q.log_prob(code.z[:1]).sum(1).exp().mean()

    def estimate(others: tuple[int, ...]) -> Tensor:
        """q(z) of the first row's draw, from its ratio to q(z|x)."""
        some = [0, *others]
        part = Code(*(x[some] for x in (code.z, code.mean, code.log_sigma)))  # type: ignore[index]
        ratio = decompose(part, rows=rows).mutual_information[0]
        return (q.log_prob(code.z)[0].sum() - ratio).exp()

    each = [estimate(some) for some in itertools.combinations(range(1, rows), batch - 1)]
    torch.testing.assert_close(torch.stack(each).mean(), joint, rtol=1e-12, atol=0)


def test_a_weight_of_two_is_the_row_twice() -> None:
    code = correlated(0.5, 3, rows=20)
    twice = torch.cat([torch.arange(20), torch.arange(5)])
    weight = torch.ones(20, dtype=torch.float64)
    weight[:5] = 2
    assert code.log_sigma is not None
    copied = Code(code.z[twice], code.mean[twice], code.log_sigma[twice])
    # all posteriors are in the batch, so every draw meets the same mixture
    for part, want in zip(decompose(code, weight=weight), decompose(copied), strict=True):
        torch.testing.assert_close(part, want[:20], rtol=1e-10, atol=1e-10)


def test_a_row_alone_has_independent_latents() -> None:
    for rows in (0, 100):
        assert decompose(correlated(0.5, 3, rows=1), rows=rows).total_correlation.item() == 0
