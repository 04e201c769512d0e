from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from sciae.errors import SpecError
from sciae.schema import Field, Schema
from sciae.table import Table
from sciae.tasks.anomaly import pca_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 6


def table(rows: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, WIDTH)) @ rng.normal(size=(WIDTH, WIDTH)) + 5
    return Table(Schema((Field(name="x", kind="continuous", shape=(WIDTH,)),)), {"x": x})


@pytest.mark.parametrize("components", [1, 3, 5])
def test_the_error_is_that_of_scikit_learn(components: int) -> None:
    known, new = table(300, 1), table(100, 2)
    scale = StandardScaler().fit(known["x"])
    pca = PCA(components).fit(scale.transform(known["x"]))

    def error(x: NDArray[np.float64]) -> NDArray[np.float64]:
        z = scale.transform(x)
        return ((z - pca.inverse_transform(pca.transform(z))) ** 2).sum(1)

    for one in (known, new):
        found = pca_error(known, one, components=components)
        np.testing.assert_allclose(found, error(one["x"]), rtol=1e-9)


def test_the_mean_error_is_the_sum_of_the_discarded_eigenvalues() -> None:
    known = table(300, 1)
    x = (known["x"] - known["x"].mean(0)) / known["x"].std(0)
    values = np.sort(np.linalg.eigvalsh(x.T @ x / len(x)))
    for components in range(1, WIDTH):
        error = pca_error(known, known, components=components).mean()
        np.testing.assert_allclose(error, values[:-components].sum(), rtol=1e-9)


@pytest.mark.parametrize("components", [0, WIDTH, WIDTH + 1])
def test_the_number_of_components_is_checked(components: int) -> None:
    with pytest.raises(SpecError, match="expected 1 to 5"):
        pca_error(table(50, 1), table(50, 1), components=components)
