from __future__ import annotations

import numpy as np
import pytest

from sciae.sampling.familiar import Familiar, apart
from sciae.schema import Field, Schema
from sciae.table import Table


def table(x: np.ndarray) -> Table:
    return Table(Schema((Field(name="x", kind="continuous", shape=(x.shape[1],)),)), {"x": x})


@pytest.mark.parametrize("dim", [1, 3])
def test_a_look_from_the_same_place_is_familiar_and_one_from_elsewhere_is_not(dim: int) -> None:
    rng = np.random.default_rng(1)
    known = Familiar([table(rng.normal(size=(500, dim))) for _ in range(4)], window=25)
    same, other = rng.normal(size=(25, dim)), rng.normal(size=(25, dim)) + 6
    far = [np.median(known.distances(known.points(table(x)))) for x in (same, other)]
    assert far[0] <= known.limit < far[1]


def test_looks_of_the_same_kind_are_beyond_the_limit_as_seldom_as_it_says() -> None:
    rng = np.random.default_rng(2)
    beyond = 0
    for _ in range(200):
        known = Familiar([table(rng.normal(size=(100, 2))) for _ in range(4)], window=20)
        look = known.points(table(rng.normal(size=(20, 2))))
        beyond += bool(np.median(known.distances(look)) > known.limit)
    assert beyond / 200 <= 1 / 21 + 3 * np.sqrt(0.048 * 0.952 / 200)


def test_one_trajectory_is_compared_with_itself() -> None:
    x = np.random.default_rng(3).normal(size=(400, 2))
    known = Familiar([table(x)], window=20)
    assert len(known.parts) == 4
    assert 0 < known.limit < known.width


def test_distance_is_to_the_nearest() -> None:
    np.testing.assert_allclose(
        apart(np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.5]])),
        [np.hypot(2, 3.5), 0.5],
    )
