"""Learned: a collective variable, what it scored, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Epoch
    from sciae.collective import CollectiveVariable
    from sciae.tasks.cv.gradients import Gradients

__all__ = ["CAUTION", "Learned"]

CAUTION = (
    "None of these numbers is evidence that the variable works for biasing: a variable can "
    "tell states apart, or be slow, and still not lead over the barrier. Bias along it, count "
    "transitions there and back, and see whether the free energy agrees between halves."
)
FEW = 200  # effective frames


@dataclass(frozen=True, eq=False, kw_only=True)
class Learned:
    """What `learn` returns.

    Attributes
    ----------
    variable : CollectiveVariable
    kind : str
    lag : int
        In rows.
    scores : mapping of str to float
        Held out: "vamp2", "gmrq", "reconstruction" (see `sciae.tasks.cv.scores`), and what
        the kind adds: eigenvalues, states.
    held_out : bool
        Whether the scores are of rows that it was not learnt from.
    time_scales : mapping of int to tuple of float
        Implied ones, by lag; all in rows.
    gradients : Gradients
        How steep the variable is along the data, and whether it is folded.
    history : tuple of Epoch
        Empty for linear kinds.
    model : Autoencoder or None
        Of reconstruction kinds.
    states : array of int, shape (row,), or None
        Of spib: the state that each row of the table leads to.
    effective_rows : float
        Kish's number of rows that the weights leave.
    row_time : float or None
        Picoseconds per row, if the table carried the time.
    notes : tuple of str
    """

    variable: CollectiveVariable
    kind: str
    lag: int
    scores: Mapping[str, float]
    time_scales: Mapping[int, tuple[float, ...]]
    gradients: Gradients
    held_out: bool = True
    history: tuple[Epoch, ...] = ()
    model: Autoencoder | None = None
    states: NDArray[np.int64] | None = None
    effective_rows: float = 0.0
    row_time: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """In words: the scores, what is wrong, and what the scores are not evidence of."""
        many = "1 coordinate" if self.variable.dim == 1 else f"{self.variable.dim} coordinates"
        found = [f"{self.kind}, {many}, lag {self._time(self.lag)}.", self._scored()]
        found += [self._slow(), *(f"{note[0].upper()}{note[1:]}." for note in self.notes)]
        if self.effective_rows < FEW:
            found.append(
                f"The weights leave {self.effective_rows:.0f} effective frames: too few to "
                f"learn from."
            )
        return " ".join(filter(None, [*found, self.gradients.verdict, CAUTION]))

    def _scored(self) -> str:
        s, where = self.scores, "Held out" if self.held_out else "On the rows it was learnt from"
        words = f"{where}, it explains {100 * s['reconstruction']:.0f} % of the variance"
        if s["vamp2"] == s["vamp2"]:  # not NaN
            words += f", VAMP-2 is {s['vamp2']:.3f} and GMRQ {s['gmrq']:.3f}"
            words += f" (at most {self.variable.dim + 1})"
        return f"{words}."

    def _slow(self) -> str:
        if not self.time_scales:
            return ""
        slowest = [f"{self._time(t[0])} (lag {self._time(n)})" for n, t in self.time_scales.items()]
        return f"Slowest implied time scale: {', '.join(slowest)}."

    def _time(self, rows: float) -> str:
        if self.row_time is None:
            return f"{rows:.3g} rows" if rows != 1 else "1 row"
        return f"{rows * self.row_time:.3g} ps"

    def __str__(self) -> str:
        return self.verdict
