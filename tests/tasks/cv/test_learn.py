from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders.training import Training
from sciae.batch import to_batch
from sciae.errors import DataError, FitError, SpecError
from sciae.schema import Field, Schema
from sciae.table import Table
from sciae.tasks.cv import KINDS, learn
from sciae.tasks.cv.frames import Frames, fitted_normaliser, numbers
from sciae.tasks.cv.linear import principal, slowest
from sciae.tasks.cv.problem import Problem
from sciae.tasks.cv.slow import deep_slowest
from sciae.tasks.cv.states import targets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.tasks.cv.problem import Found

BRIEF = Training(epochs=2, batch=1000, learning_rate=5e-3, validation=0.2)


def correlation(a: np.ndarray, b: np.ndarray):
    return abs(np.corrcoef(a, b)[0, 1])


@pytest.fixture(scope="module")
def mixed(process: Callable[..., np.ndarray], table_of: Callable[..., Table]):
    """One slow number and two fast ones, which are larger, mixed; ten trajectories."""
    slow = process([0.97, 0.5, 0.1], 5000, seed=1)
    return slow, table_of(slow @ np.array([[1, 0.2, 0], [2, 3, 0], [0, 1, 2]]), groups=10)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_one_variable_in_its_sign_and_scale(
    mixed: tuple[np.ndarray, Table], kind: str
):
    slow, table = mixed
    training = None if KINDS[kind].find in (slowest, principal) else BRIEF
    dim = 1 if kind == "committor" else 2
    settings = {"lag": 2, "dim": dim, "hidden": (6,), "training": training, "rng": 1}
    labels = np.digitize(slow[:, 0], [-0.5, 0.5])
    if kind == "committor":  # between two states, with frames in neither
        labels = np.array([0, -1, 1])[labels]
    found, again = (learn(table, kind=kind, labels=labels, **settings) for _ in range(2))
    s = found.variable.of_table(table)
    assert s.shape == (5000, dim)
    assert np.array_equal(s, again.variable.of_table(table))
    if kind == "ring":
        assert found.variable.periods == (2 * np.pi, 2 * np.pi)
        assert np.abs(s).max() <= np.pi
        np.testing.assert_allclose(np.angle(np.exp(1j * s).mean(0)), 0, atol=1e-6)
    else:
        np.testing.assert_allclose([s.min(0), s.max(0)], [[-1] * dim, [1] * dim], atol=1e-9)
        shared = np.corrcoef(np.column_stack([s, table["x"]]).T)[:dim, dim:]
        most = np.take_along_axis(shared, np.abs(shared).argmax(1)[:, None], 1)
        assert (most > 0).all()
    assert found.variable.encoder.weights.dtype == np.float64
    assert {"vamp2", "gmrq", "reconstruction"} <= set(found.scores)
    assert 1 <= found.scores["vamp2"] <= 3
    assert list(found.time_scales) == [2, 4, 10, 20]
    assert "None of these numbers is evidence that the variable works for biasing" in found.verdict


@pytest.mark.parametrize("kind", ["autoencoder", "time-lagged", "variational", "vde"])
def test_the_variable_is_the_models_code_up_to_scale(mixed: tuple[np.ndarray, Table], kind: str):
    _, table = mixed
    found = learn(table, kind=kind, lag=2, training=BRIEF, hidden=(5,), rng=1)
    assert found.model is not None
    raw = torch.from_numpy(numbers(table))
    code, s = found.model.cv()(raw).numpy()[:, 0], found.variable.of_table(table)[:, 0]
    slope, offset = np.polyfit(code, s, 1)
    np.testing.assert_allclose(slope * code + offset, s, atol=1e-5)


@pytest.mark.parametrize("kind", ["tica", "deep-tica", "vampnet", "time-lagged", "vde"])
def test_lagged_kinds_find_the_slow_motion_and_others_the_large(
    mixed: tuple[np.ndarray, Table], kind: str, quick: Training
):
    slow, table = mixed
    own = quick if kind in ("time-lagged", "vde") else None
    found = learn(table, kind=kind, lag=5, hidden=(8,), training=own, rng=2)
    assert correlation(found.variable.of_table(table)[:, 0], slow[:, 0]) > 0.95
    large = learn(table, kind="pca", lag=5).variable.of_table(table)[:, 0]
    assert correlation(large, slow[:, 0]) < 0.9


def test_deep_tica_without_hidden_layers_reaches_the_eigenvalues_of_tica(
    process: Callable[..., np.ndarray], table_of: Callable[..., Table]
):
    memory = [0.97, 0.9, 0.6, 0.3, 0.2, 0.1, 0.05, 0.0]  # more inputs than outputs
    mix = np.random.default_rng(3).normal(size=(8, 8))
    table = table_of(process(memory, 5000) @ mix)
    patient = Training(epochs=300, batch=2000, learning_rate=3e-3, patience=300)
    problem = problem_of(table, lag=3, training=patient)  # held out is what it learns from
    linear, deep = slowest(problem).scores, deep_slowest(problem).scores
    for d in range(2):
        name = f"eigenvalue_{d}"
        assert deep[name] == pytest.approx(linear[name], abs=2e-3)
        assert deep[name] <= linear[name] + 1e-6  # TICA is the best of all linear functions


def test_deep_tica_finds_a_slow_motion_that_no_linear_function_shows(
    process: Callable[..., np.ndarray], table_of: Callable[..., Table]
):
    slow = process([0.98], 5000, seed=5)[:, 0]
    rng = np.random.default_rng(6)
    side = np.where(rng.random(5000) < 0.5, -1.0, 1.0)  # fast: its sign hides the slow size
    table = table_of(np.column_stack([side * (3 + slow), rng.normal(size=5000)]), groups=10)
    linear, deep = (
        learn(table, kind=kind, lag=5, hidden=(16,), rng=1) for kind in ("tica", "deep-tica")
    )
    assert linear.scores["vamp2"] < 1.9
    assert correlation(linear.variable.of_table(table)[:, 0], slow) < 0.3
    assert correlation(deep.variable.of_table(table)[:, 0], slow) > 0.9


def problem_of(table: Table, **settings: Any):
    frames = Frames.of(table, fitted_normaliser(table, {}))
    defaults = {
        "dim": 2, "lag": 1, "hidden": (), "activation": "tanh", "training": BRIEF, "beta": 1.0,
        "slowness": 1.0, "ridge": 0.0, "states": 3, "centres": None, "widths": None,
    }  # fmt: skip
    rng = np.random.default_rng(1)
    return Problem(train=frames, held=frames, rng=rng, **{**defaults, **settings})


@pytest.mark.parametrize("find", [slowest, principal])
def test_a_whole_weight_is_as_many_copies_of_a_trajectory(
    process: Callable[..., np.ndarray],
    table_of: Callable[..., Table],
    find: Callable[[Problem], Found],
):
    x, copies = process([0.9, 0.5, 0.2], 60).reshape(20, 3, 3), np.arange(20) % 4
    copies[0] = 1
    weighted = table_of(
        x.reshape(60, 3), group=np.repeat(np.arange(20), 3), weight=np.repeat(copies, 3)
    )
    many = np.repeat(x, copies, 0)
    repeated = table_of(many.reshape(-1, 3), group=np.repeat(np.arange(len(many)), 3))
    one, other = (find(problem_of(table)) for table in (weighted, repeated))
    a, b = (np.array(list(found.scores.values())) for found in (one, other))
    np.testing.assert_allclose(a, b, atol=1e-12)
    s, z = (found.encoder.value(x.reshape(60, 3)) for found in (one, other))
    np.testing.assert_allclose(np.abs(s), np.abs(z), atol=1e-9)


def test_angles_enter_as_points_on_a_circle(table_of: Callable[..., Table], circle: np.ndarray):
    wrapped = np.remainder(circle + np.pi, 2 * np.pi) - np.pi
    table = table_of(wrapped, period=2 * np.pi, groups=6)
    found = learn(table, kind="deep-tica", dim=2, lag=2, hidden=(8,), training=BRIEF, rng=1)
    raw = wrapped[:100, None]
    turned = found.variable.of_numbers(raw + 2 * np.pi)
    np.testing.assert_allclose(turned, found.variable.of_numbers(raw), atol=1e-12)


@pytest.mark.parametrize("floor", [0.0, 0.005])
def test_a_floor_keeps_stiff_distances_small(table_of: Callable[..., Table], floor: float):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2000, 2)) * (0.002, 0.1)
    table = table_of(x, unit="nm")
    inputs = fitted_normaliser(table, {"nm": floor})(to_batch(table)).inputs
    spread = inputs.std(0).numpy()
    assert spread[0] == pytest.approx(0.4 if floor else 1.0, rel=0.05)
    assert spread[1] == pytest.approx(1.0, rel=0.01)


def test_tica_does_not_mind_a_floor(
    process: Callable[..., np.ndarray], table_of: Callable[..., Table]
):
    table = table_of(process([0.95, 0.3], 4000) * (0.001, 0.1), groups=5, unit="nm")
    one, other = (
        learn(table, kind="tica", lag=2, floor=floor, rng=1).variable.of_table(table)
        for floor in ({}, {"nm": 0.05})
    )
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_a_variable_is_saved_and_read_again(mixed: tuple[np.ndarray, Table], tmp_path: Path):
    _, table = mixed
    variable = learn(table, kind="deep-tica", lag=2, training=BRIEF, rng=1).variable
    variable.save(tmp_path)
    again = type(variable).load(tmp_path)
    assert np.array_equal(again.of_table(table), variable.of_table(table))
    assert again.about["kind"] == "deep-tica"


def test_few_trajectories_and_few_effective_frames_are_said(
    process: Callable[..., np.ndarray], table_of: Callable[..., Table]
):
    weight = np.full(2000, 1e-6)
    weight[::40] = 1.0
    found = learn(table_of(process([0.9], 2000), weight=weight), kind="tica", rng=1)
    assert "1 trajectory for 5 splits: blocks of time" in found.verdict
    assert "The weights leave 50 effective frames: too few to learn from." in found.verdict


def test_times_are_said_in_picoseconds(
    process: Callable[..., np.ndarray], table_of: Callable[..., Table]
):
    table = table_of(process([0.9], 2000), carried={"time": 2.0 * np.arange(2000)})
    found = learn(table, kind="tica", lag="20 ps", rng=1)
    assert found.lag == 10
    assert "lag 20 ps" in found.verdict


# ---- what is refused -------------------------------------------------------------------------


@pytest.fixture
def small(process: Callable[..., np.ndarray], table_of: Callable[..., Table]):
    return table_of(process([0.9, 0.5], 400), groups=8)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"kind": "magic"}, SpecError, "no kind 'magic'.*time-lagged"),
        ({"kind": "tica", "dim": 3}, SpecError, "dim 3; expected at most 2"),
        ({"kind": "tica", "dim": 0}, SpecError, "dim 0; expected 1 or more"),
        ({"kind": "tica", "lag": 50}, DataError, "longest trajectory or block has 50"),
        ({"kind": "time-lagged", "lag": 80}, DataError, "longest trajectory or block has 50"),
        ({"kind": "deep-tda"}, DataError, "no labels"),
        ({"kind": "deep-tda", "labels": np.zeros(400, int)}, DataError, r"states \[0\]"),
        ({"kind": "deep-tda", "labels": np.zeros(3, int)}, DataError, r"labels of shape \(3,\)"),
        ({"kind": "deep-tica", "training": Training(batch=100)}, SpecError, "statistic of the ba"),
    ],
)
def test_what_cannot_be_learnt_is_said(
    small: Table, settings: dict[str, Any], error: type[Exception], match: str
):
    with pytest.raises(error, match=match):
        learn(small, rng=1, **settings)


def test_a_state_in_one_trajectory_only_is_refused(small: Table):
    labels = (small.group == 3).astype(int)
    with pytest.raises(DataError, match=r"no frames of states \[1\] to"):
        learn(small, kind="deep-tda", labels=labels, rng=1)


def test_constant_and_missing_numbers_are_named(table_of: Callable[..., Table]):
    x = np.random.default_rng(1).normal(size=(100, 3))
    x[:, 1] = 7.0
    with pytest.raises(DataError, match=r"x\.1: the same in all rows"):
        learn(table_of(x, groups=5), kind="tica")
    x[3, 2] = np.nan
    with pytest.raises(DataError, match=r"x\.2: not observed in some rows"):
        learn(table_of(x, groups=5), kind="tica")


def test_negative_weights_are_refused(small: Table):
    with pytest.raises(DataError, match="400 of 400 weights are negative"):
        learn(replace(small, weight=np.full(400, -1.0)), kind="tica")


def test_training_that_diverges_is_said(small: Table):
    wild = Training(epochs=20, batch=1000, learning_rate=1e30)
    with pytest.raises(FitError, match=r"epoch \d+: the loss is not finite.*Lower the learn"):
        learn(small, kind="deep-tica", training=wild, activation="silu", rng=1)


def test_an_empty_table_is_refused(table_of: Callable[..., Table]):
    with pytest.raises(DataError, match="no rows"):
        learn(table_of(np.zeros((2, 2))).take([]), kind="tica")


def test_sets_are_refused():
    field = Field(name="hits", kind="set", size=2, inner=(Field(name="pt", kind="continuous"),))
    columns = {"hits.mask": np.ones((4, 2), bool), "hits.pt": np.ones((4, 2))}
    with pytest.raises(SpecError, match="not flat"):
        learn(Table(Schema((field,)), columns), kind="tica")


@pytest.mark.parametrize(("states", "dim"), [(2, 1), (3, 2), (4, 3)])
def test_default_targets_are_equally_far_apart(states: int, dim: int):
    centres, widths = targets(states, dim)
    far = np.linalg.norm(centres[:, None] - centres, axis=2)[~np.eye(states, dtype=bool)]
    np.testing.assert_allclose(far, 14.0)
    assert widths.shape == (states, dim)


def test_targets_of_another_shape_are_refused():
    with pytest.raises(SpecError, match="dim 2 for 4 states"):
        targets(4, 2)
    with pytest.raises(SpecError, match=r"centres of shape \(1, 2\)"):
        targets(2, 1, np.zeros((1, 2)))
    with pytest.raises(SpecError, match="not positive"):
        targets(2, 1, widths=np.zeros((2, 1)))
