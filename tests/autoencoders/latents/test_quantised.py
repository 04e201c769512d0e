from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from sciae.autoencoders.latents import VectorQuantised
from sciae.errors import SpecError


def noise(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def with_codebook(codebook: torch.Tensor, **settings: Any) -> VectorQuantised:
    """A latent that has started, with this codebook, shape (group, code, part)."""
    groups, codes, part = codebook.shape
    latent = VectorQuantised(groups * part, codes, groups=groups, **settings).to(codebook)
    latent.codebook.copy_(codebook)
    latent.started.fill_(True)
    return latent


@pytest.mark.parametrize(("dim", "groups"), [(1, 1), (6, 1), (6, 2), (6, 6)])
def test_each_part_becomes_its_nearest_code(dim: int, groups: int) -> None:
    codebook = torch.randn(groups, 9, dim // groups, dtype=torch.float64)
    hidden = torch.randn(50, dim, dtype=torch.float64)
    code = with_codebook(codebook)(hidden, None)
    assert code.symbols.shape == (50, groups)
    parts = hidden.reshape(50, groups, -1)
    for row in range(50):
        nearest = [((parts[row, g] - codebook[g]) ** 2).sum(-1).argmin() for g in range(groups)]
        assert code.symbols[row].tolist() == [int(at) for at in nearest]
        wanted = torch.cat([codebook[g, at] for g, at in enumerate(nearest)])
        assert torch.equal(code.z[row], wanted)
        assert torch.equal(code.mean[row], wanted)


@pytest.mark.parametrize("groups", [1, 2])
def test_gradients_are_straight_through_and_commitment(groups: int) -> None:
    dim, beta = 4, 0.3
    codebook = torch.randn(groups, 7, dim // groups, dtype=torch.float64)
    hidden = torch.randn(20, dim, dtype=torch.float64, requires_grad=True)
    code = with_codebook(codebook, commitment=beta)(hidden, None)
    decoder = torch.randn(dim, 3, dtype=torch.float64)
    y = torch.randn(20, 3, dtype=torch.float64)
    miss = 0.5 * (code.z @ decoder - y).square().sum(1)

    (slope,) = torch.autograd.grad((miss + code.terms["commitment"]).sum(), hidden)

    nearest = code.z.detach()
    by_hand = (nearest @ decoder - y) @ decoder.t() + 2 * beta * (hidden.detach() - nearest)
    torch.testing.assert_close(slope, by_hand, rtol=1e-12, atol=1e-12)
    cost = beta * (hidden.detach() - nearest).square().sum(1)
    torch.testing.assert_close(code.terms["commitment"].detach(), cost, rtol=1e-12, atol=0)


def test_codes_far_from_zero_are_told_apart_in_single_precision() -> None:
    """By |h|^2 - 2 h.e + |e|^2 each distance would be rounded to a multiple of 8."""
    grid = 1e4 + torch.arange(64.0)
    latent = with_codebook(grid.reshape(1, 64, 1))
    assert torch.equal(latent(grid[:, None] + 0.3, None).z, grid[:, None])


def test_the_first_batch_in_training_starts_the_codebook_at_its_rows() -> None:
    latent, hidden = VectorQuantised(2, 5), 100 + torch.randn(40, 2)
    latent.decay = 1.0  # what follows, stays
    latent(hidden, noise())
    assert bool(latent.started)
    assert all(bool((row == hidden).all(1).any()) for row in latent.codebook[0])
    assert len(latent.codebook[0].unique(dim=0)) == 5


def test_it_starts_with_fewer_rows_than_codes() -> None:
    latent = VectorQuantised(2, 50)
    latent(torch.randn(3, 2), noise())
    assert bool(latent.codebook.isfinite().all())


def test_starts_lie_far_apart() -> None:
    """Ten narrow clusters and ten codes: k-means++ seldom leaves one out, chance always does."""
    centres = torch.arange(10.0)[:, None] * 100
    rows = (centres + 0.1 * torch.randn(10, 100)).reshape(-1, 1)
    found = []
    for seed in range(20):
        latent = VectorQuantised(1, 10)
        latent(rows, noise(seed))
        found.append(len((latent.codebook / 100).round().unique()))
    assert sum(found) / 20 > 9.8  # at random 6.5


@pytest.mark.parametrize("groups", [1, 2])
def test_the_codebook_follows_the_running_mean_of_its_rows(groups: int) -> None:
    decay = 0.8
    codebook = torch.randn(groups, 3, 2, dtype=torch.float64)
    latent = with_codebook(codebook.clone(), decay=decay, revive=0.0)
    count, total = torch.ones(groups, 3).double(), codebook.clone()
    for step in range(6):
        hidden = torch.randn(30, 2 * groups, dtype=torch.float64)
        symbols = latent(hidden, noise(step)).symbols
        parts = hidden.reshape(30, groups, 2)
        for g in range(groups):
            for k in range(3):
                mine = parts[symbols[:, g] == k, g]
                count[g, k] = decay * count[g, k] + (1 - decay) * len(mine)
                total[g, k] = decay * total[g, k] + (1 - decay) * mine.sum(0)
        torch.testing.assert_close(latent.count, count, rtol=1e-12, atol=0)
        torch.testing.assert_close(latent.codebook, total / count[..., None], rtol=1e-11, atol=0)


def test_a_code_without_rows_stays_where_it_is() -> None:
    latent = with_codebook(torch.tensor([[[0.0], [99.0]]]), decay=0.0, revive=0.0)
    latent(torch.randn(10, 1), noise())
    latent(torch.randn(10, 1), noise())
    assert latent.codebook[0, 1].item() == 99
    assert latent.count[0, 1].item() == 0


def test_an_idle_code_moves_to_a_row() -> None:
    latent = with_codebook(torch.tensor([[[0.0], [99.0]]]), decay=0.5, revive=0.2)
    rows = torch.randn(8, 1)
    idle = [(latent(rows, noise(step)), latent.codebook[0, 1].item())[1] for step in range(2)]
    assert idle[0] == 99  # counts 4.5 and 0.5: not below a fifth of their mean of 2.5
    assert idle[1] in rows  # counts 6.25 and 0.25: below 0.65
    assert latent.count[0].tolist() == [6.25, 3.25]


def test_nothing_moves_out_of_training() -> None:
    latent = VectorQuantised(2, 5)
    before = {name: x.clone() for name, x in latent.state_dict().items()}
    hidden = torch.randn(10, 2)
    one = latent(hidden, None)
    other = latent.eval()(hidden, noise())
    assert torch.equal(one.z, other.z)
    assert all(torch.equal(x, before[name]) for name, x in latent.state_dict().items())


def test_a_seed_decides_the_codebook() -> None:
    hidden = torch.randn(100, 2)

    def codebook(seed: int) -> torch.Tensor:
        latent = VectorQuantised(2, 20, revive=0.9)
        for _ in range(3):
            latent(hidden, noise(seed))
        return latent.codebook

    assert torch.equal(codebook(1), codebook(1))
    assert not torch.equal(codebook(1), codebook(2))


def test_its_prior_is_how_often_codes_were_used() -> None:
    latent = with_codebook(torch.tensor([[[0.0], [1.0], [2.0]], [[5.0], [6.0], [7.0]]]))
    latent.count.copy_(torch.tensor([[1.0, 2.0, 7.0], [0.0, 5.0, 5.0]]))
    z = latent.prior(20_000, noise(), torch.float64)
    assert z.dtype == torch.float64
    shares = [[(z[:, g] == value).double().mean().item() for value in values]
              for g, values in enumerate([(0, 1, 2), (5, 6, 7)])]  # fmt: skip
    assert shares[0] == pytest.approx([0.1, 0.2, 0.7], abs=0.01)
    assert shares[1] == pytest.approx([0.0, 0.5, 0.5], abs=0.01)


@pytest.mark.parametrize(
    "settings",
    [
        {"dim": 0}, {"codes": 0}, {"groups": 0}, {"groups": 3}, {"commitment": -1.0},
        {"commitment": math.nan}, {"decay": 1.0}, {"revive": 1.0}, {"revive": -0.1},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"VectorQuantised: dim .*; expected sizes >= 1"):
        VectorQuantised(**({"dim": 4, "codes": 8} | settings))
