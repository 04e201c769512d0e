"""Round, Rounds: what each round biased, and what came of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.free_energy import examine, minima, outside, profile, transitions
from sciae.free_energy.weights import effective_size

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.free_energy import Minimum, Verdict
    from sciae.simulation import BiasedRun

__all__ = ["Round", "Rounds", "judged", "summary", "watched"]

BINS = 60
PS_PER_NS = 1000.0
CELLS = {1: 60, 2: 15, 3: 6}  # per dimension
EARLY = 0.2  # share of a run that finds its bias first


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round in numbers.

    Attributes
    ----------
    number : int
    kind : str
        "given", "explore" or "refine".
    time : float
        ns, of all walkers.
    transitions_per_ns : float
        Between the two deepest basins along the biased variable; NaN where it shows one.
    n_eff : float
        Frames that count after reweighting.
    coverage : float
        Share of the known latent's cells that were visited.
    outside : float
        Weight of the frames beyond the known latent.
    newness : float
        Weight of what the first frames do not know; see `sciae.sampling.learner`.
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
    newness: float = 0.0
    next: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; NaN becomes None."""
        values = asdict(self)
        if math.isnan(self.transitions_per_ns):
            values["transitions_per_ns"] = None
        return values

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Round:
        """What `to_json` gave."""
        rate = content["transitions_per_ns"]
        return cls(**{**content, "transitions_per_ns": math.nan if rate is None else rate})

    def __str__(self) -> str:
        crossed = f"{self.transitions_per_ns:.3g} transitions per ns"
        if self.transitions_per_ns != self.transitions_per_ns:
            crossed = "one basin along it"
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
    """

    directory: Path
    rounds: tuple[Round, ...]
    variable: CollectiveVariable
    run: BiasedRun

    @property
    def verdict(self) -> str:
        """Each round in words, and whether the last may be believed."""
        return "\n".join([*map(str, self.rounds), str(judged(self.run))])


def summary(number: int, kind: str, run: BiasedRun, *, newness: float, then: str) -> Round:
    """One round in numbers."""
    return Round(
        number=number,
        kind=kind,
        time=run.steps * run.plan.timestep / PS_PER_NS,
        transitions_per_ns=watched(run),
        n_eff=effective_size(run.log_weight),
        coverage=_coverage(run),
        outside=_outside(run),
        newness=newness,
        next=then,
    )


def watched(run: BiasedRun) -> float:
    """Transitions per ns between the two deepest basins of a run; NaN if there is one basin."""
    found = _basins(run)
    if found is None:
        return math.nan
    return transitions(
        run.variable[:, 0], *found, step=_step(run), group=run.walker, period=_period(run)
    ).per_ns


def judged(run: BiasedRun) -> Verdict:
    """Whether a run may be called converged, by its own two deepest basins."""
    basins = _basins(run)
    far = (run.variable.max() + 1, run.variable.max() + 2)  # a basin that was never seen
    a, b = basins if basins is not None else (lambda x: np.ones(len(x), bool), far)
    return examine(
        run.variable[:, 0], a, b, temperature=run.temperature, step=_step(run),
        outside=_outside(run), log_weight=run.log_weight, group=run.walker,
        period=_period(run), skip=EARLY,
    )  # fmt: skip


def _basins(run: BiasedRun) -> tuple[Minimum, Minimum] | None:
    """The two deepest along the first coordinate, or None."""
    s = run.variable[:, 0]
    edges = np.linspace(s.min(), np.nextafter(s.max(), np.inf), BINS + 1)
    if (period := _period(run)) is not None:
        edges = np.linspace(-period / 2, period / 2, BINS + 1)
    found = minima(
        profile(
            s,
            edges=edges,
            temperature=run.temperature,
            log_weight=run.log_weight,
            group=run.walker,
            period=period,
            skip=EARLY,
        )
    )
    return (found[0], found[1]) if len(found) > 1 else None


def _period(run: BiasedRun) -> float | None:
    period: float | None = run.plan.periods[0]
    return period


def _step(run: BiasedRun) -> float:
    step: float = run.plan.timestep * run.plan.stride
    return step


def _outside(run: BiasedRun) -> float:
    low, high = _range(run)
    return outside(
        run.variable, low=low, high=high, log_weight=run.log_weight, period=run.plan.periods
    )


def _coverage(run: BiasedRun) -> float:
    """Share of the cells of the known latent with a frame."""
    low, high = _range(run)
    bins = CELLS[run.plan.dim]
    counts, _ = np.histogramdd(run.variable, bins=bins, range=list(zip(low, high, strict=True)))
    return float((counts > 0).mean())


def _range(run: BiasedRun) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sciae.collective import CollectiveVariable

    variable = CollectiveVariable.load(run.directory / "cv")
    return variable.low, variable.high
