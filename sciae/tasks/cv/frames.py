"""Frames: the rows of a table as an encoder sees them, with weights, trajectories and labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch

from sciae.autoencoders.kinds.flat import flat_layout
from sciae.autoencoders.normalise import Normaliser
from sciae.autoencoders.raw.inputs import names
from sciae.batch import to_batch
from sciae.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sciae.table import Table

    Array = NDArray[np.float64]

__all__ = ["FLOORS", "Frames", "fitted_normaliser", "numbers", "row_weights"]

FLOORS: Mapping[str, float] = MappingProxyType({"nm": 0.005})
NAMED = 5  # columns named in a message


@dataclass(frozen=True, eq=False)
class Frames:
    """Normalised rows.

    Attributes
    ----------
    table : Table
        The rows in raw units; its `group` is the trajectory, or the block of time.
    inputs : array of float64, shape (row, input)
        As the normaliser makes them: standardised numbers, cosine and sine of angles.
    weight : array of float64, shape (row,)
        As in the table, or ones.
    normaliser : Normaliser
    label : array of int, shape (row,), or None
        State of each row, -1 where it has none.
    """

    table: Table
    inputs: Array
    weight: Array
    normaliser: Normaliser
    label: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls, table: Table, normaliser: Normaliser, label: NDArray[np.int64] | None = None
    ) -> Frames:
        """The rows of a table, in its order."""
        inputs: Array = normaliser(to_batch(table), torch.float64).inputs.numpy()
        return cls(table, inputs, row_weights(table), normaliser, label)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def group(self) -> NDArray[np.int64]:
        """The trajectory of each row."""
        return np.zeros(len(self), np.int64) if self.table.group is None else self.table.group

    @property
    def states(self) -> NDArray[np.int64]:
        """The label of each row, of frames that have labels."""
        assert self.label is not None
        return self.label

    def labelled(self, label: NDArray[np.int64]) -> Frames:
        """The same rows with other states."""
        return replace(self, label=label)


def numbers(table: Table) -> Array:
    """Raw numbers, shape (row, number): fields in the schema's order, each flattened."""
    flat_layout(table.schema, "cv")
    parts = [table[field.name].reshape(len(table), field.width) for field in table.schema]
    return np.concatenate([part.astype(np.float64, copy=False) for part in parts], 1)


def row_weights(table: Table) -> Array:
    """Weight of each row, ones by default.

    Raises
    ------
    DataError
        If one is negative, or all are zero: frames are reweighted, not subtracted.
    """
    if table.weight is None:
        return np.ones(len(table))
    if (bad := int((table.weight < 0).sum())) or not table.weight.sum() > 0:
        raise DataError(
            f"{bad} of {len(table)} weights are negative" if bad else "all weights are zero",
            where="field 'weight'",
            expected="weights >= 0, some above",
        )
    return table.weight


def fitted_normaliser(table: Table, floor: Mapping[str, float]) -> Normaliser:
    """Location and scale of each number; no scale falls below the floor of its unit.

    A stiff distance varies by 0.002 nm. Divided by that, its noise would count as much as
    the motion of a whole domain, in every loss that is not invariant to scale:
    reconstruction, PCA, weight decay, the first steps of any training.

    Parameters
    ----------
    table : Table
    floor : mapping of str to float
        Least standard deviation by unit, `FLOORS` by default.

    Raises
    ------
    DataError
        If a number is missing, or never varies; names the columns.
    """
    raw = numbers(table)
    _check(table, np.isnan(raw.sum(0)), "not observed in some rows", "finite numbers in each row")
    span, size = raw.max(0) - raw.min(0), np.abs(raw).max(0)
    _check(table, span <= 1e-12 * size, "the same in all rows", "numbers that vary")
    normaliser = Normaliser(table.schema).fit([table])
    for place in normaliser.layout.places:
        if place.field.kind == "continuous" and place.field.unit in floor:
            normaliser.scale[place.targets].clamp_(min=floor[place.field.unit])
    return normaliser


def _check(table: Table, bad: NDArray[np.bool_], what: str, expected: str) -> None:
    if not bad.any():
        return
    every = [name for field in table.schema for name in names(field)]
    found = [every[at] for at in np.flatnonzero(bad)]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise DataError(
        f"{', '.join(found[:NAMED])}{more}: {what}",
        where="learn",
        expected=expected,
        fix="Leave these numbers out of the descriptors.",
    )
