from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.errors import DataError, SchemaError, SpecError
from sciae.tasks.cv import against, gradient_norm, learn, purity, sensitivity
from sciae.tasks.cv.encoder import of_projection
from sciae.tasks.cv.frames import fitted_normaliser

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from sciae.autoencoders.training import Training
    from sciae.table import Table


def line(table: Table, vectors: ArrayLike):
    """A linear variable of raw numbers in their standard deviations."""
    vectors = np.asarray(vectors, float)
    encoder = of_projection(vectors, np.zeros(len(vectors)), fitted_normaliser(table, {}))
    dim = vectors.shape[1]
    return CollectiveVariable(encoder=encoder, low=np.full(dim, -9.0), high=np.full(dim, 9.0))


@pytest.fixture(scope="module")
def cloud(table_of: Callable[..., Table]):
    return table_of(np.random.default_rng(1).normal(size=(4000, 3)) * (1, 10, 0.1), groups=8)


def test_a_line_through_a_circle_is_folded_and_a_ring_is_not(
    table_of: Callable[..., Table], circle: np.ndarray
):
    x = np.column_stack([np.cos(circle), np.sin(circle)])
    table = table_of(x + np.random.default_rng(2).normal(0, 0.05, x.shape), groups=6)
    found = gradient_norm(line(table, [[1.0], [0.0]]), table)
    assert found.folded > 0.7
    assert "Folded: in" in found.verdict
    whole = gradient_norm(line(table, np.eye(2)), table)
    assert whole.folded == 0.0


@pytest.mark.parametrize("sides", [2, 3, 10])
def test_one_cloud_is_not_folded(table_of: Callable[..., Table], sides: int):
    rng = np.random.default_rng(3)
    for x in (rng.normal(size=(5000, sides)), rng.uniform(size=(5000, sides))):
        table = table_of(x)
        assert gradient_norm(line(table, np.eye(sides)[:, :1]), table).folded < 0.05


def test_a_second_motion_that_a_variable_is_blind_to_is_named(
    table_of: Callable[..., Table], four_wells: np.ndarray
):
    table = table_of(four_wells)
    assert gradient_norm(line(table, [[1.0], [0.0]]), table).folded > 0.5
    assert gradient_norm(line(table, np.eye(2)), table).folded < 0.1


def test_the_gradient_of_a_line_is_its_slope_everywhere(cloud: Table):
    found = gradient_norm(line(cloud, [[3.0, 0], [4.0, 0], [0, 2.0]]), cloud)
    np.testing.assert_allclose(found.norm, [[5.0, 2.0]] * 4000, rtol=1e-9)
    assert not found.flat
    np.testing.assert_allclose(found.ratio, 1.0)


def test_a_saturated_variable_is_called_flat(table_of: Callable[..., Table]):
    """Of tanh(5 x) the slope is below a hundredth of its largest beyond arccosh(10) / 5."""
    x = np.random.default_rng(4).normal(size=4000)
    table = table_of(x)
    base = line(table, [[1.0]])
    net = replace(
        base.encoder, sizes=np.array([1, 1, 1]), activation="tanh", a=np.zeros(1), b=np.ones(1),
        weights=np.array([5.0, 0.0, 1.0, 0.0]),
    )  # fmt: skip
    found = gradient_norm(replace(base, encoder=net), table)
    assert found.still[0] == pytest.approx(np.mean(np.abs(x) > np.arccosh(10) / 5), abs=0.01)
    assert found.flat
    assert "nearly no gradient on 5" in found.verdict


def test_sensitivity_of_a_line_is_its_slope_in_standard_deviations(cloud: Table):
    found = sensitivity(line(cloud, [[1.0], [-3.0], [0.0]]), cloud)
    np.testing.assert_allclose(found.share[:, 0], [0.25, 0.75, 0], atol=1e-12)
    assert found.ranked()[0] == ("x.1", pytest.approx(0.75))


def test_sensitivity_takes_labels_of_those_who_know_better(cloud: Table):
    one = line(cloud, [[1.0], [-3.0], [0.0]])
    assert sensitivity(one, cloud, labels=["a", "phi", "c"]).ranked()[0][0] == "phi"
    with pytest.raises(SpecError, match="2 labels"):
        sensitivity(one, cloud, labels=["a", "b"])


@pytest.mark.parametrize("measure", [sensitivity, gradient_norm])
def test_other_fields_are_refused(
    cloud: Table, table_of: Callable[..., Table], measure: Callable[..., object]
):
    with pytest.raises(SchemaError):
        measure(line(cloud, np.eye(3)), table_of(np.zeros((5, 2))))


def test_correlations_are_those_of_numpy_and_keep_their_sign(cloud: Table):
    x, rng = cloud["x"], np.random.default_rng(5)
    other = rng.normal(size=4000) - x[:, 0]
    found = against(line(cloud, np.eye(3)[:, :2]), cloud, {"other": other})["other"]
    truth = [np.corrcoef(x[:, d], other)[0, 1] for d in range(2)]
    np.testing.assert_allclose(found.each, truth, atol=1e-12)
    design = np.column_stack([np.ones(4000), x[:, :2]])
    told = design @ np.linalg.lstsq(design, other)[0]
    assert found.together == pytest.approx(np.corrcoef(told, other)[0, 1])


def test_weights_of_correlations_are_copies(cloud: Table):
    rng = np.random.default_rng(6)
    copies, other = rng.integers(1, 4, 4000), rng.normal(size=4000) + cloud["x"][:, 0]
    variable = line(cloud, np.eye(3)[:, :1])
    repeated = cloud.take(np.repeat(np.arange(4000), copies))
    weighted = type(cloud)(cloud.schema, cloud.columns, weight=copies)
    one = against(variable, weighted, {"o": other})["o"].together
    two = against(variable, repeated, {"o": np.repeat(other, copies)})["o"].together
    assert one == pytest.approx(two, rel=1e-10)


def test_an_angle_is_seen_through_its_jump(table_of: Callable[..., Table], circle: np.ndarray):
    angle = np.remainder(circle + 0.3, 2 * np.pi) - np.pi
    x = np.column_stack([np.cos(circle), np.sin(circle)])
    table = table_of(x)
    found = against(line(table, np.eye(2)), table, {"phi": angle}, periods={"phi": 2 * np.pi})
    assert found["phi"].together == pytest.approx(1.0, abs=1e-9)


def test_observables_that_cannot_be_compared_are_named(cloud: Table):
    variable = line(cloud, np.eye(3))
    for bad in (np.ones(4000), np.ones(3), np.full(4000, np.nan)):
        with pytest.raises(DataError, match="observable 'bad'"):
            against(variable, cloud, {"bad": bad})


def test_purity_is_one_where_states_are_apart_and_chance_where_they_are_not(
    table_of: Callable[..., Table],
):
    rng = np.random.default_rng(7)
    state = np.repeat(np.arange(40) % 4 == 0, 50).astype(int)
    table = table_of(
        np.column_stack([9 * state, 0 * state]) + rng.normal(size=(2000, 2)), groups=40
    )
    apart, blind = (purity(line(table, v), table, state) for v in ([[1.0], [0]], [[0], [1.0]]))
    assert apart.score > 0.99
    assert apart.balanced > 0.99
    assert blind.balanced == pytest.approx(0.5, abs=0.06)
    assert blind.chance == 0.75
    assert "is evidence that the variable works for biasing" in apart.verdict


def test_purity_does_not_judge_a_frame_by_its_neighbours_in_time(table_of: Callable[..., Table]):
    """A state that one trajectory only knows by its place cannot be foretold from others."""
    rng = np.random.default_rng(8)
    place, state = rng.normal(size=40), rng.integers(0, 2, 40)
    x = np.repeat(place, 50) + rng.normal(0, 1e-3, 2000)
    table = table_of(x[:, None], groups=40)
    assert purity(line(table, [[1.0]]), table, np.repeat(state, 50)).score < 0.75


def test_purity_needs_two_states(cloud: Table):
    with pytest.raises(DataError, match="two states or more"):
        purity(line(cloud, np.eye(3)), cloud, np.zeros(4000, int))


def test_a_ring_follows_the_angle(
    table_of: Callable[..., Table], circle: np.ndarray, quick: Training
):
    rng = np.random.default_rng(9)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0][:2]
    x = np.column_stack([np.cos(circle), np.sin(circle)]) @ turn
    table = table_of(x + rng.normal(0, 0.05, x.shape), groups=6)
    found = learn(table, kind="ring", hidden=(16,), training=quick, rng=1)
    wrapped = np.remainder(circle, 2 * np.pi)
    told = against(found.variable, table, {"phi": wrapped}, periods={"phi": 2 * np.pi})["phi"]
    assert told.together > 0.98
    assert found.gradients.folded == 0.0
    unwrapped = np.unwrap(found.variable.of_table(table)[:, 0])
    slope = np.polyfit(circle, unwrapped, 1)[0]
    assert abs(slope) == pytest.approx(1, abs=0.02)  # once round for once round
