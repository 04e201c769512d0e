"""Rows of a table as tensors; splits that never part a group."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sciae.errors import DataError, SpecError
from sciae.rng import Seed, generator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from sciae.table import Table

__all__ = ["Batch", "split", "split_rows", "to_batch"]


@dataclass(frozen=True)
class Batch:
    """Columns of a table as tensors, in raw units.

    Attributes
    ----------
    columns : mapping of str to Tensor, shape ``(row, *field.shape)``
        As `Table.columns`; NaN, or -1 for a categorical, where not observed.
    weight : Tensor, shape (row,), or None
        None means that every row counts once.
    """

    columns: Mapping[str, Tensor]
    weight: Tensor | None = None


def to_batch(table: Table, *, device: str | torch.device = "cpu") -> Batch:
    """The whole table as tensors on `device`."""
    columns = {name: _tensor(values).to(device) for name, values in table.columns.items()}
    weight = None if table.weight is None else _tensor(table.weight).to(device)
    return Batch(columns, weight)


def _tensor(values: NDArray[Any]) -> Tensor:
    """Without a copy, unless the array may not be written to, which torch cannot express."""
    return torch.from_numpy(np.require(values, requirements=("C", "W")))


def split(table: Table, fractions: Sequence[float], *, rng: Seed = None) -> tuple[Table, ...]:
    """Parts of a table by random choice of whole groups.

    Parameters
    ----------
    table : Table
        Rows of one `group` stay together; without groups each row is its own.
    fractions : sequence of float
        Of the groups, summing to one; the parts come in this order.
    rng : int, SeedSequence, Generator or None
        SPEC 7.

    Returns
    -------
    tuple of Table
        Rows in the order of the table.

    Raises
    ------
    SpecError
        If the fractions are not positive or do not sum to one.
    DataError
        If there are fewer groups than parts, or a part's weights do not sum to a positive
        number.

    Examples
    --------
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous"),))
    >>> table = Table(schema, {"x": [0.0, 1.0, 2.0, 3.0]}, group=[7, 7, 8, 8])
    >>> [len(part) for part in split(table, (0.5, 0.5), rng=1)]
    [2, 2]
    """
    parts = tuple(table.take(rows) for rows in split_rows(table, fractions, rng=rng))
    for part in parts:
        part.require_weight()
    return parts


def split_rows(
    table: Table, fractions: Sequence[float], *, rng: Seed = None
) -> tuple[NDArray[np.int64], ...]:
    """The positions of the rows of each part that `split` makes."""
    if not fractions or min(fractions) <= 0 or not math.isclose(sum(fractions), 1):
        raise SpecError(f"fractions {tuple(fractions)}", expected="positive, summing to 1")
    rows = np.arange(len(table))
    group = rows if table.group is None else np.unique(table.group, return_inverse=True)[1]
    groups = int(group.max()) + 1 if len(group) else 0
    if groups < len(fractions):
        raise DataError(
            f"{groups} groups of rows",
            expected=f"at least {len(fractions)}",
            fix="A split needs one group or more for each part.",
        )
    part_of_group = _shuffled_parts(groups, fractions, generator(rng))
    return tuple(np.flatnonzero(part_of_group[group] == part) for part in range(len(fractions)))


def _shuffled_parts(
    groups: int, fractions: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The part of each group: the wanted counts, at least one each, shuffled."""
    cuts = np.rint(np.cumsum(fractions)[:-1] * groups).astype(int)
    counts = np.diff([0, *cuts, groups])
    while counts.min() < 1:
        counts[counts.argmin()] += 1
        counts[counts.argmax()] -= 1
    part: NDArray[np.int64] = rng.permutation(np.repeat(np.arange(len(fractions)), counts))
    return part
