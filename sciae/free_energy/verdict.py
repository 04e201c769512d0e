"""Verdict: whether a biased run may be called converged, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sciae.free_energy.weights import FEW, thermal_energy

if TYPE_CHECKING:
    from sciae.free_energy.interval import Interval
    from sciae.free_energy.transitions import Transitions

__all__ = [
    "BEYOND",
    "CROSSINGS",
    "HYSTERESIS",
    "MOVED",
    "PRECISION",
    "TURNED",
    "Finding",
    "Verdict",
    "verdict",
]

# n memoryless crossings each way leave a relative error of sqrt(2 / n) in a ratio of
# populations: 0.45 kT at 10, and no error bar that can be trusted much below.
CROSSINGS = 10
# Two halves further apart than 1 kT disagree on which basin is more populated by more than
# what chemists call accuracy (2.5 kJ/mol at 300 K).
MOVED = 1.0
HYSTERESIS = 1.0
# An interval wider than ±1 kT does not tell a ratio of populations from one e times larger.
PRECISION = 1.0
# Outside of the range a learnt coordinate saw, its value is an extrapolation.
BEYOND = 0.05
# Bonds at 2 fs have 0.6; at 2 no integrator is stable.
TURNED = 1.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One condition of convergence.

    Attributes
    ----------
    name : str
    passed : bool
    words : str
        What was found and what was wanted, in one sentence.
    """

    name: str
    passed: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All conditions; a run is converged if each of them is met, and not otherwise."""

    findings: tuple[Finding, ...]

    @property
    def converged(self) -> bool:
        """Every condition was examined and met."""
        return bool(self.findings) and all(finding.passed for finding in self.findings)

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        failed = [finding.words for finding in self.findings if not finding.passed]
        if not failed and self.findings:
            return "Converged as far as can be told: every condition is met."
        return "Not converged: " + "; ".join(failed or ["nothing was examined"]) + "."

    def __str__(self) -> str:
        marks = {True: "yes", False: "NO "}
        lines = [f"{marks[f.passed]}  {f.name}: {f.words}" for f in self.findings]
        return "\n".join([self.words, *lines])


def verdict(
    *,
    transitions: Transitions | None = None,
    n_eff: float | None = None,
    drift: Interval | None = None,
    hysteresis: Interval | None = None,
    outside: float | None = None,
    stiffness: float | None = None,
    difference: Interval | None = None,
    temperature: float,
) -> Verdict:
    """Judged from numbers; what is not given counts as not met.

    Parameters
    ----------
    transitions : Transitions
    n_eff : float
        Effective number of frames of the weights, from `sciae.free_energy.effective_size`.
    drift : Interval
        In kT, from `sciae.free_energy.drift`.
    hysteresis, difference : Interval
        From `sciae.free_energy.hysteresis` and `sciae.free_energy.delta`, in kJ/mol.
    outside : float
        Share of the weight outside of the range that the coordinates were learnt on; 0 for
        coordinates that were not learnt.
    stiffness : float, optional
        Radians that the stiffest motion under the bias turns in a time step, from
        `sciae.sampling.stiffness`; where it is not known, nothing is said of it.
    temperature : float
        K.

    Examples
    --------
    >>> str(verdict(n_eff=12.0, temperature=300.0).findings[1].words)
    'the frames weigh as much as 12 equal ones, wanted are 100'
    """
    kT = thermal_energy(temperature)  # noqa: N806 - its name in physics
    return Verdict(
        findings=(
            _transitions(transitions),
            _size(n_eff),
            _still("drift", "the two halves of the run", drift, 1.0, MOVED),
            _still("hysteresis", "crossings forward and backward", hysteresis, kT, HYSTERESIS),
            _precise(difference, kT),
            _inside(outside),
            *(() if stiffness is None else (_followed(stiffness),)),
        )
    )


def _missing(name: str) -> Finding:
    return Finding(name=name, passed=False, words=f"{name} was not examined")


def _transitions(found: Transitions | None) -> Finding:
    if found is None:
        return _missing("transitions")
    words = f"{found.forward} transitions forward and {found.backward} backward"
    words += f", wanted are {CROSSINGS} each way"
    return Finding(name="transitions", passed=found.both_ways >= CROSSINGS, words=words)


def _size(n_eff: float | None) -> Finding:
    if n_eff is None:
        return _missing("effective size")
    words = f"the frames weigh as much as {n_eff:.0f} equal ones, wanted are {FEW:.0f}"
    return Finding(name="effective size", passed=n_eff >= FEW, words=words)


def _still(name: str, who: str, found: Interval | None, unit: float, limit: float) -> Finding:
    """Passed if the difference is small, and no larger than its own error allows."""
    if found is None:
        return _missing(name)
    if not (found.known and math.isfinite(found.value)):
        words = f"{who} cannot be compared: one of them lacks crossings"
        return Finding(name=name, passed=False, words=words)
    value, error = found.value / unit, found.error / unit
    small, explained = abs(value) <= limit, found.covers(0.0)
    words = f"{who} differ by {value:+.2f} ± {error:.2f} kT"
    if not small:
        words += f", wanted is at most {limit:g} kT"
    elif not explained:
        words += ", which is more than chance explains"
    return Finding(name=name, passed=small and explained, words=words)


def _precise(found: Interval | None, unit: float) -> Finding:
    if found is None:
        return _missing("precision")
    if not found.known:
        words = "ΔF has no interval: the run did not cross both ways"
        return Finding(name="precision", passed=False, words=words)
    half = (found.high - found.low) / 2 / unit
    words = f"the 95 % interval of ΔF is ±{half:.2f} kT wide, wanted is ±{PRECISION:g} kT at most"
    return Finding(name="precision", passed=half <= PRECISION, words=words)


def _followed(stiffness: float) -> Finding:
    words = (
        f"the stiffest motion under the bias turns {stiffness:.2f} rad in a time step, wanted is "
        f"at most {TURNED:g}"
    )
    return Finding(name="time step", passed=stiffness <= TURNED, words=words)


def _inside(share: float | None) -> Finding:
    if share is None:
        return _missing("range")
    words = (
        f"{100 * share:.1f} % of the weight lies outside of the range that the coordinates "
        f"were learnt on, wanted is at most {100 * BEYOND:g} %"
    )
    return Finding(name="range", passed=share <= BEYOND, words=words)
