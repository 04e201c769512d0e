from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.autoencoders.raw.inputs import AFFINE, COSINE, SINE
from sciae.collective import CollectiveVariable
from sciae.descriptors import (
    RMSD,
    Angles,
    Contacts,
    Coordination,
    Descriptors,
    Distances,
    InverseDistances,
    Positions,
    RadiusOfGyration,
    Torsions,
)
from sciae.export import NumpyEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ATOMS, FRAMES = 9, 6
NAMES = tuple(f"ALA{k // 3 + 1}.{'NCO'[k % 3]}" for k in range(ATOMS))


@pytest.fixture(scope="session")
def xyz() -> NDArray[np.float64]:
    """Frames of a chain that is not on a line, in nm; the last atom is used by nobody."""
    rng = np.random.default_rng(5)
    turn = np.arange(ATOMS)
    helix = np.stack([0.12 * np.cos(1.7 * turn), 0.12 * np.sin(1.7 * turn), 0.08 * turn], 1)
    return helix + 0.03 * rng.normal(size=(FRAMES, ATOMS, 3))


@pytest.fixture(scope="session")
def mixed(xyz: NDArray[np.float64]) -> Callable[..., Descriptors]:
    """Every kind of part."""
    reference = xyz.mean(0)

    def make(*, periodic: bool = False) -> Descriptors:
        parts = (
            Positions([1, 2, 3, 5], reference[[1, 2, 3, 5]]),
            Distances([(0, 3), (1, 6)]),
            Torsions([(0, 1, 2, 3), (2, 3, 5, 7)]),
            InverseDistances([(0, 5)]),
            Angles([(1, 2, 4)]),
            Contacts([(0, 4), (2, 7)], r0=0.3),
            Coordination([0, 1], [1, 5, 6], r0=0.25, n=6, m=10),
            RadiusOfGyration([0, 2, 4, 6], [14.0, 12.0, 1.0, 16.0]),
            RadiusOfGyration([1, 3, 5], name="rg_equal"),
            RMSD([0, 1, 2, 3, 4], reference[:5]),
        )
        return Descriptors(parts, atoms=ATOMS, names=NAMES, periodic=periodic)

    return make


@pytest.fixture(scope="session")
def variable(
    mixed: Callable[..., Descriptors], xyz: NDArray[np.float64]
) -> Callable[..., CollectiveVariable]:
    """Collective variables with random weights: of every kind of part by default."""

    def make(
        dim: int = 2,
        *,
        end: str = "linear",
        activation: str = "tanh",
        hidden: tuple[int, ...] = (7, 5),
        descriptors: Descriptors | None = None,
        **settings: Any,
    ) -> CollectiveVariable:
        given = descriptors or mixed()
        rng = np.random.default_rng(dim)
        columns, table = inputs_of(given, xyz)
        sizes = np.array([len(table), *hidden, dim * (1 + (end == "angles"))])
        weights = [rng.normal(size=(i + 1) * o) / math.sqrt(i) for i, o in pairwise(sizes)]
        encoder = NumpyEncoder(
            columns=np.array(columns),
            function=table[:, 0].astype(np.int64),
            column=table[:, 1].astype(np.int64),
            a=table[:, 2].copy(),
            b=table[:, 3].copy(),
            least=np.full(len(table), -np.inf),
            sizes=sizes,
            weights=np.concatenate(weights),
            activation=activation,
            end=end,
        )
        ranges = {} if end == "angles" else {"low": [-3.0] * dim, "high": [3.0] * dim}
        return CollectiveVariable(encoder=encoder, descriptors=given, **ranges, **settings)

    return make


def inputs_of(
    descriptors: Descriptors, xyz: NDArray[np.float64]
) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the numbers, and rows (function, column, a, b) that normalise them."""
    columns: list[str] = []
    rows: list[tuple[float, ...]] = []
    box = 10 * np.eye(3) if descriptors.periodic else None
    values = descriptors.values(xyz, box)
    for field in descriptors.schema:
        for k in range(field.width):
            at = len(columns)
            columns.append(f"{field.name}.{k}")
            if field.period:
                rows += [(COSINE, at, 1.0, 1.0), (SINE, at, 1.0, 1.0)]
            else:
                rows.append((AFFINE, at, values[:, at].mean(), values[:, at].std() + 0.01))
    return columns, np.array(rows)
