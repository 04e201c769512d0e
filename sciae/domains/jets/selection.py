"""Selection: which jets become rows, and for what reason the others do not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sciae.domains.jets.entries import NOT_FINITE, finite
from sciae.domains.jets.ragged import jet_axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.entries import Candidates
    from sciae.domains.jets.ragged import Constituents
    from sciae.domains.jets.window import Window

    Columns = dict[str, NDArray[Any]]

__all__ = ["REASONS", "Selected", "selected"]

WRONG, EMPTY, OUTSIDE, SECOND = 1, 2, 3, 4
REASONS = {
    WRONG: NOT_FINITE,
    EMPTY: "no constituents",
    OUTSIDE: "outside the window",
    SECOND: "not the leading jet",
}


class Selected(NamedTuple):
    """Of each candidate: why it is left out, and its kinematics."""

    reasons: NDArray[np.int64]  # 0 where it is kept, else a key of REASONS
    axis: Columns  # jet_pt, jet_eta, ... as far as they are known

    @property
    def rejected(self) -> Counter[str]:
        """How many are left out for each reason."""
        left_out = self.reasons[self.reasons != 0]
        return Counter(REASONS[code] for code in left_out.tolist())


def selected(found: Candidates, window: Window) -> Selected:
    """Sort candidates out: damaged, empty, or outside the window."""
    reasons = np.zeros(len(found.entry), np.int64)
    if found.jets is None:
        axis = {f"jet_{n}": found.stored[n] for n in ("pt", "eta", "mass") if n in found.stored}
        fine = np.all([np.isfinite(x) for x in found.stored.values()], axis=0)
    else:
        axis, fine = _axis(found.jets), finite(found.jets)
        reasons[axis["jet_multiplicity"] == 0] = EMPTY
    reasons[~fine] = WRONG
    reasons[(reasons == 0) & _outside(axis, window)] = OUTSIDE
    if window.jets == "leading" and found.jets is None:
        reasons[_not_leading(found, reasons)] = SECOND
    return Selected(reasons, axis)


def _axis(jets: Constituents) -> Columns:
    row = np.repeat(np.arange(len(jets)), jets.counts)
    count = np.bincount(row[jets.pt > 0], minlength=len(jets))
    return {
        **{f"jet_{n}": x for n, x in jet_axis(jets)._asdict().items()},
        "jet_multiplicity": count.astype(np.int64),
    }


def _outside(axis: Columns, window: Window) -> NDArray[np.bool_]:
    outside = np.zeros(len(next(iter(axis.values()))), np.bool_)
    if "jet_pt" in axis:
        low, high = window.pt
        outside |= (axis["jet_pt"] < low) | (axis["jet_pt"] > high)
    if "jet_eta" in axis:
        outside |= np.abs(axis["jet_eta"]) > window.abs_eta
    return outside


def _not_leading(found: Candidates, reasons: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Stored jets that are not the first usable one of their entry (stored hardest first)."""
    fine = np.flatnonzero(reasons == 0)
    first = np.diff(found.entry[fine], prepend=-1) != 0
    late = np.zeros(len(reasons), np.bool_)
    late[fine[~first]] = True
    return late
