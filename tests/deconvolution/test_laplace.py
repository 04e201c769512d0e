from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from sciae.deconvolution.counts import Counts
from sciae.deconvolution.kernel import Known
from sciae.deconvolution.laplace import laplace, marginal
from sciae.deconvolution.walk import roughness


@pytest.mark.parametrize("bins", [4, 9])
def test_with_many_counts_it_is_the_multinomial(bins: int) -> None:
    number = np.random.default_rng(1).integers(2000, 9000, bins).astype(float)
    width = np.linspace(0.5, 1.5, bins)
    found = laplace(
        Counts(number, np.zeros(bins)), Known(np.eye(bins)), np.log(width),
        roughness([bins], order=1), amplitude=1e3,
    )  # fmt: skip
    wanted = -np.log(number / width)
    assert np.allclose(found.mode - found.mode[0], wanted - wanted[0], atol=5e-3)
    draws = found.draws(40_000, np.random.default_rng(2))
    spread = (draws[:, 1:] - draws[:, :1]).var(0)
    assert np.allclose(spread, 1 / number[1:] + 1 / number[0], rtol=0.05)


def test_the_evidence_is_that_of_a_sum_over_all_free_energies() -> None:
    """Two bins: one number decides, F_1 - F_0."""
    number, amplitude = np.array([30.0, 12.0]), 1.3
    walk = roughness([2], order=1)
    counts = Counts(number, np.zeros(2))
    exact = []
    for a in (amplitude, 3 * amplitude):
        prior = walk / a**2 + np.eye(2) / 30**2
        d = np.linspace(-12, 12, 4001)
        F = np.stack([-d / 2, d / 2], 1)  # noqa: N806 - its name in physics
        log = -np.einsum("ni,ij,nj->n", F, prior, F) / 2 + [
            counts.likelihood(np.eye(2), -one).value for one in F
        ]
        # the mean of F is a Gaussian of its own that all amplitudes share
        exact.append(logsumexp(log) + np.linalg.slogdet(prior)[1] / 2)
    got = [
        laplace(counts, Known(np.eye(2)), np.zeros(2), walk, amplitude=a).log_evidence
        for a in (amplitude, 3 * amplitude)
    ]
    assert got[1] - got[0] == pytest.approx(exact[1] - exact[0], abs=0.02)


def test_without_information_the_walk_decides() -> None:
    """Bins that nothing tells of lie on the parabola through the others."""
    x = np.arange(12.0)
    truth = 0.05 * (x - 5) ** 2
    seen = (x < 5) | (x > 6)
    number = np.where(seen, 1e6 * np.exp(-truth), 0)
    response = np.eye(12)[seen]
    found = laplace(
        Counts(number[seen], np.zeros(seen.sum())), Known(response), np.zeros(12),
        roughness([12], order=3), amplitude=3.0,
    )  # fmt: skip
    shifted = found.mode - found.mode[seen].mean() + truth[seen].mean()
    assert np.abs(shifted - truth).max() < 0.1


@pytest.mark.parametrize("windows", [1, 3])
def test_windows_without_blur_are_wham(windows: int) -> None:
    x = np.linspace(-1.5, 1.5, 31)
    truth = 3 * (x**2 - 1) ** 2
    bias = np.stack([4 * (x - c) ** 2 for c in np.linspace(-1, 1, windows)])
    share = np.exp(-truth - bias)
    number = 3e4 * share / share.sum(1, keepdims=True)
    found = marginal(
        Counts(number, -bias), Known(np.eye(31)), np.zeros(31), roughness([31], order=3)
    )
    seen = number.sum(0) > 400
    F = found.best.mode - found.best.mode[seen].mean() + truth[seen].mean()  # noqa: N806
    assert seen.sum() > 8 * windows
    assert np.abs(F - truth)[seen].max() < 0.05


def test_a_kernel_that_is_uncertain_is_told_by_the_data() -> None:
    """Narrow wells say that the blur cannot be as wide as the pairs say."""
    from sciae.deconvolution.location_scale import location_scale

    rng = np.random.default_rng(4)
    edges, z_edges = np.linspace(-2, 2, 41), np.linspace(-3, 3, 61)
    s = rng.choice([-1.0, 1.0], 40_000) + rng.normal(0, 0.05, 40_000)
    z = s + rng.normal(0, 0.3, 40_000)
    flat = rng.uniform(-2, 2, 300)
    law = location_scale(
        flat, flat + rng.normal(0, 0.33, 300), np.ones(300), s_edges=edges, z_edges=z_edges,
        s_period=None, z_period=None, rng=rng,
    )  # fmt: skip
    counts = Counts(np.histogram(z, z_edges)[0].astype(float), np.zeros(60))
    found = laplace(counts, law, np.zeros(40), roughness([40], order=3), amplitude=20.0)
    x = found.mode[40:]
    told = np.exp(law.log_scale + x @ law.bends[:, 1])
    wells = np.abs(np.abs(np.linspace(-2, 2, 200)) - 1) < 0.1
    assert np.exp(law.log_scale[wells]).mean() > 0.31
    assert told[wells].mean() < 0.31
