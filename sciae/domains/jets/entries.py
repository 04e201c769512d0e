"""Entries to jets: branches of a range of entries as constituents, one jet per row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import awkward as ak
import numpy as np

from sciae.domains.jets.branch import numbers
from sciae.domains.jets.cluster import cluster
from sciae.domains.jets.mapping import SCALES, Mapping
from sciae.domains.jets.ragged import Constituents
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from numpy.typing import NDArray

    from sciae.domains.jets.window import Window

__all__ = ["NOT_FINITE", "NO_JET", "Candidates", "candidates", "finite"]

NOT_FINITE, NO_JET = "not finite", "no jet"


class Candidates(NamedTuple):
    """Jets of a range of entries, before any is rejected."""

    jets: Constituents | None
    stored: dict[str, NDArray[np.float64]]
    entry: NDArray[np.int64]  # within the range
    lost: Dict[str, int] = {}  # events that gave no candidate, by reason

    def take(self, chosen: NDArray[np.bool_]) -> Candidates:
        """Some of the jets."""
        jets = None if self.jets is None else self.jets.take(chosen)
        stored = {name: values[chosen] for name, values in self.stored.items()}
        return Candidates(jets, stored, self.entry[chosen], self.lost)


def candidates(array: ak.Array, mapping: Mapping, window: Window, where: str) -> Candidates:
    """The jets of these entries, by the mapping's shape.

    Raises
    ------
    SourceError
        If branches do not have the shape that the mapping says.
    """
    if mapping.stored:
        return _stored(array, mapping, where)
    everything = _constituents(array, mapping, where)
    if mapping.constituents:
        return Candidates(everything, {}, np.arange(len(everything)))
    return _clustered(everything, window)


def _clustered(everything: Constituents, window: Window) -> Candidates:
    """The jets found in events; events that hold a number that is not finite are lost."""
    fine = finite(everything)
    found = cluster(
        everything.take(fine),
        algorithm=window.algorithm,
        radius=window.radius,
        pt_min=window.pt[0],
        pt_max=window.pt[1],
        abs_eta_max=window.abs_eta,
    )
    entry = np.flatnonzero(fine)[found.event]
    leading = (
        np.ones(len(entry), bool) if window.jets == "all" else (np.diff(entry, prepend=-1) != 0)
    )
    lost = _lost(int((~fine).sum()), int(fine.sum()), entry)
    return Candidates(found.jets.take(leading), {}, entry[leading], lost)


def _lost(bad: int, good: int, entry: NDArray[np.int64]) -> dict[str, int]:
    """Events that gave no jet, by reason."""
    counts = {NOT_FINITE: bad, NO_JET: good - len(np.unique(entry))}
    return {reason: n for reason, n in counts.items() if n}


def _constituents(array: ak.Array, mapping: Mapping, where: str) -> Constituents:
    scale = {"scale": mapping.scale} if mapping.scale else {}
    columns, offsets = _flat(array, {**mapping.momenta, **scale}, where)
    unit = np.array(SCALES[mapping.unit])
    if scale:
        unit = unit * columns.pop("scale")
    for name in set(columns) - {"eta", "phi"}:
        columns[name] = columns[name] * unit
    if not mapping.polar:
        return Constituents.from_cartesian(
            offsets, columns["px"], columns["py"], columns["pz"], columns["e"]
        )
    return Constituents.from_ptetaphi(
        offsets,
        columns["pt"],
        columns["eta"],
        columns["phi"],
        mass=columns.get("m"),
        energy=columns.get("e"),
    )


def _flat(
    array: ak.Array, branches: Dict[str, str], where: str
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]:
    """Jagged branches as flat arrays with the offsets that they share."""
    columns, offsets = {}, None
    for name, branch in branches.items():
        jagged = array[branch]
        if jagged.ndim != 2:  # noqa: PLR2004 - entries of lists
            raise SourceError(
                f"branch {branch!r} has {jagged.ndim} dimensions",
                where=where,
                expected="a list of numbers in each entry",
            )
        counts = ak.to_numpy(ak.fill_none(ak.num(jagged), 0))  # a list may be missing
        ends = np.concatenate([[0], np.cumsum(counts)])
        if offsets is not None and not np.array_equal(ends, offsets):
            raise SourceError(
                f"branch {branch!r} has lists of other lengths",
                where=where,
                expected=f"those of {next(iter(branches.values()))!r}",
            )
        offsets = ends
        values = numbers(ak.flatten(jagged))
        if values is None:
            raise SourceError(
                f"branch {branch!r} does not hold numbers",
                where=where,
                expected="a list of numbers in each entry",
            )
        columns[name] = values.astype(np.float64, copy=False)
    assert offsets is not None
    return columns, offsets


def finite(jets: Constituents) -> NDArray[np.bool_]:
    """Which rows have only finite momenta and no negative pT."""
    wrong = ~(
        np.isfinite(jets.pt)
        & np.isfinite(jets.eta)
        & np.isfinite(jets.phi)
        & np.isfinite(jets.energy)
    ) | (jets.pt < 0)
    row = np.repeat(np.arange(len(jets)), jets.counts)
    fine = np.ones(len(jets), np.bool_)
    fine[row[wrong]] = False
    return fine


def _stored(array: ak.Array, mapping: Mapping, where: str) -> Candidates:
    columns, offsets = _flat(array, mapping.stored, where)
    for name in ("pt", "mass"):
        if name in columns:
            columns[name] = columns[name] * SCALES[mapping.unit]
    entry = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return Candidates(None, columns, entry, _lost(0, len(offsets) - 1, entry))
