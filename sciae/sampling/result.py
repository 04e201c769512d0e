"""Round, Rounds: what each round biased, and what came of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.free_energy import effective_size
from sciae.free_energy.verdict import TURNED
from sciae.sampling.landscape import landscape
from sciae.sampling.sampled import of_run, outside_of
from sciae.sampling.stiffness import stiffness

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.free_energy import Verdict
    from sciae.sampling.landscape import Landscape
    from sciae.simulation import BiasedRun

__all__ = ["Round", "Rounds", "summary", "watched"]

PS_PER_NS = 1000.0
CELLS = {1: 60, 2: 15, 3: 6}  # per dimension


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round in numbers.

    Attributes
    ----------
    number : int
    kind : str
        "given", "explore", "heat" or "refine"; see `sciae.sampling.Recipe`.
    time : float
        ns, of all walkers.
    transitions_per_ns : float
        Between the first basin and the other, see `sciae.sampling.crossings`; NaN as long as
        no other is known.
    n_eff : float
        Frames that count after reweighting.
    coverage : float
        Share of the known latent's cells that were visited.
    outside : float
        Weight of the frames beyond the known latent.
    stiffness : float
        Of the bias, see `sciae.sampling.stiffness`; NaN if it is not known.
    next : str
        What the next round does, and why.
    """

    number: int
    kind: str
    time: float
    transitions_per_ns: float
    n_eff: float
    coverage: float
    outside: float
    stiffness: float = math.nan
    next: str = ""

    @property
    def is_followed(self) -> bool:
        """Whether the time step was short enough for the bias, as far as is known."""
        return not self.stiffness > TURNED

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; NaN becomes None."""
        return {n: None if v != v else v for n, v in asdict(self).items()}  # noqa: PLR0124 - NaN

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Round:
        """What `to_json` gave."""
        known: dict[str, Any] = {n: math.nan if v is None else v for n, v in content.items()}
        return cls(**known)

    def __str__(self) -> str:
        crossed = f"{self.transitions_per_ns:.3g} transitions per ns"
        if self.transitions_per_ns != self.transitions_per_ns:
            crossed = "one basin known"
        return (
            f"round {self.number} ({self.kind}, {self.time:.3g} ns): {crossed}, n_eff "
            f"{self.n_eff:.0f}, {100 * self.coverage:.0f} % of the latent covered. {self.next}"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Rounds:
    """What `rounds` returns.

    Attributes
    ----------
    directory : Path
    rounds : tuple of Round
    variable : CollectiveVariable
        That the last round biased.
    run : BiasedRun
        The last one, for free energies.
    conclusion : Verdict
        On the last run: between the two basins, or, if only one is known, between the two
        deepest along the variable.
    """

    directory: Path
    rounds: tuple[Round, ...]
    variable: CollectiveVariable
    run: BiasedRun
    conclusion: Verdict

    @property
    def verdict(self) -> str:
        """Each round in words, and whether the last may be believed."""
        return "\n".join([*map(str, self.rounds), str(self.conclusion)])


def summary(number: int, kind: str, run: BiasedRun, *, then: str) -> Round:
    """One round in numbers."""
    return Round(
        number=number,
        kind=kind,
        time=run.steps * run.plan.timestep / PS_PER_NS,
        transitions_per_ns=math.nan,
        n_eff=effective_size(run.log_weight),
        coverage=_coverage(run),
        outside=outside_of(run),
        stiffness=math.nan if (found := stiffness(run)) is None else found,
        next=then,
    )


def watched(run: BiasedRun) -> Landscape:
    """What a run says along its first coordinate, between its own two basins."""
    return landscape(of_run(run).only(0))


def _coverage(run: BiasedRun) -> float:
    """Share of the cells of the known latent with a frame."""
    variable = CollectiveVariable.load(run.directory / "cv")
    bins = CELLS[run.plan.dim]
    counts, _ = np.histogramdd(
        run.variable, bins=bins, range=list(zip(variable.low, variable.high, strict=True))
    )
    return float((counts > 0).mean())
