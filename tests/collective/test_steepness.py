from __future__ import annotations

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.collective.steepness import steepness, with_steepness
from sciae.descriptors import Descriptors, Distances
from sciae.errors import DataError


def distances(pairs: list[tuple[int, int]]) -> CollectiveVariable:
    descriptors = Descriptors((Distances(pairs),), atoms=3)
    return CollectiveVariable.of_descriptors(
        descriptors, low=np.zeros(len(pairs)), high=np.ones(len(pairs))
    )


@pytest.mark.parametrize("pairs", [[(0, 1)], [(0, 1), (1, 2)]])
def test_a_distance_has_a_gradient_of_root_two(pairs: list[tuple[int, int]]) -> None:
    xyz = np.random.default_rng(1).normal(size=(300, 3, 3))
    np.testing.assert_allclose(steepness(distances(pairs), xyz), np.sqrt(2), rtol=1e-12)


def test_it_is_kept_with_the_variable() -> None:
    xyz = np.random.default_rng(1).normal(size=(5, 3, 3))
    found = with_steepness(distances([(0, 2)]), xyz).about["steepness"]
    np.testing.assert_allclose(found, np.sqrt(2), rtol=1e-12)


def test_no_frames_are_refused() -> None:
    with pytest.raises(DataError, match="one or more"):
        steepness(distances([(0, 1)]), np.zeros((0, 3, 3)))
