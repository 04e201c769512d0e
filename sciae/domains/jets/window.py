"""Window: which jets are looked at, and how they are found in an event."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sciae.domains.jets.cluster import ALGORITHMS
from sciae.errors import SpecError

__all__ = ["Window"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Jet finding and selection.

    Attributes
    ----------
    algorithm : str
        "antikt", "cambridge" or "kt"; used where an entry is an event.
    radius : float
        Jet radius R; also the scale of the observables.
    pt : pair of float
        Jets with pT inside, in GeV.
    abs_eta : float
        Jets with an absolute pseudorapidity up to this.
    jets : str
        Of an event: "leading", the hardest one inside the window, or "all".
    """

    algorithm: str = "antikt"
    radius: float = 0.8
    pt: tuple[float, float] = (0.0, math.inf)
    abs_eta: float = math.inf
    jets: str = "leading"

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise SpecError(
                f"no algorithm {self.algorithm!r}", expected=f"one of {', '.join(ALGORITHMS)}"
            )
        if self.jets not in ("leading", "all"):
            raise SpecError(f"jets {self.jets!r}", where="Window", expected="'leading' or 'all'")
        low, high = self.pt
        if not (self.radius > 0 and 0 <= low < high and self.abs_eta > 0):
            raise SpecError(
                f"radius {self.radius}, pt {self.pt}, abs_eta {self.abs_eta}",
                where="Window",
                expected="positive, and a rising pair of pt",
            )
