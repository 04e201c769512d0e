from __future__ import annotations

import numpy as np
import pytest

from sciae.deconvolution.walk import roughness
from sciae.errors import SpecError


@pytest.mark.parametrize("order", [1, 2, 3])
def test_polynomials_below_the_order_are_free(order: int) -> None:
    walk = roughness([20], order=order)
    x = np.linspace(-1, 1, 20)
    for power in range(order):
        assert np.abs(walk @ x**power).max() < 1e-8 * np.abs(walk).max()
    assert x**order @ walk @ x**order > 1e-3
    assert np.linalg.matrix_rank(walk, tol=1e-9 * np.abs(walk).max()) == 20 - order


@pytest.mark.parametrize("count", [20, 60])
def test_the_typical_prior_variance_is_one_on_every_grid(count: int) -> None:
    values, vectors = np.linalg.eigh(roughness([count], order=3))
    variance = np.square(vectors[:, 3:]) @ (1 / values[3:])
    assert np.exp(np.log(variance).mean()) == pytest.approx(1.0, rel=1e-6)


def test_a_periodic_walk_turns_with_the_angle() -> None:
    walk = roughness([24], order=3, periodic=[True])
    wave = np.cos(np.arange(24) * 2 * np.pi / 24)
    turned = np.roll(wave, 7)
    assert wave @ walk @ wave == pytest.approx(turned @ walk @ turned, rel=1e-9)
    assert np.abs(walk @ np.ones(24)).max() < 1e-8 * np.abs(walk).max()
    ramp = np.arange(24.0)
    assert ramp @ walk @ ramp > 1e3 * (wave @ walk @ wave)  # it does not close


def test_in_two_dimensions_either_axis_counts() -> None:
    walk = roughness([7, 9], order=2, periodic=[False, True])
    x, y = np.meshgrid(np.arange(7.0), np.cos(np.arange(9) * 2 * np.pi / 9), indexing="ij")
    assert np.abs(walk @ x.ravel()).max() < 1e-8 * np.abs(walk).max()
    assert np.abs(walk @ y.ravel()).max() > 1e-3 * np.abs(walk).max()


def test_too_few_bins_are_refused() -> None:
    with pytest.raises(SpecError, match="more bins than the order"):
        roughness([3], order=3)
