"""What every engine can do: the protocol that the drive loop relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Engine"]


@runtime_checkable
class Engine(Protocol):
    """Something that moves under its own forces and those of a bias, step by step.

    The bias acts through its tables, which the engine reads at every step: a deposit acts
    from the next step on. Neither reading a property nor taking a checkpoint changes what
    follows.
    """

    def step(self, n: int) -> None:
        """Take `n` time steps.

        Raises
        ------
        SimulationError
            If what moves is no longer finite.
        """

    @property
    def time(self) -> float:
        """In ps, from the start."""

    @property
    def position(self) -> NDArray[np.float64]:
        """Where everything is, shape (atom, 3) in nm; (dimension,) of a particle."""

    @property
    def box(self) -> NDArray[np.float64] | None:
        """Box vectors as rows, (3, 3) in nm, if there is one."""

    @property
    def variable(self) -> NDArray[np.float64]:
        """Collective variable at `position`, shape (dim,)."""

    def checkpoint(self) -> bytes:
        """Everything that decides what follows, random numbers included."""

    def restore(self, content: bytes) -> None:
        """Go on from a checkpoint of an engine with the same settings."""
