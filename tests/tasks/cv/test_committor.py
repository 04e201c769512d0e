from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy.optimize import root

from sciae.autoencoders.training import Training
from sciae.errors import DataError, SpecError
from sciae.tasks.cv import learn
from sciae.tasks.cv.objectives import committor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


def walk(steps: int, dim: int, seed: int, size: float = 0.1) -> np.ndarray:
    """Brownian motion between reflecting walls at 0 and 1: flat, and with known flux."""
    x = np.cumsum(np.random.default_rng(seed).normal(0, size, (steps, dim)), 0)
    return 1 - np.abs(1 - np.mod(x, 2))


def between(x: np.ndarray, edge: float = 0.2) -> np.ndarray:
    """State 0 at one end of the first number, 1 at the other."""
    return np.select([x[:, 0] < edge, x[:, 0] > 1 - edge], [0, 1], -1)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def test_the_loss_is_flux_and_ends_and_ridge() -> None:
    rng = np.random.default_rng(1)
    now, later = rng.normal(size=(2, 50))
    weight, first, second = rng.uniform(size=50), rng.normal(size=7), rng.normal(size=4)
    shares = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(4))
    parts = [torch.from_numpy(x) for x in (first, shares[0], second, shares[1])]
    got = committor(
        *map(torch.from_numpy, (now, later, weight)), ((parts[0], parts[1]), (parts[2], parts[3])),
        flux=3.0, ridge=0.5,
    )  # fmt: skip
    change = np.average(np.square(sigmoid(later) - sigmoid(now)), weights=weight)
    ends = shares[0] @ sigmoid(first) ** 2 + shares[1] @ (1 - sigmoid(second)) ** 2
    ridge = np.average((now**2 + later**2) / 2, weights=weight)
    assert got.item() == pytest.approx(3 * change + ends + 0.5 * ridge, rel=1e-12)


def exact(
    places: np.ndarray, pairs: np.ndarray, label: np.ndarray, weight: np.ndarray, *,
    flux: float, ridge: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Log odds of each place where the loss is least: it is quadratic in q but for the ridge."""
    count = int(places.max()) + 1
    share = weight[pairs[:, 0]] / weight[pairs[:, 0]].sum()
    laplacian, ends = np.zeros((count, count)), np.zeros((2, count))
    a, b = places[pairs].T
    for i, j, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
        np.add.at(laplacian, (i, j), sign * flux * share)
    for k in (0, 1):
        rows = label == k
        ends[k] = np.bincount(places[rows], weight[rows] / weight[rows].sum(), count)
    q = np.linalg.solve(laplacian + np.diag(ends.sum(0)), ends[1])
    z = np.log(q / (1 - q))
    if not ridge:
        return z
    seen = (np.bincount(a, share, count) + np.bincount(b, share, count)) / 2

    def slope(z: np.ndarray) -> np.ndarray:
        q = sigmoid(z)
        return q * (1 - q) * (laplacian @ q + ends[0] * q - ends[1] * (1 - q)) + ridge * seen * z

    return root(slope, z).x


@pytest.mark.parametrize("dim", [1, 3])
def test_of_a_table_the_least_loss_is_that_of_a_linear_system(dim: int) -> None:
    """Places on a grid, each with log odds of its own."""
    x = walk(4000, dim, 3)
    grid = np.minimum((x * 5).astype(int), 4)
    places = np.unique(grid @ 5 ** np.arange(dim), return_inverse=True)[1].ravel()
    label, weight = between(x), np.random.default_rng(5).uniform(0.5, 1.5, 4000)
    pairs = np.column_stack([np.arange(3998), np.arange(2, 4000)])
    z = torch.zeros(int(places.max()) + 1, dtype=torch.float64, requires_grad=True)
    ends = []
    for k in (0, 1):
        share = weight[label == k] / weight[label == k].sum()
        ends.append((torch.from_numpy(places[label == k]), torch.from_numpy(share)))
    now, later = (torch.from_numpy(places[pairs[:, k]]) for k in (0, 1))

    def loss() -> torch.Tensor:
        both = tuple((z[rows], share) for rows, share in ends)
        value = committor(
            z[now], z[later], torch.from_numpy(weight[:3998]), both, flux=10.0, ridge=0.0
        )
        optimiser.zero_grad()
        value.backward()
        return value

    optimiser = torch.optim.LBFGS(
        [z], max_iter=2000, line_search_fn="strong_wolfe", tolerance_grad=1e-12,
        tolerance_change=1e-16,
    )  # fmt: skip
    optimiser.step(loss)
    wanted = sigmoid(exact(places, pairs, label, weight, flux=10.0))
    assert 0.05 < wanted.min() < 0.3
    assert 0.7 < wanted.max() < 0.95
    assert np.abs(sigmoid(z.detach().numpy()) - wanted).max() < 1e-5


def test_a_net_gives_the_log_odds_of_the_table(table_of: Callable[..., Table]) -> None:
    x = walk(30_000, 1, 6, size=0.03)
    table = table_of(x, group=np.repeat(np.arange(6), 5000))
    training = Training(epochs=200, batch=4000, learning_rate=1e-2, schedule="cosine")
    found = learn(
        table, kind="committor", labels=between(x), lag=2, whole=True, hidden=(32, 16),
        training=training, rng=2,
    )  # fmt: skip
    rows = np.flatnonzero(np.arange(30_000) % 5000 < 4998)
    places, pairs = np.minimum((x[:, 0] * 60).astype(int), 59), np.column_stack([rows, rows + 2])
    wanted = exact(places, pairs, between(x), np.ones(len(x)), flux=1.0, ridge=0.01)[12:-12]
    s = found.variable.of_numbers((np.arange(12, 48)[:, None] + 0.5) / 60)[:, 0]
    slope = np.polyfit(wanted, s, 1)
    assert np.abs(np.polyval(slope, wanted) - s).max() < 0.12  # of a range of 2
    assert slope[0] > 0


def test_noise_keeps_what_is_steep_within_it_out(table_of: Callable[..., Table]) -> None:
    """A number that varies by less than the noise is left to those that vary by more."""
    x = walk(6000, 1, 9)
    stiff = 0.05 * (x + np.random.default_rng(1).normal(0, 0.02, x.shape))
    table = table_of(np.column_stack([x, stiff]), group=np.repeat(np.arange(6), 1000), unit="nm")
    shares = []
    for noise in (0.0, 1.0):
        found = learn(
            table, kind="committor", labels=between(x), lag=3, hidden=(), whole=True, rng=1,
            noise=noise, floor={"nm": 0.3},
        )  # fmt: skip
        slope = np.abs(found.variable.encoder.value_and_gradient(x.repeat(2, 1)).gradient[0, 0])
        shares.append(slope[1] / slope.sum())
    assert shares[1] < 0.6 * shares[0]
    with pytest.raises(SpecError, match="noise -1"):
        learn(table, kind="committor", labels=between(x), noise=-1.0, rng=1)


@pytest.mark.parametrize("dim", [1, 2])
def test_labels_must_be_of_two_states(table_of: Callable[..., Table], dim: int) -> None:
    x = walk(4000, 2, 7)
    table = table_of(x, group=np.repeat(np.arange(4), 1000))
    three = np.where((x[:, 0] > 0.4) & (x[:, 0] < 0.6), 2, between(x))
    if dim == 2:
        with pytest.raises(SpecError, match="between two states"):
            learn(table, kind="committor", dim=2, labels=between(x), rng=1)
        return
    with pytest.raises(DataError, match="3 states"):
        learn(table, kind="committor", labels=three, rng=1)
    with pytest.raises(DataError, match="no labels"):
        learn(table, kind="committor", rng=1)


def test_what_is_learnt_from_all_rows_says_so(table_of: Callable[..., Table]) -> None:
    x = walk(6000, 2, 8)
    rare = np.arange(6000) >= 5000  # the second state is in one trajectory only
    label = np.where(rare, np.where(x[:, 0] > 0.8, 1, -1), np.where(x[:, 0] < 0.2, 0, -1))
    table = table_of(x, group=np.repeat(np.arange(6), 1000))
    with pytest.raises(DataError, match="no frames of states"):
        learn(table, kind="committor", labels=label, rng=1)
    found = learn(table, kind="committor", labels=label, whole=True, rng=1)
    assert any("no rows were held out" in note for note in found.notes)
    assert not found.held_out
    assert "On the rows it was learnt from, it explains" in found.verdict
    assert "Held out, it" not in found.verdict
