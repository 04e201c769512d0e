from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sciae.deconvolution.kernel import Known, spilt
from sciae.deconvolution.location_scale import LocationScale, location_scale
from sciae.errors import DataError

S_EDGES, Z_EDGES = np.linspace(-2, 2, 21), np.linspace(-4, 4, 41)


def fitted(s: np.ndarray, z: np.ndarray, seed: int = 1, **more: Any) -> LocationScale:
    given = {"s_edges": S_EDGES, "z_edges": Z_EDGES, "s_period": None, "z_period": None, **more}
    return location_scale(s, z, np.ones(len(s)), rng=np.random.default_rng(seed), **given)


def bent(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A warp, a width that grows, and noise that leans to one side."""
    rng = np.random.default_rng(seed)
    s = rng.uniform(-2, 2, count)
    return s, s + 0.3 * np.sin(2 * s) + 0.2 * np.exp(0.4 * s) * (rng.gamma(4, size=count) - 4) / 2


def test_location_width_and_law_are_found() -> None:
    law = fitted(*bent(20_000, 1))
    places = np.linspace(-2, 2, 100, endpoint=False) + 0.02
    inner = np.abs(places) < 1.8
    assert np.abs(law.location - places - 0.3 * np.sin(2 * places))[inner].max() < 0.02
    assert np.abs(law.log_scale - np.log(0.2) - 0.4 * places)[inner].max() < 0.06
    s = np.full(200_000, 0.9) + np.random.default_rng(2).uniform(-0.1, 0.1, 200_000)
    z = bent(200_000, 3)[1] * 0 + s + 0.3 * np.sin(2 * s) + 0.2 * np.exp(0.4 * s) * (
        np.random.default_rng(4).gamma(4, size=200_000) - 4
    ) / 2  # fmt: skip
    wanted = np.histogram(z, Z_EDGES)[0] / 200_000
    bin_of_s = int(np.searchsorted(S_EDGES, 0.9)) - 1
    assert np.abs(law.at(np.zeros(law.ways))[:, bin_of_s] - wanted).max() < 0.02


def test_without_evidence_of_a_bend_there_is_none() -> None:
    rng = np.random.default_rng(5)
    s = rng.uniform(-2, 2, 1000)
    law = fitted(s, 0.5 + 1.5 * s + rng.normal(0, 0.3, 1000))
    assert np.ptp(law.log_scale) < 0.02
    assert np.exp(law.log_scale.mean()) == pytest.approx(0.3, rel=0.1)
    error = 0.3 / np.sqrt(1000)  # of the mean of z in the middle
    middle = np.sqrt(np.square(law.bends[:, 0, 50]).sum())
    assert 0.7 * error < middle < 1.5 * error
    width = np.sqrt(np.square(law.bends[:, 1, 50]).sum())
    assert 0.7 < width / np.sqrt(0.5 / 1000) < 1.5  # of ln sigma, of normal residuals


@pytest.mark.parametrize("period", [None, 2 * np.pi])
def test_slopes_are_the_derivatives(period: float | None) -> None:
    more: dict[str, Any] = {}
    s, z = bent(500, 6)
    if period:
        edges = np.linspace(-np.pi, np.pi, 25)
        more = {"s_edges": edges, "z_edges": edges, "s_period": period, "z_period": period}
        s = np.random.default_rng(1).uniform(-np.pi, np.pi, 500)
        z = (s + np.random.default_rng(2).normal(0, 0.4, 500) + np.pi) % period - np.pi
    law = fitted(s, z, **more)
    x = np.random.default_rng(3).normal(size=law.ways)
    assert law.ways >= 2
    for k, slope in enumerate(law.slopes(x)):
        step = 1e-5 * (np.arange(law.ways) == k)
        difference = (law.at(x + step) - law.at(x - step)) / 2e-5
        assert np.abs(difference - slope).max() < 1e-7 + 1e-4 * np.abs(slope).max()
    if period:
        assert np.allclose(law.at(x).sum(0), 1, atol=1e-6)
        turned = np.roll(np.roll(law.at(np.zeros(law.ways)), 7, 0), 7, 1)
        assert np.abs(turned - law.at(np.zeros(law.ways))).max() < 0.1  # no seam


def test_pairs_that_do_not_reach_are_named_and_few_are_refused() -> None:
    s, z = bent(200, 7)
    assert fitted(s, z).notes == ()
    (note,) = fitted(s / 2, z).notes
    assert "of 20 bins of s have no pair" in note
    with pytest.raises(DataError, match="20 pairs"):
        fitted(s[:20], z[:20])


def test_a_known_kernel_is_checked() -> None:
    eye = np.eye(3)
    assert np.allclose(Known(eye).at([]), spilt(eye))
    assert Known(eye).slopes([]).shape == (0, 3, 3)
    with pytest.raises(DataError, match="Columns are s"):
        Known(np.array([[1.0, 0.5], [1.0, 0.0]]))
    with pytest.raises(DataError, match="no probabilities"):
        Known(-eye)
