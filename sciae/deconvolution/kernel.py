"""Kernel: the law of z where s is known, as a response matrix that may bend within its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Kernel", "Known", "spilt"]

LOST = 1e-9
SPILT = 1e-6  # of the frames of any s may be in any bin of z: none is impossible


@runtime_checkable
class Kernel(Protocol):
    r"""Response :math:`K_{ji} = P(z \in j \mid s \in i)`, and the ways in which it is uncertain.

    Each way x is a standard normal number: K(0) is the best estimate.
    """

    @property
    def source(self) -> str:
        """Where it is from, in words."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What makes it doubtful."""

    @property
    def ways(self) -> int:
        """How many numbers say how it bends."""

    def at(self, x: ArrayLike) -> Array:
        """K(x), shape (z bin, s bin); columns sum to one, less what no bin of z holds."""

    def slopes(self, x: ArrayLike) -> Array:
        """dK/dx, shape (way, z bin, s bin)."""


@dataclass(frozen=True, eq=False)
class Known:
    """A kernel without errors.

    Parameters
    ----------
    response : array, shape (z bin, s bin)

    Raises
    ------
    DataError
        If an entry is no probability, or a column sums to more than one.
    """

    response: Array
    source: str = "given"
    notes: tuple[str, ...] = ()
    ways: int = 0

    def __post_init__(self) -> None:
        given = np.array(self.response, np.float64)
        if given.ndim != 2 or not np.isfinite(given).all() or (given < 0).any():  # noqa: PLR2004
            raise DataError("entries that are no probabilities", where="Known")
        if (sums := given.sum(0)).max() > 1 + LOST:
            raise DataError(
                f"column {int(sums.argmax())} sums to {sums.max():.3g}", where="Known",
                expected="one at most",
                fix="Columns are s, rows are z: perhaps it is the other way round.",
            )  # fmt: skip
        object.__setattr__(self, "response", given)

    def at(self, x: ArrayLike) -> Array:  # noqa: ARG002 - it bends in no way
        """The response."""
        return spilt(self.response)

    def slopes(self, x: ArrayLike) -> Array:  # noqa: ARG002
        """None."""
        return np.zeros((0, *self.response.shape))


def spilt(response: Array) -> Array:
    """With a millionth of each column spread over all bins of z.

    Examples
    --------
    >>> spilt(np.eye(2)).sum(0)
    array([1., 1.])
    """
    spread: Array = (1 - SPILT) * response + SPILT * response.sum(0) / len(response)
    return spread
