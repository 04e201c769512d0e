"""Target: what a bias of OPES aims at, and the constants that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sciae.errors import SpecError

__all__ = ["Target", "target_of"]


@dataclass(frozen=True)
class Target:
    """Constants that follow from barrier and bias factor.

    With explore, the estimate is of the *sampled* distribution, and the bias is
    (gamma - 1) kT times its logarithm; else (1 - 1/gamma) kT times that of the unbiased one.
    """

    gamma: float
    prefactor: float
    epsilon: float
    cutoff: float


def target_of(
    barrier: float, kt: float, gamma: float | None, epsilon: float | None, cutoff: float | None,
    *, explore: bool,
) -> Target:  # fmt: skip
    """What is given, and the rest by the rules of PLUMED's OPES_METAD."""
    if not (barrier > 0 and kt > 0):
        raise SpecError(f"barrier {barrier}, kt {kt}", where="Opes", expected="both > 0")
    gamma = barrier / kt if gamma is None else float(gamma)
    if not gamma > 1 or (explore and math.isinf(gamma)):
        raise SpecError(
            f"gamma {gamma:.3g}", where="Opes", expected="above 1, and finite to explore",
            fix="Raise the barrier above kT, or set gamma.",
        )  # fmt: skip
    prefactor = gamma - 1 if explore else 1 - 1 / gamma
    radius = math.sqrt(2 * barrier / kt / (1 if explore else prefactor))
    epsilon = math.exp(-barrier / prefactor / kt) if epsilon is None else float(epsilon)
    if not epsilon > 0:
        raise SpecError("epsilon 0", where="Opes", expected="> 0", fix="Lower the barrier.")
    return Target(gamma, prefactor, epsilon, radius if cutoff is None else float(cutoff))
