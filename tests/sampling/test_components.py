from __future__ import annotations

import itertools

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.errors import SpecError
from sciae.export import NumpyEncoder
from sciae.sampling.components import components


def variable(*, hidden: int = 0, end: str = "linear") -> CollectiveVariable:
    rng = np.random.default_rng(3)
    sizes = np.array([4, hidden, 4] if hidden else [4, 4])
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    encoder = NumpyEncoder(
        columns=np.array(list("abcd")), function=np.zeros(4, int), column=np.arange(4),
        a=rng.normal(size=4), b=np.ones(4), least=np.full(4, -np.inf), sizes=sizes,
        weights=rng.normal(size=count), activation="tanh", end=end,
    )  # fmt: skip
    dim = 2 if end == "angles" else 4
    return CollectiveVariable(encoder=encoder, low=-np.arange(1.0, dim + 1), high=np.ones(dim))


@pytest.mark.parametrize("hidden", [0, 5])
@pytest.mark.parametrize("which", [(0,), (2, 0), (3, 1, 2)])
def test_some_coordinates_have_the_values_they_had(hidden: int, which: tuple[int, ...]) -> None:
    whole, x = variable(hidden=hidden), np.random.default_rng(4).normal(size=(7, 4))
    part = components(whole, which)
    np.testing.assert_allclose(part.of_numbers(x), whole.of_numbers(x)[:, which], rtol=1e-14)
    assert part.low.tolist() == whole.low[list(which)].tolist()
    assert part.names == tuple(whole.names[k] for k in which)


def test_a_coordinate_that_is_not_there_is_refused() -> None:
    with pytest.raises(SpecError, match=r"coordinates \[4\] of 4"):
        components(variable(), [4])


def test_angles_are_refused() -> None:
    with pytest.raises(SpecError, match="without a period"):
        components(variable(end="angles"), [0])
