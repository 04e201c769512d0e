"""What a model draws, or tells of a row, are columns of its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.batch import to_batch
from sciae.errors import SpecError
from sciae.schema import MASK, Field, Schema
from sciae.table import Table

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 40
WITH_A_PRIOR = {
    "variational", "beta", "beta-tc", "composite", "vq", "finite-scalar", "poisson", "ring",
}  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_are_rows_of_the_schema(case: Any, dtype: torch.dtype) -> None:
    model, rng = case.model.to(dtype), torch.Generator().manual_seed(1)
    kind = case.name.split()[0]
    if kind in WITH_A_PRIOR:
        columns = model.sample(ROWS, rng)
    else:
        with pytest.raises(SpecError, match=r"no prior to draw from.*sciae\.autoencoders\.prior"):
            model.sample(ROWS, rng)
        z = torch.randn(ROWS, model.latent.dim, generator=rng, dtype=dtype)
        columns = model.draw(z, rng)
    assert [*columns] == [*case.table.schema.columns()]
    numbers = {name: x.numpy() for name, x in columns.items()}
    table = Table(case.table.schema, numbers)  # raises unless values are of their kind
    assert len(table) == ROWS
    for name, values in table.columns.items():
        assert np.array_equal(values, numbers[name])


def assert_a_guess(field: Field, x: Tensor) -> None:
    """A mean where there is one: a share of yes, a rate; else a class, an angle, a number."""
    assert x.isfinite().all()
    if field.kind in ("binary", "composition"):
        assert ((x >= 0) & (x <= 1)).all()
    elif field.kind == "count":
        assert (x >= 0).all()
    elif field.kind == "categorical":
        assert ((x == x.round()) & (x >= 0) & (x < len(field.classes))).all()
    elif field.kind == "periodic":
        assert field.period is not None
        assert (x.abs() <= field.period / 2 * (1 + 1e-6)).all()


def test_reconstructions_are_best_guesses_of_each_column(case: Any) -> None:
    columns = case.model.reconstruct(to_batch(case.table))
    assert [*columns] == [*case.table.schema.columns()]
    assert all(x.shape == case.table[name].shape for name, x in columns.items())
    for field in case.table.schema:
        if field.kind == "sequence":  # tokens, which are valid
            Table(Schema((field,)), {field.name: columns[field.name].numpy()})
        elif field.kind == "set":
            assert columns[f"{field.name}.{MASK}"].dtype == torch.bool
            for part in field.inner:
                assert_a_guess(part, columns[f"{field.name}.{part.name}"])
        else:
            assert_a_guess(field, columns[field.name])
