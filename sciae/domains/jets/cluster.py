"""Jets from the particles of events, by fastjet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import awkward as ak
import numpy as np

from sciae.domains.jets.ragged import Constituents
from sciae.errors import DataError, MissingExtraError, SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Clustered", "cluster"]

ALGORITHMS = {
    "antikt": "antikt_algorithm",
    "cambridge": "cambridge_algorithm",
    "kt": "kt_algorithm",
}
MOST_ETA = 100.0  # so that sinh stays finite; no particle reaches it


class Clustered(NamedTuple):
    """Jets, and where they came from; event by event, hardest first."""

    jets: Constituents
    event: Integers  # (jet,) which event
    rank: Integers  # (jet,) 0 for the hardest of its event, counted before pt_max and abs_eta_max


class _Particles(NamedTuple):
    counts: Integers  # (event,)
    momenta: Floats  # (particle, 4) px, py, pz, E in GeV


def _fastjet() -> Any:
    try:
        import fastjet
    except ImportError as error:
        raise MissingExtraError("fastjet", "jets") from error
    # The only switch for the banner, which would otherwise go to C's stdout:
    fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)  # noqa: SLF001
    return fastjet


def _from_awkward(events: ak.Array) -> _Particles:
    missing = [name for name in ("px", "py", "pz", "E") if name not in events.fields]
    if missing:
        raise DataError(f"no field {missing[0]!r}", where="events", expected="px, py, pz, E")
    seen = ak.drop_none(ak.fill_none(events, [], axis=0), axis=1)  # fastjet takes no masked arrays
    columns = [ak.to_numpy(ak.flatten(seen[name])) for name in ("px", "py", "pz", "E")]
    momenta = np.stack([column.astype(np.float64) for column in columns], axis=1)
    return _Particles(ak.to_numpy(ak.num(seen["px"])).astype(np.int64), momenta)


def _from_constituents(events: Constituents) -> _Particles:
    c = events
    momenta = [c.pt * np.cos(c.phi), c.pt * np.sin(c.phi), c.pt * np.sinh(c.eta), c.energy]
    return _Particles(c.counts, np.stack(momenta, axis=1))


def _without_padding(particles: _Particles) -> _Particles:
    if not np.isfinite(particles.momenta).all():
        raise DataError("a momentum is not finite", where="events", fix="Drop that event.")
    seen = np.hypot(*particles.momenta[:, :2].T) > 0
    event = np.repeat(np.arange(len(particles.counts)), particles.counts)[seen]
    return _Particles(np.bincount(event, minlength=len(particles.counts)), particles.momenta[seen])


def _sequence(particles: _Particles, algorithm: str, radius: float) -> Any:
    fastjet = _fastjet()
    definition = fastjet.JetDefinition(getattr(fastjet, ALGORITHMS[algorithm]), radius)
    columns = dict(zip(("px", "py", "pz", "E"), particles.momenta.T, strict=True))
    events = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), particles.counts)
    return fastjet.ClusterSequence(events, definition)


def _pick(found: ak.Array, pt_max: float, abs_eta_max: float) -> tuple[Integers, ...]:
    """Event, rank, and place in the flat list of the jets within bounds, in order."""
    counts = ak.to_numpy(ak.num(found["px"])).astype(np.int64)
    px, py, pz = (ak.to_numpy(ak.flatten(found[name])) for name in ("px", "py", "pz"))
    event, pt = np.repeat(np.arange(len(counts)), counts), np.hypot(px, py)
    order = np.lexsort((-pt, event))
    rank = np.arange(len(pt)) - np.repeat(np.cumsum(counts) - counts, counts)
    within = (pt[order] <= pt_max) & (
        np.abs(pz[order]) <= pt[order] * np.sinh(min(abs_eta_max, MOST_ETA))
    )
    return event[within], rank[within], order[within]


def cluster(
    events: ak.Array | Constituents,
    *,
    algorithm: str = "antikt",
    radius: float = 0.8,
    pt_min: float = 0.0,
    pt_max: float = np.inf,
    abs_eta_max: float = np.inf,
) -> Clustered:
    """Cluster the particles of each event to jets (E-scheme).

    Parameters
    ----------
    events : awkward array of records px, py, pz, E, or Constituents
        The particles of each event, in GeV. Masked and those without pt are left out.
    algorithm : {"antikt", "cambridge", "kt"}
        arXiv:0802.1189, hep-ph/9707323, hep-ph/9305266.
    radius : float
        Jet radius, in rapidity and azimuth.
    pt_min, pt_max : float
        Bounds on the pt of a jet, in GeV, included.
    abs_eta_max : float
        Bound on the absolute pseudorapidity of a jet.

    Returns
    -------
    Clustered
        The constituents of each jet, its event, and its rank by pt among the jets above
        `pt_min`.

    Raises
    ------
    MissingExtraError
        If fastjet is not installed.
    SpecError
        If the algorithm is unknown or the radius not positive.
    DataError
        If a field is missing or a momentum is not finite.
    """
    if algorithm not in ALGORITHMS:
        raise SpecError(f"no algorithm {algorithm!r}", expected=f"one of {', '.join(ALGORITHMS)}")
    if not radius > 0:
        raise SpecError(f"radius {radius}", expected="a positive number")
    given = (
        _from_constituents(events) if isinstance(events, Constituents) else _from_awkward(events)
    )
    particles = _without_padding(given)
    sequence = _sequence(particles, algorithm, radius)
    event, rank, place = _pick(sequence.inclusive_jets(pt_min), pt_max, abs_eta_max)
    members = ak.flatten(sequence.constituent_index(pt_min), axis=1)[place]
    counts = ak.to_numpy(ak.num(members)).astype(np.int64)
    first = (np.cumsum(particles.counts) - particles.counts)[event]
    index = ak.to_numpy(ak.flatten(members)).astype(np.int64) + np.repeat(first, counts)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Clustered(Constituents.from_cartesian(offsets, *particles.momenta[index].T), event, rank)
