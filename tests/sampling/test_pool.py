from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.errors import DataError
from sciae.sampling import Segment, pool

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.domains.trajectories import Trajectories


def test_each_trajectory_is_a_group_and_each_segment_has_mean_weight_one(
    domain: Trajectories, sources: list[Path]
) -> None:
    frames = len(domain.read(sources[0]))
    biased = np.random.default_rng(1).normal(size=frames)
    table = pool(
        [Segment(paths=tuple(sources)), Segment(paths=(sources[0],), log_weight=biased)], domain
    )
    assert table.group is not None
    assert table.weight is not None
    assert np.unique(table.group).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(table.weight[:-frames], 1)
    own = table.weight[-frames:]
    assert own.mean() == pytest.approx(1)
    np.testing.assert_allclose(np.log(own / own[0]), biased - biased[0], atol=1e-12)


@pytest.mark.parametrize("temper", [0.0, 0.3, 1.0])
def test_tempered_weights_are_a_power_with_mean_one(temper: float) -> None:
    segment = Segment(paths=(), log_weight=np.array([0.0] * 99 + [10.0]))
    weight = segment.weights(100, temper)
    assert weight.mean() == pytest.approx(1)
    assert weight[-1] / weight[0] == pytest.approx(np.exp(10 * temper))


def test_weights_that_are_not_as_many_as_frames_are_refused(
    domain: Trajectories, sources: list[Path]
) -> None:
    with pytest.raises(DataError, match="7 weights"):
        pool([Segment(paths=(sources[0],), log_weight=np.zeros(7))], domain)
