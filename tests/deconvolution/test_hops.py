from __future__ import annotations

import numpy as np
import pytest

from sciae.deconvolution import Known, deconvolve
from sciae.deconvolution.counts import Counts
from sciae.deconvolution.hops import Hopping, sides_of, spread_of_hops
from sciae.errors import DataError, SpecError

EDGES = np.linspace(-2, 2, 21)
BASINS = ((-1.5, -0.5), (0.5, 1.5))


def hopping(visits: int, length: float, seed: int) -> np.ndarray:
    """Memoryless visits to wells at -1 and 1."""
    rng = np.random.default_rng(seed)
    stays = rng.geometric(1 / length, visits)
    centre = np.repeat(np.where(np.arange(visits) % 2, 1.0, -1.0), stays)
    return centre + rng.normal(0, 0.2, len(centre))


def test_slopes_are_the_derivatives() -> None:
    rng = np.random.default_rng(1)
    kernel = Hopping(Known(rng.dirichlet(np.ones(5), 4).T), np.linspace(-0.5, 0.5, 5), 0.7)
    x = np.array([0.4])
    difference = (kernel.at(x + 1e-6) - kernel.at(x - 1e-6)) / 2e-6
    assert np.allclose(kernel.slopes(x)[0], difference, atol=1e-9)
    ratio = kernel.at([1.0]) / kernel.at([0.0])
    assert np.allclose(np.log(ratio[-1] / ratio[0]), 0.7)


@pytest.mark.parametrize("visits", [20, 200])
def test_few_visits_leave_the_ratio_uncertain(visits: int) -> None:
    """Of n exponential stays in either well ln(P_b / P_a) has the variance 4 / n."""
    z = hopping(visits, 300.0, 2)
    counts = Counts(np.histogram(z, EDGES)[0].astype(float), np.zeros(20))
    sides = sides_of(EDGES, BASINS, period=None)
    tau = spread_of_hops(z, np.zeros(len(z)), BASINS, counts, sides, period=None)
    assert 0.8 < tau / np.sqrt(4 / visits) < 2.0


def test_the_interval_of_a_difference_covers_where_bins_alone_do_not() -> None:
    covered, widths = 0, []
    for seed in range(20):
        z = hopping(24, 200.0, 100 + seed)
        found = deconvolve(
            z, edges=EDGES, z_edges=EDGES, pairs=Known(np.eye(20)), basins=BASINS, rng=seed,
            draws=500,
        )  # fmt: skip
        one = found.delta((-2, 0), (0, 2))
        covered += one.covers(0.0)
        widths.append(one.high - one.low)
    assert covered >= 15  # of 20, for 90 %
    assert np.median(widths) < 1.6 * 3.29 * np.sqrt(4 / 24)


def test_an_angle_has_sides_too() -> None:
    edges = np.linspace(-np.pi, np.pi, 13)
    sides = sides_of(edges, ((2.5, -2.5), (-0.6, 0.6)), period=2 * np.pi)
    assert sides[0] == sides[-1] == -0.5
    assert sides[5] == sides[6] == 0.5
    assert np.allclose(sides, sides[::-1])


def test_frames_that_never_come_back_are_refused() -> None:
    z = np.concatenate([np.full(500, -1.0), np.full(500, 1.0)])
    own = {"edges": EDGES, "z_edges": EDGES, "pairs": Known(np.eye(20)), "rng": 1}
    with pytest.raises(DataError, match="and back"):
        deconvolve(z, basins=BASINS, **own)
    with pytest.raises(SpecError, match="basins and windows"):
        deconvolve([z, z], windows=[np.zeros_like] * 2, basins=BASINS, **own)
    with pytest.raises(DataError, match="without a bin"):
        deconvolve(z, basins=((-1.5, -0.5), (0.501, 0.502)), **own)
