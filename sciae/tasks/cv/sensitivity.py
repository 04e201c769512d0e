"""Sensitivity: how much each descriptor moves a variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.tasks.cv.frames import numbers, row_weights
from sciae.tasks.cv.spread import spreads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.table import Table

__all__ = ["Sensitivity", "sensitivity"]

ROWS = 20_000  # looked at, evenly spaced
SHOWN = 10


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Shares of each coordinate's change, by raw number.

    Attributes
    ----------
    labels : tuple of str
        One per number: the descriptors', or the columns' names.
    share : array, shape (number, dim)
        Each column sums to one.
    """

    labels: tuple[str, ...]
    share: NDArray[np.float64]

    def ranked(self, coordinate: int = 0) -> tuple[tuple[str, float], ...]:
        """Labels and shares of one coordinate, largest first."""
        order = np.argsort(-self.share[:, coordinate], kind="stable")
        return tuple((self.labels[i], float(self.share[i, coordinate])) for i in order)

    def __str__(self) -> str:
        lines = [
            f"s{d}: " + ", ".join(f"{name} {100 * x:.0f} %" for name, x in self.ranked(d)[:SHOWN])
            for d in range(self.share.shape[1])
        ]
        return "\n".join(lines)


def sensitivity(
    variable: CollectiveVariable, table: Table, *, labels: Sequence[str] = ()
) -> Sensitivity:
    r"""How much of a variable's change each raw number makes.

    .. math:: S_i \propto \sigma_i \sum_t w_t
              \left| \frac{\partial s}{\partial v_i} (x_t) \right|

    with the standard deviation of the number, circular for angles. Strongly correlated
    numbers share what they tell in a way that the training left to chance.

    Parameters
    ----------
    variable : CollectiveVariable
    table : Table
        Of the variable's descriptors; of more than 20 000 rows, evenly spaced ones.
    labels : sequence of str
        Of the numbers, such as those of `sciae.domains.trajectories.Trajectories.labels`
        ("phi ALA2"); by default the variable's own.

    Raises
    ------
    SchemaError
        If the table's fields are not the variable's.
    SpecError
        If there are not as many labels as numbers.
    """
    table = table.take(np.linspace(0, len(table) - 1, min(ROWS, len(table))).astype(np.int64))
    variable.of_table(table)  # or say which fields differ
    weight = row_weights(table)
    gradient = variable.encoder.value_and_gradient(numbers(table)).gradient
    mean = np.tensordot(weight / weight.sum(), np.abs(gradient), 1)  # (coordinate, number)
    each = (mean * spreads(table)).T
    own = variable.encoder.columns if variable.descriptors is None else variable.descriptors.labels
    named = tuple(map(str, labels or own))
    if len(named) != len(each):
        raise SpecError(f"{len(named)} labels", where="sensitivity", expected=f"{len(each)}")
    return Sensitivity(named, each / each.sum(0))
