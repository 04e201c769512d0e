from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.autoencoders.lagged import pairs
from sciae.autoencoders.loop import Loop
from sciae.autoencoders.rows import Rows
from sciae.batch import to_batch
from sciae.errors import DataError
from sciae.schema import Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.model import Autoencoder

XY = Schema((Field(name="x", kind="continuous", shape=(2,)),))


def by_hand(group: Any, rows: int, lag: int) -> list[tuple[int, int]]:
    found = []
    for i in range(rows):
        same = [j for j in range(i, rows) if group is None or group[j] == group[i]]
        found += [(i, same[lag])] if lag < len(same) else []
    return found


@pytest.mark.parametrize("lag", [0, 1, 2, 7, 40, 100])
@pytest.mark.parametrize("groups", [None, 1, 4, 60])
def test_pairs_are_those_found_by_hand(groups: int | None, lag: int) -> None:
    rng = np.random.default_rng(1)
    for rows in (0, 1, 5, 60):
        group = None if groups is None else rng.integers(-groups, groups, rows)
        now, later = pairs(group, rows, lag)
        assert list(zip(now.tolist(), later.tolist(), strict=True)) == by_hand(group, rows, lag)


@pytest.mark.parametrize("sets", [False, True])
def test_the_earlier_row_is_seen_and_the_later_told(
    mixed: Callable[..., Table], *, sets: bool
) -> None:
    group, weight = np.arange(40) % 3, np.random.default_rng(1).exponential(size=40)
    table = mixed(40, sets=sets, group=group, weight=weight)
    model = kinds.plain(table.schema, latent=2, hidden=(8,))
    model.fit_normaliser([table])
    model.lag = 2
    rows = Rows.of_table(model, table, np.arange(100, 140), batch=1000)
    now, later = pairs(group, 40, 2)
    assert rows.numbers.tolist() == (100 + now).tolist()
    features = model.features(to_batch(table))
    early, late = (features.take(torch.from_numpy(x)) for x in (now, later))
    assert torch.equal(rows.features.inputs, early.inputs)
    assert torch.equal(rows.features.targets, late.targets)
    share = torch.tensor(weight[now] / weight[now].sum(), dtype=torch.float32)
    torch.testing.assert_close(rows.share, share)


def turning(rows: int, angle: float = 0.4, **settings: Any) -> Table:
    """A point that turns by an angle with each row, around an ellipse."""
    t = angle * np.arange(rows)
    return Table(XY, {"x": np.stack([3 * np.cos(t), np.sin(t)], 1)}, **settings)


def lagged(lag: int, **settings: Any) -> Autoencoder:
    model = kinds.plain(XY, latent=2, hidden=(32,), **settings)
    model.lag = lag
    return model


@pytest.mark.parametrize("lag", [1, 5])
def test_a_lagged_model_tells_the_future(lag: int) -> None:
    table = turning(600)
    training = Training(epochs=60, batch=64, learning_rate=1e-2, patience=60)
    model = fit(lagged(lag), table, training=training, rng=1).model
    told = model.reconstruct(to_batch(table))["x"].numpy()
    widths = table["x"].std(0)
    future, present = (
        np.abs((told[: 600 - lag] - x) / widths).mean()
        for x in (table["x"][lag:], table["x"][: 600 - lag])
    )
    assert future < 0.05
    assert present > 4 * future


def split_of(
    table: Table, monkeypatch: pytest.MonkeyPatch, lag: int, **settings: Any
) -> tuple[Rows, Rows]:
    seen: list[Any] = []
    run = Loop.__init__

    def spy(self: Loop, model: Any, training: Any, *rows: Rows, **streams: Any) -> None:
        seen.extend(rows)
        run(self, model, training, *rows, **streams)

    monkeypatch.setattr(Loop, "__init__", spy)
    training = Training(epochs=1, batch=64, validation=0.25)
    fit(lagged(lag), table, training=training, rng=1, **settings)
    return seen[0], seen[1]


def test_without_groups_the_end_is_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, held = split_of(turning(200), monkeypatch, 3)
    assert rows.numbers.tolist() == list(range(147))  # 147 sees 150, which is held out
    assert held.numbers.tolist() == list(range(150, 197))


def test_with_groups_whole_trajectories_are_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    group = np.arange(200) % 8
    rows, held = split_of(turning(200, group=group), monkeypatch, 3)
    ours, theirs = (set(group[part.numbers.numpy()]) for part in (rows, held))
    assert not ours & theirs
    assert len(ours), len(theirs) == (6, 2)
    assert len(rows) + len(held) == 200 - 8 * 3


def test_a_validation_table_is_paired_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, held = split_of(turning(200), monkeypatch, 3, validation=turning(50))
    assert (len(rows), len(held)) == (197, 47)


def test_trajectories_that_are_too_short_are_refused() -> None:
    training = Training(epochs=1)
    with pytest.raises(DataError, match="no two rows 20 apart in one group; expected one pair"):
        fit(lagged(20), turning(200, group=np.arange(200) // 20), training=training, rng=1)
    with pytest.raises(DataError, match="no two rows 20 apart"):  # the last tenth is too short
        fit(lagged(20), turning(200), training=training, rng=1)
