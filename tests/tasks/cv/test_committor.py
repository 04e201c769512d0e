from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

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


def test_the_ratio_is_that_of_half_the_squared_change_to_the_squared_rise() -> None:
    rng = np.random.default_rng(1)
    now, later = rng.normal(size=(2, 50))
    weight, means = rng.uniform(size=50), (-1.0, 1.0)
    got = committor(*map(torch.from_numpy, (now, later, weight)), tuple(map(torch.tensor, means)))
    wanted = np.log(np.average(np.square(later - now), weights=weight) / 2 / 4)
    assert got.item() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("scale", "shift"), [(3.0, 0.0), (-0.5, 2.0)])
def test_scale_and_shift_change_only_the_gauge(scale: float, shift: float) -> None:
    now, later = (torch.from_numpy(x) for x in np.random.default_rng(2).normal(size=(2, 50)))
    one = torch.ones(50)

    def loss(a: float, b: float) -> tuple[float, float]:
        ends = tuple(torch.tensor(a * end + b) for end in (-1.0, 1.0))
        gauge = 0.01 * (4 * b * b + (2 * a - 2) ** 2)
        return committor(a * now + b, a * later + b, one, ends).item(), gauge

    plain, changed = loss(1.0, 0.0), loss(scale, shift)
    assert changed[0] - changed[1] == pytest.approx(plain[0] - plain[1], abs=1e-6)


@pytest.mark.parametrize("dim", [1, 3])
def test_a_linear_one_is_the_discriminant_of_the_lagged_changes(
    table_of: Callable[..., Table], dim: int
) -> None:
    """Without a hidden layer the minimum is at (<dx dx^T>)^-1 (mean in B - mean in A)."""
    x = walk(6000, dim, 3) @ np.linalg.qr(np.random.default_rng(4).normal(size=(dim, dim)))[0]
    base = walk(6000, dim, 3)
    label, weight = between(base), np.random.default_rng(5).uniform(0.5, 1.5, 6000)
    table = table_of(x, group=np.repeat(np.arange(6), 1000), weight=weight)
    found = learn(table, kind="committor", labels=label, lag=3, hidden=(), whole=True, rng=1)
    rows = np.flatnonzero(np.arange(6000) % 1000 < 997)
    change = x[rows + 3] - x[rows]
    scatter = (weight[rows] * change.T) @ change
    means = [np.average(x[label == k], axis=0, weights=weight[label == k]) for k in (0, 1)]
    wanted = x @ np.linalg.solve(scatter, means[1] - means[0])
    s = found.variable.of_table(table)[:, 0]
    assert abs(np.corrcoef(s, wanted)[0, 1]) > 0.9999


def test_a_net_rises_as_the_flux_between_the_states(table_of: Callable[..., Table]) -> None:
    """On a flat line dq/dx is the share of A below x, less that of B: even between them."""
    x = walk(30_000, 1, 6, size=0.03)
    table = table_of(x, group=np.repeat(np.arange(6), 5000))
    training = Training(epochs=80, batch=4000, learning_rate=3e-3, schedule="cosine")
    found = learn(
        table, kind="committor", labels=between(x), lag=2, whole=True, hidden=(16,),
        training=training, rng=2,
    )  # fmt: skip
    line = np.linspace(0.02, 0.98, 49)
    s = found.variable.of_numbers(line[:, None])[:, 0]
    slope = np.minimum(np.minimum(line / 0.2, (1 - line) / 0.2), 1)
    wanted = np.cumsum(slope)
    fitted = np.polyval(np.polyfit(wanted, s, 1), wanted)
    assert np.abs(fitted - s).max() < 0.06  # of a range of 2


def test_noise_keeps_what_is_steep_within_it_out(table_of: Callable[..., Table]) -> None:
    """A number that varies by less than the noise is left to those that vary by more."""
    x = walk(6000, 1, 9)
    stiff = 0.05 * (x + np.random.default_rng(1).normal(0, 0.02, x.shape))
    table = table_of(np.column_stack([x, stiff]), group=np.repeat(np.arange(6), 1000), unit="nm")
    shares = []
    for noise in (0.0, 0.3):
        found = learn(
            table, kind="committor", labels=between(x), lag=3, hidden=(), whole=True, rng=1,
            noise=noise, floor={"nm": 0.3},
        )  # fmt: skip
        slope = np.abs(found.variable.encoder.value_and_gradient(x.repeat(2, 1)).gradient[0, 0])
        shares.append(slope[1] / slope.sum())
    assert shares[1] < 0.5 * shares[0]
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
