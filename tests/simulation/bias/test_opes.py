from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError, SpecError
from sciae.simulation.bias import Grid, Opes
from sciae.simulation.bias.fluctuation import Fluctuation
from sciae.simulation.engines.exact import exact_free_energy
from sciae.simulation.engines.potential import double_well, torsion

LINE = Grid((-2,), (2,), (160,))
CIRCLE = Grid((-np.pi,), (np.pi,), (120,), (True,))


class Reference:
    """The method from its definition, one kernel list and no grid, loops in Python."""

    def __init__(
        self, *, barrier: float, kt: float, sigma: Any, periods: Any, explore: bool = False
    ) -> None:
        gamma = barrier / kt
        self.prefactor = gamma - 1 if explore else 1 - 1 / gamma
        self.epsilon = math.exp(-barrier / self.prefactor / kt)
        self.cutoff2 = 2 * barrier / kt / (1 if explore else self.prefactor)
        self.kt, self.sigma, self.periods, self.explore = kt, np.array(sigma), periods, explore
        self.counter, self.weights = 1, self.epsilon**self.prefactor
        self.squares, self.zed, self.kernels = self.weights**2, 1.0, []

    def difference(self, a: Any, b: Any) -> Any:
        d = np.array(b) - a
        return np.where(
            self.periods > 0, d - self.periods * np.round(d / np.maximum(self.periods, 1)), d
        )

    def kernel(self, k: Any, x: Any) -> Any:
        z = self.difference(k[1], x) / k[2]
        return k[0] * max(0.0, math.exp(-0.5 * z @ z) - math.exp(-0.5 * self.cutoff2))

    @property
    def norm(self) -> Any:
        return self.counter if self.explore else self.weights

    def bias(self, x: Any) -> Any:
        p = sum(self.kernel(k, x) for k in self.kernels) / self.norm
        return self.prefactor * self.kt * math.log(p / self.zed + self.epsilon)

    def nearest(self, x: Any, but: Any = None) -> Any:
        best, least = None, 1.0
        for i, k in enumerate(self.kernels):
            z = self.difference(x, k[1]) / k[2]
            if i != but and z @ z < least:
                best, least = i, z @ z
        return best

    def merged(self, a: Any, b: Any) -> Any:
        h = a[0] + b[0]
        x = b[1] + self.difference(b[1], a[1])
        mean = (a[0] * x + b[0] * b[1]) / h
        square = (a[0] * (a[2] ** 2 + x**2) + b[0] * (b[2] ** 2 + b[1] ** 2)) / h
        turn = np.where(
            self.periods > 0, np.floor((mean + self.periods / 2) / np.maximum(self.periods, 1)), 0
        )
        return (h, mean - turn * self.periods, np.sqrt(square - mean**2))

    def deposit(self, x: Any) -> None:
        weight = math.exp(self.bias(x) / self.kt)
        self.counter += 1
        self.weights += weight
        self.squares += weight**2
        self.neff = (1 + self.weights) ** 2 / (1 + self.squares)
        size, d = self.counter if self.explore else self.neff, len(x)
        rule = (size * (d + 2) / 4) ** (-1 / (d + 4))
        new = ((1 if self.explore else weight) / rule**d, np.array(x), self.sigma * rule)
        taker = self.nearest(x)
        if taker is None:
            self.kernels.append(new)
        else:
            self.kernels[taker] = self.merged(self.kernels[taker], new)
            while (other := self.nearest(self.kernels[taker][1], but=taker)) is not None:
                taker, giver = sorted((taker, other))
                self.kernels[taker] = self.merged(self.kernels[taker], self.kernels[giver])
                del self.kernels[giver]
        total = sum(self.kernel(k, c[1]) for c in self.kernels for k in self.kernels)
        self.zed = total / self.norm / len(self.kernels)


@pytest.mark.parametrize("explore", [False, True])
@pytest.mark.parametrize("periodic", [False, True])
def test_it_is_the_method_as_defined(explore: Any, periodic: Any):
    low, high = ((-np.pi, -2), (np.pi, 2)) if periodic else ((-3.5, -2), (3.5, 2))
    grid = Grid(low, high, (350, 200), (periodic, False))
    settings = {"barrier": 20.0, "kt": 2.5, "sigma": [0.5, 0.4], "explore": explore}
    bias = Opes(grid, sigma_min=[0, 0], **settings)
    reference = Reference(periods=grid.periods, **settings)
    rng = np.random.default_rng(1)
    for k in range(120):
        x = rng.choice([-1, 1]) * np.array([2.8, 0.9]) + rng.normal(0, 0.2 + 0.002 * k, 2)
        x[0] = np.clip(x[0], -3.1, 3.1)
        # the reference's own bias as weight, so that the list must agree to the last digits
        bias.merge(np.r_[x, reference.bias(x), 0.5, 0.4])
        reference.deposit(x)
    expected = np.array([np.r_[h, c, s] for h, c, s in reference.kernels])
    assert bias.kernels == pytest.approx(expected, rel=1e-10, abs=1e-10)
    found = bias.columns()
    assert found["zed"] == pytest.approx(reference.zed, rel=1e-10)
    assert found["neff"] == pytest.approx(reference.neff, rel=1e-12)
    assert found["nker"] == len(reference.kernels) < 120
    rct = 2.5 * math.log(reference.weights / reference.counter)
    assert found["rct"] == pytest.approx(rct, rel=1e-12)
    for x in rng.uniform([-3, -1.5], [3, 1.5], (30, 2)):  # kinks where kernels are cut off
        assert bias.energy(x).energy == pytest.approx(reference.bias(x), abs=0.02 * 2.5)


def test_constants_follow_from_the_barrier():
    bias = Opes(LINE, barrier=20.0, kt=2.0, sigma=[0.1])
    assert bias.target.gamma == 10
    assert bias.target.epsilon == pytest.approx(math.exp(-20 / 2 / 0.9))
    assert bias.target.cutoff == pytest.approx(math.sqrt(2 * 20 / 2 / 0.9))
    assert bias.energy([0.3]).energy == pytest.approx(-20)
    explorer = Opes(LINE, barrier=20.0, kt=2.0, sigma=[0.1], explore=True)
    assert explorer.target.cutoff == pytest.approx(math.sqrt(20))
    assert explorer.energy([0.3]).energy == pytest.approx(-20)


def _scaled(bias: Any, exact: Any, middles: Any) -> Any:
    """The bias in place of the free energy that it should be -(1 - 1/gamma) times."""
    v = np.array([bias.energy([x]).energy for x in middles])
    return -v / (1 - 1 / bias.target.gamma)


WELL, WHEEL = double_well(barrier=8.0, tilt=0.5), torsion(cosine=(1.0, 0.0, 3.5))


@pytest.mark.parametrize(("grid", "potential", "start"), [(LINE, WELL, -1.0), (CIRCLE, WHEEL, 1.0)])
@pytest.mark.parametrize("sigma", [[0.2], None])
def test_bias_and_reweighted_free_energy_converge(
    grid: Grid, potential: Any, start: Any, sigma: Any, frames: Any, reweighted: Any, apart: Any
):
    edges = np.linspace(grid.low[0], grid.high[0], 41)
    exact = exact_free_energy(potential, kt=1.0, edges=[edges])
    # as PLUMED measures by default: over ten deposits, at points between them too
    bias = Opes(grid, barrier=10.0, kt=1.0, sigma=sigma, measure=40)
    watch = 1 if sigma else 4
    s, log_weight = frames(potential, bias, start=[start], deposits=12_000, watch=watch)
    assert apart(exact, reweighted(s, log_weight, edges)) < 0.15
    assert apart(exact, _scaled(bias, exact, (edges[1:] + edges[:-1]) / 2)) < 0.3


def test_exploring_converges_too(frames: Any, reweighted: Any, apart: Any):
    edges = np.linspace(-2, 2, 41)
    exact = exact_free_energy(WELL, kt=1.0, edges=[edges])
    bias = Opes(LINE, barrier=10.0, kt=1.0, sigma=[0.2], explore=True)
    s, log_weight = frames(WELL, bias, start=[-1.0], deposits=12_000)
    assert apart(exact, reweighted(s, log_weight, edges)) < 0.15


def test_an_infinite_bias_factor_samples_evenly(frames: Any):
    bias = Opes(CIRCLE, barrier=10.0, kt=1.0, sigma=[0.2], gamma=math.inf)
    s, _ = frames(WHEEL, bias, start=[1.0], deposits=8000)
    share = np.histogram(s[:, 0], 12, (-np.pi, np.pi))[0] / len(s)
    assert np.abs(12 * share - 1).max() < 0.35


def test_the_measured_width_is_that_of_the_well():
    # 5000 correlated points are some 2000 independent ones: 2 % of a width, one sigma
    rng, width = np.random.default_rng(1), Fluctuation(LINE, measure=5000, gamma=8.0)
    x = 0.0
    for _ in range(5000):
        x = 0.5 * x + math.sqrt(0.75) * rng.normal()
        width.observe(np.array([[0.3 * x]]))
    assert width.sigma()[0, 0] == pytest.approx(0.3, rel=0.1)
    for _ in range(20_000):  # under the bias it is sqrt(gamma) times as wide, and told as it was
        x = 0.5 * x + math.sqrt(0.75) * rng.normal()
        width.observe(np.array([[0.3 * math.sqrt(8) * x]]))
    assert width.sigma()[0, 0] == pytest.approx(0.3, rel=0.1)


def test_nothing_is_deposited_while_the_width_is_measured():
    bias = Opes(LINE, barrier=10.0, kt=1.0, measure=10)
    for x in np.linspace(0, 0.1, 9):
        bias.deposit([x])
    assert bias.columns()["nker"] == 0
    assert bias.records() == []
    bias.deposit([0.12])
    assert bias.columns()["nker"] == 1


def test_a_variable_that_does_not_move_is_a_fault():
    bias = Opes(LINE, barrier=10.0, kt=1.0, measure=3)
    bias.deposit([0.0])
    bias.deposit([0.0])
    with pytest.raises(DataError, match="not moved"):
        bias.deposit([0.0])


def test_kernels_are_written_as_plumed_reads_them():
    bias = Opes(CIRCLE, barrier=10.0, kt=1.0, sigma=[0.2], names=["phi"])
    bias.deposit([0.3], time=1.5)
    assert bias.header()[0] == "#! FIELDS time phi sigma_phi height logweight"
    assert "#! SET action OPES_METAD_kernels" in bias.header()
    assert bias.header()[-2:] == ["#! SET min_phi -pi", "#! SET max_phi pi"]
    (line,) = bias.records()
    time, center, sigma, height, log_weight = map(float, line.split())
    assert (time, center, log_weight) == (1.5, 0.3, pytest.approx(-10.0))
    assert height * sigma == pytest.approx(0.2 * math.exp(-10))
    assert bias.records() == []


@pytest.mark.parametrize(
    "settings",
    [{"barrier": 0.0}, {"barrier": 0.5}, {"sigma": [0.1, 0.1]}, {"gamma": math.inf, "sigma": None},
     {"gamma": math.inf, "explore": True}, {"threshold": 9.0}, {"measure": 1}],
)  # fmt: skip
def test_impossible_settings_are_refused(settings: dict[str, Any]):
    with pytest.raises(SpecError):
        Opes(LINE, **{"barrier": 10.0, "kt": 1.0, "sigma": [0.1]} | settings)
