from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError, SpecError
from sciae.free_energy import frames_of
from sciae.free_energy.regions import inside, labels


def test_frames_of_a_walker_stay_in_order_and_keep_their_rows():
    frames = frames_of([0, 10, 1, 11, 2], group=["x", "y", "x", "y", "x"])
    assert frames.values.tolist() == [0, 1, 2, 10, 11]
    assert frames.row.tolist() == [0, 2, 4, 1, 3]
    assert frames.group.tolist() == [0, 0, 0, 1, 1]


def test_many_interleaved_walkers_stay_in_order():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 7, 5_000)
    frames = frames_of(np.arange(5_000.0), group=group)
    assert all(np.all(np.diff(frames.values[piece]) > 0) for piece in frames.pieces())


def test_skipping_takes_the_first_frames_of_each_walker():
    frames = frames_of(np.arange(20.0), group=np.repeat([0, 1], 10), skip=0.3)
    assert frames.values.tolist() == [*range(3, 10), *range(13, 20)]


def test_log_weights_of_any_size_do_not_overflow():
    assert frames_of([0.0, 1.0], log_weight=[5_000.0, 4_999.0]).weight.tolist() == [
        1.0,
        pytest.approx(math.exp(-1)),
    ]


@pytest.mark.parametrize("where", ["x", "log_weight"])
def test_numbers_that_are_not_finite_are_named_with_their_frame(where: str):
    parts = {"x": np.zeros(5), "log_weight": np.zeros(5)}
    parts[where][3] = np.nan
    with pytest.raises(DataError, match=rf"{where}: 1 of 5 .* first is frame 3"):
        frames_of(**parts)


@pytest.mark.parametrize(
    "settings",
    [
        {"skip": 1.0},
        {"skip": -0.1},
        {"period": 0.0},
        {"period": (1.0, None)},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]):
    with pytest.raises(SpecError):
        frames_of([0.0, 1.0], **settings)


@pytest.mark.parametrize(
    "parts",
    [
        {"x": []},
        {"x": np.zeros((2, 2, 2))},
        {"x": [0.0], "group": [0, 1]},
        {"x": [0.0], "log_weight": [0.0, 1.0]},
    ],
)
def test_shapes_that_do_not_fit_are_refused(parts: dict[str, Any]):
    with pytest.raises(DataError):
        frames_of(**parts)


DEGREES = np.array([-179.0, -90.0, 0.0, 90.0, 175.0, 179.0, 180.0, -180.0])


@pytest.mark.parametrize(
    ("basin", "wanted"),
    [
        ((170.0, -170.0), {-179.0, 175.0, 179.0, 180.0, -180.0}),
        ((170.0, 190.0), {-179.0, 175.0, 179.0, 180.0, -180.0}),
        ((-190.0, -170.0), {-179.0, 175.0, 179.0, 180.0, -180.0}),
        ((-100.0, 10.0), {-90.0, 0.0}),
        ((10.0, -100.0), {90.0, 175.0, 179.0, 180.0, -180.0, -179.0}),
        ((-180.0, 180.0), set(DEGREES)),
    ],
)
@pytest.mark.parametrize("turns", [-1, 0, 2])
def test_intervals_of_angles_run_upwards_across_the_seam(
    basin: Any, wanted: set[float], turns: int
):
    found = inside(frames_of(DEGREES + 360.0 * turns, period=360.0), basin)
    assert set(DEGREES[found]) == wanted


def test_a_basin_of_two_coordinates_may_leave_one_free():
    frames = frames_of([[0.0, 5.0], [0.0, -5.0], [3.0, 5.0]], period=(None, 360.0))
    assert inside(frames, [(-1, 1), None]).tolist() == [True, True, False]
    assert inside(frames, [(-1, 1), (350, 0)]).tolist() == [False, True, False]


def test_masks_follow_their_frames_and_functions_get_coordinates_as_given():
    x = np.array([0.0, 10.0, 1.0, 11.0])
    frames = frames_of(x, group=[0, 1, 0, 1], skip=0.5)
    assert inside(frames, np.array([False, False, True, False])).tolist() == [True, False]
    assert inside(frames, lambda x: x > 5).tolist() == [False, True]
    assert inside(frames_of(np.c_[x, x]), lambda x: x[:, 0] > 5).sum() == 2


@pytest.mark.parametrize(
    "basin", [(1.0, 0.0), [(0, 1), (0, 1)], (0.0, 1.0, 2.0), lambda x: x, [(0, 1, 2)]]
)
def test_what_is_no_basin_is_refused(basin: Any):
    with pytest.raises(SpecError):
        inside(frames_of([0.0, 1.0]), basin)


def test_a_mask_of_another_run_is_refused():
    with pytest.raises(DataError, match="basin"):
        inside(frames_of([0.0, 1.0]), np.array([True]))


def test_basins_that_share_frames_are_refused():
    with pytest.raises(SpecError, match="1 frames lie in both"):
        labels(frames_of([0.0, 1.0, 2.0]), (-1, 1.5), (0.5, 3))
    assert labels(frames_of([0.0, 1.0, 2.0]), (-1, 1), (1, 3)).tolist() == [1, 2, 2]
