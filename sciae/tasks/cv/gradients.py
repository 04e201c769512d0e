"""Gradients: whether a variable is flat somewhere, and whether it is folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans

from sciae.tasks.cv.encoder import coordinates
from sciae.tasks.cv.frames import numbers, row_weights
from sciae.tasks.cv.spread import spreads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.table import Table

    Array = NDArray[np.float64]

__all__ = ["Gradients", "gradient_norm"]

ROWS = 5000  # looked at, evenly spaced
STILL = 0.01  # of the 99th percentile of the gradient: less is nearly none
FLAT = 0.05  # share of frames without a gradient
BINS, LEAST = 25, 40  # bins of s, and frames in one
TIGHT = 0.85  # variance between two halves of a bin, over all: 0.64 if normal, 0.75 if uniform
VALLEY = 0.05  # share of a bin's frames in the middle third between the halves
SMALL = 0.1  # share of the smaller half
APART = 1.0  # distance of the halves, in standard deviations of the inputs
FOLDED = 0.2  # share of bins


@dataclass(frozen=True, eq=False)
class Gradients:
    """How ``|ds/dv|`` is spread over the data, each raw number in its standard deviations.

    Attributes
    ----------
    norm : array, shape (row, dim)
        Of the rows looked at.
    ratio : array, shape (dim,)
        First percentile over 99th: near zero, a bias pushes hard in one place and hardly in
        another.
    still : array, shape (dim,)
        Share of frames, by weight, whose gradient is below a hundredth of the 99th percentile.
    folded : float
        Share of bins of s whose frames fall into two separate groups of the raw numbers.
    """

    norm: Array
    ratio: Array
    still: Array
    folded: float

    @property
    def flat(self) -> bool:
        """Whether a coordinate has no gradient on some of the data."""
        return bool((self.still > FLAT).any())

    @property
    def verdict(self) -> str:
        """In words; empty if there is nothing to say against it."""
        found = []
        if self.flat:
            worst = int(self.still.argmax())
            found.append(
                f"Flat: coordinate {worst} has nearly no gradient on "
                f"{100 * self.still[worst]:.0f} % of the frames (1st over 99th percentile "
                f"{self.ratio[worst]:.1e}); a bias gives no force there."
            )
        if self.folded > FOLDED:
            found.append(
                f"Folded: in {100 * self.folded:.0f} % of its bins the frames fall into two "
                f"separate groups; the variable runs over them twice, or is blind to what "
                f"parts them, and a bias cannot tell them apart."
            )
        return " ".join(found)


def gradient_norm(variable: CollectiveVariable, table: Table) -> Gradients:
    r"""The gradient of a variable along data, and whether it is folded.

    .. math:: |\nabla s| = \Big(\sum_i \big(\sigma_i\, \partial s / \partial v_i\big)^2
              \Big)^{1/2}

    Fold: the rows are sorted into bins of s, and those of each bin projected onto their first
    principal component. If they form two tight groups with an empty valley between, one
    value of s stands for two places. For a line laid through a circle that is nearly every
    bin; where a second slow motion is not in s, it is many.

    Parameters
    ----------
    variable : CollectiveVariable
    table : Table
        Of the variable's descriptors; of more than 5000 rows, evenly spaced ones.

    Raises
    ------
    SchemaError
        If the table's fields are not the variable's.
    """
    table = table.take(np.linspace(0, len(table) - 1, min(ROWS, len(table))).astype(np.int64))
    s, raw, weight = variable.of_table(table), numbers(table), row_weights(table)
    sigma = spreads(table)
    gradient = variable.encoder.value_and_gradient(raw).gradient
    norm = np.sqrt(np.square(gradient * sigma).sum(2))
    low, high = np.percentile(norm, [1, 99], axis=0)
    still = (weight / weight.sum()) @ (norm <= STILL * high)
    ratio = low / np.where(high > 0, high, 1.0)
    return Gradients(norm, ratio, still, _folded(coordinates(s, variable.periods), table))


def _folded(s: Array, table: Table) -> float:
    """Share of the bins of s that hold two groups of frames."""
    x = _standardised(table)
    bins = max(2, min(BINS, len(s) // LEAST))
    if s.shape[1] == 1:
        cell = np.searchsorted(np.quantile(s[:, 0], np.linspace(0, 1, bins + 1)[1:-1]), s[:, 0])
    else:
        cell = KMeans(bins, n_init=1, random_state=0).fit_predict((s - s.mean(0)) / s.std(0))
    rows = [x[cell == one] for one in range(bins)]
    found = [_two_groups(one) for one in rows if len(one) >= LEAST // 2]
    return sum(found) / max(1, len(found))


def _standardised(table: Table) -> Array:
    """Numbers in standard deviations, angles as points on a circle of radius one."""
    period = [f.period for f in table.schema for _ in range(f.width)]
    raw, sigma = numbers(table), spreads(table)
    turns = np.array([p is not None for p in period])
    scale = np.where(turns | (sigma == 0), 1.0, sigma)
    flat: Array = coordinates(raw, tuple(period)) / np.repeat(scale, 1 + turns)
    return flat


def _two_groups(x: Array) -> bool:
    """Whether the rows form two tight groups along their first principal component."""
    centred = x - x.mean(0)
    t = np.sort(centred @ np.linalg.svd(centred, full_matrices=False)[2][0])
    n = np.arange(1, len(t))
    left = np.cumsum(t)[:-1]
    between = np.square(left) / (n * (len(t) - n))  # t has mean zero
    cut = int(between.argmax()) + 1
    total = float(np.square(t).mean())
    one, other = t[:cut].mean(), t[cut:].mean()
    third = (other - one) / 3
    middle = float(((t > one + third) & (t < other - third)).mean())
    tight = float(between.max()) > TIGHT * total
    return bool(
        tight
        and middle < VALLEY
        and other - one > APART
        and min(cut, len(t) - cut) > SMALL * len(t)
    )
