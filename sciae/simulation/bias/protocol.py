"""What every bias can do: the protocol that engines and the drive loop rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.bias.energy import Tables
    from sciae.simulation.bias.grid import Grid

__all__ = ["Bias", "EnergyAndGradient"]


class EnergyAndGradient(NamedTuple):
    """Bias energy in kJ/mol, and its gradient (dim,) with respect to the variable."""

    energy: float
    gradient: NDArray[np.float64]


@runtime_checkable
class Bias(Protocol):
    """A bias potential V(s) of `dim` collective variables, which may grow as a run proceeds.

    Several walkers share one bias in one of two ways, with the same result bit for bit:
    one object, and `deposit` of all walkers' points, shape (walker, dim); or one object
    per process, each calling ``merge`` with everybody's ``propose(s)`` stacked in the
    order of the walkers.
    """

    @property
    def grid(self) -> Grid:
        """Where the bias is tabulated."""

    @property
    def tables(self) -> Tables:
        """Arrays that `bias_energy` reads; changed in place, the tuple stays the same."""

    @property
    def offset(self) -> float:
        """c(t) in kJ/mol, to subtract from the bias in weights; 0 where there is none."""

    def energy(self, s: ArrayLike) -> EnergyAndGradient:
        """V(s) and dV/ds at one point, shape (dim,)."""

    def deposit(self, s: ArrayLike, *, time: float | None = None) -> None:
        """Let the bias grow by the point(s) reached: ``merge(propose(s))``. `time` in ps."""

    def propose(self, s: ArrayLike) -> NDArray[np.float64]:
        """What these points would add, one row each; nothing is changed but measurements."""

    def merge(self, proposals: ArrayLike, *, time: float | None = None) -> None:
        """Add the proposals of all walkers, rows in the order of the walkers."""

    def columns(self) -> dict[str, float]:
        """Numbers to write beside each frame."""

    def header(self) -> list[str]:
        """Head of the file of records, in PLUMED's format; empty if there is no such file."""

    def records(self) -> list[str]:
        """Lines of what has been deposited since the last call, in PLUMED's format."""

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that a run needs to go on as if never stopped, as plain arrays."""

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Become what `state` was taken of, in place."""
