"""Space: what is known of the coordinates that a bias lives on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.simulation.engines.potential import Potential

__all__ = ["Coordinates", "Space"]


class Space(Protocol):
    """Names, periods and known range: of a `CollectiveVariable`, or of `Coordinates`."""

    @property
    def names(self) -> tuple[str, ...]:
        """One per coordinate."""

    @property
    def periods(self) -> tuple[float | None, ...]:
        """One per coordinate; None where there is none."""

    @property
    def low(self) -> NDArray[np.float64]:
        """Where the range begins, (dim,)."""

    @property
    def high(self) -> NDArray[np.float64]:
        """Where the range ends, (dim,)."""

    @property
    def dim(self) -> int:
        """How many coordinates."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The coordinates of a particle in a potential, as its collective variable.

    Examples
    --------
    >>> from sciae.simulation.engines.potential import double_well
    >>> Coordinates.of(double_well(dim=2)).names
    ('x', 'y')
    """

    names: tuple[str, ...]
    periods: tuple[float | None, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def dim(self) -> int:
        """How many."""
        return len(self.names)

    @classmethod
    def of(cls, potential: Potential) -> Coordinates:
        """Those of a potential."""
        low, high = np.array(potential.low), np.array(potential.high)
        periods = [
            float(length) if turns else None
            for length, turns in zip(high - low, potential.periodic, strict=True)
        ]
        return cls(tuple("xyz"[: potential.dim]), tuple(periods), low, high)
