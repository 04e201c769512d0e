from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciae.descriptors import (
    RMSD,
    Angles,
    Contacts,
    Coordination,
    Distances,
    InverseDistances,
    Positions,
    RadiusOfGyration,
    Torsions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.descriptors import Part

ATOMS = 12
BOXES = {
    "none": None,
    "upright": np.diag([2.0, 1.5, 1.8]),
    "slanted": np.array([[2.0, 0, 0], [0.7, 1.9, 0], [-0.9, 0.8, 1.7]]),
    "hexagonal": np.array([[2.0, 0, 0], [1.0, np.sqrt(3.0), 0], [0.0, 0, 2.2]]),
    "octahedral": 2
    * np.array([[1.0, 0, 0], [1 / 3, np.sqrt(8) / 3, 0], [-1 / 3, np.sqrt(2) / 3, np.sqrt(6) / 3]]),
}


@pytest.fixture(scope="session")
def every_part() -> tuple[Part, ...]:
    """Each kind, of atoms that leave out 10 and are not in order."""
    group, others = [5, 1, 6, 9, 2, 11], [3, 0, 5, 1]
    reference = 0.3 * np.random.default_rng(1).normal(size=(6, 3)) + 5
    pairs = [(i, j) for i in (0, 3, 7, 11) for j in (8, 1, 4)]
    return (
        Distances(pairs),
        InverseDistances(pairs[:5]),
        Angles([(0, 1, 2), (5, 4, 11)]),
        Torsions([(0, 1, 2, 3), (7, 4, 8, 2)]),
        Contacts(pairs, r0=0.4),
        Contacts(pairs, r0=0.4, n=5, m=9, name="steep"),
        Contacts(pairs, r0=0.4, n=3, m=6, name="odd"),
        Coordination(group, others, r0=0.5),
        RadiusOfGyration(group, [12.0, 1, 14, 16, 1, 32]),
        RadiusOfGyration(others, name="equal"),
        RMSD(group, reference),
        Positions(group, reference),
    )


@pytest.fixture(scope="session")
def coordinates() -> Callable[..., np.ndarray]:
    """Of a compact molecule without chance coincidences."""

    def make(seed: int, frames: int = 3, atoms: int = ATOMS) -> np.ndarray:
        return 0.3 * np.random.default_rng(seed).normal(size=(frames, atoms, 3))

    return make


@pytest.fixture(scope="session")
def rotations() -> Callable[[int], np.ndarray]:
    return lambda seed: Rotation.random(rng=np.random.default_rng(seed)).as_matrix()


@pytest.fixture(scope="session", params=BOXES)
def box(request: pytest.FixtureRequest) -> np.ndarray | None:
    return BOXES[request.param]
