"""From a process to its jets: Pythia, the toy detector and FastJet, batch by batch.

Everything is flat or jagged arrays of many events at once; no loop visits an
event. Memory is that of one batch, however large the sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import click
import fastjet
import numpy as np
import pythia8mc
from fastjet._swig import ClusterSequence as Banner
from jet_detector import Detector, Particles, charge_of, detect, wrap
from jet_processes import PT_WINDOW, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RADIUS = 0.8
"""Radius of the anti-kT jets."""
MAX_ETA = 2.0
"""Pseudorapidity within which jets are kept."""
JETS_PER_EVENT = 2
"""At most so many jets of an event are kept, the leading ones."""
EVENTS_PER_BATCH = 500
"""Part of what makes a sample: another size draws other numbers for the detector."""


def start_pythia(process: Process, *, seed: int) -> pythia8mc.Pythia:
    """Start Pythia for one process, without its banner.

    Raises
    ------
    click.ClickException
        If Pythia refuses a setting or cannot start.
    """
    pythia = pythia8mc.Pythia("", False)  # no XML folder of our own, no banner
    for line in (*process.settings, "Random:setSeed = on", f"Random:seed = {seed}"):
        if not pythia.readString(line):
            raise click.ClickException(f"Pythia refuses the setting {line!r}; see its manual")
    if not pythia.init():
        raise click.ClickException(
            f"Pythia cannot start for {process.about!r}. Take 'Print:quiet = on' out of its "
            "settings to read why."
        )
    return pythia


def stable_particles(particles: ak.Array) -> tuple[Particles, NDArray[np.int32]]:
    """Take the stable particles of a batch of events and their PDG numbers.

    Parameters
    ----------
    particles : awkward.Array, shape (event, particle)
        Event records as ``nextBatch`` returns them.

    Returns
    -------
    truth : Particles
        Stable particles as flat columns, sorted by event.
    pdg : array, shape (particle,)
        Their PDG numbers.
    """
    final = particles[particles.status > 0]
    event = np.repeat(np.arange(len(final)), ak.to_numpy(ak.num(final)))
    flat = ak.flatten(final)
    px, py, pz, energy = (ak.to_numpy(flat.p[name]) for name in ("px", "py", "pz", "e"))
    pdg = ak.to_numpy(flat.id)
    pt = np.maximum(np.hypot(px, py), 1e-9)  # a beam remnant may have none
    truth = Particles(
        event=event,
        pt=pt,
        eta=np.arcsinh(pz / pt),
        phi=np.arctan2(py, px),
        energy=energy,
        charge=charge_of(pdg),
    )
    return truth, pdg


def cluster(seen: Particles, *, events: int) -> ak.Array:
    """Find the leading anti-kT jets of each event and keep those in the window.

    Parameters
    ----------
    seen : Particles
        Tracks and cells, sorted by event.
    events : int
        Number of events in the batch.

    Returns
    -------
    awkward.Array, shape (jet,)
        Jets in the order of their events, with pt, eta, phi, mass, row (of the
        event in the batch), rank (0 for the leading jet of its event) and the
        constituents c, hardest first.
    """
    inputs = ak.unflatten(_momenta(seen), np.bincount(seen.event, minlength=events))
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS)
    sequence = fastjet.ClusterSequence(inputs, definition)
    # Whatever is softer than the window cannot push a jet inside it down in rank.
    found = _kinematics(sequence.inclusive_jets(min_pt=PT_WINDOW[0]))
    members = sequence.constituent_index(min_pt=PT_WINDOW[0])  # (event, jet, constituent)
    row = np.repeat(np.arange(events), ak.to_numpy(ak.num(members)))
    flat = inputs[ak.flatten(members, axis=2)]  # (event, constituent of any jet)
    constituents = ak.unflatten(ak.flatten(flat), ak.flatten(ak.num(members, axis=2)))
    constituents = constituents[ak.argsort(constituents.pt, ascending=False)]
    rank = ak.argsort(ak.argsort(found.pt, ascending=False))
    jets = ak.zip(
        {**_columns(ak.flatten(found)), "row": row, "rank": ak.flatten(rank), "c": constituents},
        depth_limit=1,
    )
    inside = (jets.pt < PT_WINDOW[1]) & (abs(jets.eta) < MAX_ETA)
    return _ordered(jets[inside & (jets["rank"] < JETS_PER_EVENT)])


def _ordered(jets: ak.Array) -> ak.Array:
    """Sort jets by event and, within one, by rank."""
    return jets[np.lexsort((ak.to_numpy(jets["rank"]), ak.to_numpy(jets.row)))]


def _columns(records: ak.Array) -> dict[str, ak.Array]:
    """Take records apart by field."""
    return {name: records[name] for name in records.fields}


def _momenta(seen: Particles) -> ak.Array:
    """Four-momenta for FastJet, beside the columns that will be written."""
    return ak.zip(
        {
            "px": seen.pt * np.cos(seen.phi),
            "py": seen.pt * np.sin(seen.phi),
            "pz": seen.pt * np.sinh(seen.eta),
            "E": seen.energy,
            "pt": seen.pt,
            "eta": seen.eta,
            "phi": seen.phi,
            "e": seen.energy,
            "q": seen.charge,
        }
    )


def _kinematics(jets: ak.Array) -> ak.Array:
    """Transverse momentum, pseudorapidity, azimuth and mass of four-momenta."""
    pt = np.hypot(jets.px, jets.py)
    mass2 = jets.E**2 - pt**2 - jets.pz**2
    return ak.zip(
        {
            "pt": pt,
            "eta": np.arcsinh(jets.pz / pt),
            "phi": np.arctan2(jets.py, jets.px),
            "mass": np.sqrt(np.maximum(mass2, 0)),  # rounding alone can make it negative
        }
    )


def top_quarks(particles: ak.Array) -> NDArray[np.float64]:
    """Find the three quarks of each hadronic top before they radiate.

    They are the quarks whose mother is a top or a W itself: after radiation a
    quark's mother is its former self.

    Parameters
    ----------
    particles : awkward.Array, shape (event, particle)
        Event records as ``nextBatch`` returns them.

    Returns
    -------
    array, shape (event, top, quark, 2)
        Pseudorapidity and azimuth of b, q, q' of the top and of the antitop.
    """
    mother = particles.id[particles.mother1]
    kind = abs(particles.id)
    quark = (kind > 0) & (kind < 6)
    tops = [
        _directions(particles.p[quark & ((mother == 6 * sign) | (mother == 24 * sign))])
        for sign in (1, -1)
    ]
    return np.stack(tops, axis=1)


def _directions(p: ak.Array) -> NDArray[np.float64]:
    """Pseudorapidity and azimuth of as many momenta in each event."""
    eta = np.arcsinh(p.pz / np.hypot(p.px, p.py))
    phi = np.arctan2(p.py, p.px)
    return np.stack([ak.to_numpy(eta), ak.to_numpy(phi)], axis=-1)


def hold_a_top(jets: ak.Array, quarks: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which jets hold all three quarks of one top within their radius.

    Parameters
    ----------
    jets : awkward.Array, shape (jet,)
        As `cluster` returns them.
    quarks : array, shape (event, top, quark, 2)
        As `top_quarks` returns them.

    Returns
    -------
    array, shape (jet,)
    """
    axis = np.stack([ak.to_numpy(jets.eta), ak.to_numpy(jets.phi)], axis=-1)
    away = quarks[ak.to_numpy(jets.row)] - axis[:, None, None]  # (jet, top, quark, 2)
    distance = np.hypot(away[..., 0], wrap(away[..., 1]))
    return (distance < RADIUS).all(axis=2).any(axis=1)


def generate(process: Process, *, seed: int) -> Iterator[tuple[ak.Array, int]]:
    """Generate the jets of a process without end.

    Parameters
    ----------
    process : Process
        What Pythia is asked for.
    seed : int
        Of Pythia and of the detector alike.

    Yields
    ------
    jets : awkward.Array, shape (jet,)
        As `cluster` returns them, with ``row`` counted through the whole sample.
    events : int
        Events generated so far.
    """
    pythia = start_pythia(process, seed=seed)
    rng, detector, events = np.random.default_rng(seed), Detector(), 0
    Banner.set_fastjet_banner_stream(None)
    while True:
        particles = pythia.nextBatch(EVENTS_PER_BATCH).prt
        truth, pdg = stable_particles(particles)
        jets = cluster(detect(truth, pdg, detector=detector, rng=rng), events=len(particles))
        if process.matched_top:
            jets = jets[hold_a_top(jets, top_quarks(particles))]
        yield ak.with_field(jets, jets.row + events, "row"), events + len(particles)
        events += len(particles)
