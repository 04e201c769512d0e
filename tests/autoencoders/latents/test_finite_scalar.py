from __future__ import annotations

import pytest
import torch

from sciae.autoencoders.latents import FiniteScalar
from sciae.errors import SpecError


@pytest.mark.parametrize("levels", [[2], [3], [8, 5, 5, 4], [2, 9, 17]])
def test_its_values_are_evenly_spaced_from_minus_one_to_one(levels: list[int]) -> None:
    hidden = torch.linspace(-9, 9, 5000, dtype=torch.float64)[:, None].expand(-1, len(levels))
    code = FiniteScalar(levels)(hidden, None)
    for number, count in enumerate(levels):
        values = torch.linspace(-1, 1, count, dtype=torch.float64)
        torch.testing.assert_close(code.z[:, number].unique(), values)
        assert code.symbols[:, number].unique().tolist() == list(range(count))
        torch.testing.assert_close(values[code.symbols[:, number]], code.z[:, number])
    assert torch.equal(code.z, code.mean)


def test_each_is_the_nearest_to_the_squashed_number() -> None:
    hidden = torch.randn(1000, 3)
    off = FiniteScalar([3, 4, 9])(hidden, None).z - hidden.tanh()
    assert bool((off.abs() <= 1 / (torch.tensor([3, 4, 9]) - 1) + 1e-6).all())


def test_rounding_passes_the_gradient() -> None:
    hidden = torch.randn(20, 2, dtype=torch.float64, requires_grad=True)
    slopes = torch.randn(20, 2, dtype=torch.float64)
    (got,) = torch.autograd.grad((FiniteScalar([4, 5])(hidden, None).z * slopes).sum(), hidden)
    by_hand = slopes * (1 - hidden.detach().tanh() ** 2)
    torch.testing.assert_close(got, by_hand, rtol=1e-12, atol=1e-14)


def test_a_code_of_the_prior_is_a_code_of_the_latent_and_each_is_as_likely() -> None:
    latent = FiniteScalar([2, 5])
    z = latent.prior(40_000, torch.Generator().manual_seed(1), torch.float32)
    torch.testing.assert_close(latent((0.999 * z).atanh(), None).z, z)
    for number, count in enumerate(latent.levels):
        shares = torch.bincount(((z[:, number] + 1) / 2 * (count - 1)).round().long()) / len(z)
        assert shares.tolist() == pytest.approx([1 / count] * count, abs=0.01)


def test_most_codes_are_used_by_spread_rows() -> None:
    symbols = FiniteScalar([5, 5, 5])(torch.randn(5000, 3), None).symbols
    assert len(symbols.unique(dim=0)) == 125


@pytest.mark.parametrize("levels", [[], [1], [3, 0]])
def test_what_makes_no_sense_is_refused(levels: list[int]) -> None:
    with pytest.raises(SpecError, match=r"FiniteScalar: levels .*; expected each >= 2"):
        FiniteScalar(levels)
