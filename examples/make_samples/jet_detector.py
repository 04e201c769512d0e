"""A toy detector: a tracker and a calorimeter of two layers, in one pass.

Deliberately simple, and fast because it treats all particles of many events as
flat arrays. There is no magnetic field, no material, no shower shape and no
displaced vertex:

* *tracker*: a charged particle within acceptance is found with one fixed
  efficiency; its transverse momentum is smeared by ``a (+) b pt`` and its
  direction by a fixed angle. It keeps its charge.
* *calorimeter*: every other visible particle, a missed charged one too, leaves
  its energy in a cell of its layer: photons and electrons in the fine first,
  all others in the coarse second. Energies add up within a cell and are smeared
  by ``s / sqrt(E) (+) c``. The position is drawn evenly within the cell, as
  Delphes does, so that no grid is left for a network to learn.
* *thresholds*: what falls below a transverse momentum is not seen.
* *readout*: transverse momentum, direction and charge keep few bits, less than
  any resolution above, so that files compress well. Energy follows from them with
  the mass of a pion for tracks and none for cells, so a jet is the exact sum of
  what is written.

Missed muons leave nothing in the calorimeter.

The result resembles particle-flow candidates. (+) is the sum in quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHARGED = (11, 13, 211, 321, 2212, 3112, 3222, 3312, 3334)
_INVISIBLE = (12, 14, 16, 51, 53)
_ELECTROMAGNETIC = (11, 22)
_FIRST_DARK = 4900000  # PDG numbers from here on are Hidden Valley states
_PION_MASS = 0.13957  # GeV; a tracker measures momentum and guesses the mass


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of the calorimeter: its cells and its energy resolution."""

    cell: float  # width in eta and in phi
    stochastic: float  # s of sigma(E) / E = s / sqrt(E) (+) c, E in GeV
    constant: float  # c


@dataclass(frozen=True, kw_only=True)
class Detector:
    """Everything that can be set, in GeV and rad."""

    max_eta_tracks: float = 2.5
    max_eta_cells: float = 3.2
    efficiency: float = 0.90
    track_constant: float = 0.01
    track_slope: float = 1.0e-4  # per GeV
    track_angle: float = 1.0e-3
    min_pt_track: float = 0.5
    min_pt_cell: float = 0.5
    mantissa_bits: int = 12  # of the 23 of a float32; the last one is 2.4e-4 of a value
    electromagnetic: Layer = Layer(cell=0.03, stochastic=0.10, constant=0.01)
    hadronic: Layer = Layer(cell=0.1, stochastic=0.60, constant=0.03)


@dataclass(frozen=True, kw_only=True)
class Particles:
    """Particles of many events as flat columns, each of shape (particle,)."""

    event: NDArray[np.int64]  # row of the event in its batch, not decreasing
    pt: NDArray[np.float64]
    eta: NDArray[np.float64]
    phi: NDArray[np.float64]
    energy: NDArray[np.float64]
    charge: NDArray[np.int8]

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Particles:
        """Take the particles chosen by a mask or in the order of an index."""
        return Particles(**{name: column[chosen] for name, column in vars(self).items()})


def charge_of(pdg: NDArray[np.int32]) -> NDArray[np.int8]:
    """Electric charge of stable particles, in units of e, by PDG number.

    Leptons and the negative baryons carry a charge opposite to their number.
    """
    kind = np.abs(pdg)
    opposite = np.isin(kind, (11, 13, 3112, 3312, 3334))
    sign = np.where(opposite, -np.sign(pdg), np.sign(pdg))
    return np.where(np.isin(kind, _CHARGED), sign, 0).astype(np.int8)


def detect(
    truth: Particles,
    pdg: NDArray[np.int32],
    *,
    detector: Detector,
    rng: np.random.Generator,
) -> Particles:
    """See the stable particles of many events through the detector.

    Parameters
    ----------
    truth : Particles
        Stable particles of the generator.
    pdg : array, shape (particle,)
        Their PDG numbers.
    detector : Detector
        Acceptance, efficiency, resolutions, cells and thresholds.
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    Particles
        Tracks and cells, sorted by event.
    """
    kind = np.abs(pdg)
    visible = ~np.isin(kind, _INVISIBLE) & (kind < _FIRST_DARK)
    inside = (truth.charge != 0) & (np.abs(truth.eta) < detector.max_eta_tracks)
    tracked = visible & inside & (rng.random(len(kind)) < detector.efficiency)
    rest = visible & ~tracked & (np.abs(truth.eta) < detector.max_eta_cells) & (kind != 13)
    fine = np.isin(kind, _ELECTROMAGNETIC)
    seen = (
        _track(truth.where(tracked), detector, rng),
        _fill(truth.where(rest & fine), detector.electromagnetic, detector.min_pt_cell, rng),
        _fill(truth.where(rest & ~fine), detector.hadronic, detector.min_pt_cell, rng),
    )
    return _read_out(_merge(seen), detector.mantissa_bits)


def _track(truth: Particles, detector: Detector, rng: np.random.Generator) -> Particles:
    """Smear charged particles as a tracker does."""
    count = len(truth.pt)
    width = np.hypot(detector.track_constant, detector.track_slope * truth.pt)
    pt = truth.pt * np.clip(1 + width * rng.standard_normal(count), 0.1, None)
    eta = truth.eta + detector.track_angle * rng.standard_normal(count)
    phi = wrap(truth.phi + detector.track_angle * rng.standard_normal(count))
    energy = np.hypot(pt * np.cosh(eta), _PION_MASS)
    found = Particles(
        event=truth.event, pt=pt, eta=eta, phi=phi, energy=energy, charge=truth.charge
    )
    return found.where(pt > detector.min_pt_track)


def _fill(truth: Particles, layer: Layer, min_pt: float, rng: np.random.Generator) -> Particles:
    """Add up the energy in each cell of one layer, then smear it."""
    around = round(2 * np.pi / layer.cell)  # cells in phi: a whole number of them
    width_phi = 2 * np.pi / around
    row = np.floor(truth.eta / layer.cell).astype(np.int64)
    column = np.floor(truth.phi / width_phi).astype(np.int64) % around
    offset = row - row.min(initial=0)
    key = (truth.event * (offset.max(initial=0) + 1) + offset) * around + column
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    energy = np.bincount(cell, weights=truth.energy, minlength=len(first))
    spread = np.hypot(layer.stochastic * np.sqrt(energy), layer.constant * energy)
    energy = np.clip(energy + spread * rng.standard_normal(len(first)), 0, None)
    eta = (row[first] + rng.random(len(first))) * layer.cell
    phi = wrap((column[first] + rng.random(len(first))) * width_phi)
    pt = energy / np.cosh(eta)
    found = Particles(
        event=truth.event[first],
        pt=pt,
        eta=eta,
        phi=phi,
        energy=energy,
        charge=np.zeros(len(first), np.int8),
    )
    return found.where(pt > min_pt)


def _merge(parts: tuple[Particles, ...]) -> Particles:
    """Join several lists of particles into one, sorted by event."""
    columns = [vars(part) for part in parts]
    joined = Particles(
        **{name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
    )
    return joined.where(np.argsort(joined.event, kind="stable"))


def round_mantissa(values: NDArray[np.floating], bits: int) -> NDArray[np.float64]:
    """Round to so many bits of a float32's mantissa; the rest compresses to nothing.

    >>> round_mantissa(np.array([1.0001, 3.14159]), bits=4)
    array([1.   , 3.125])
    """
    drop = 23 - bits
    pattern = values.astype(np.float32).view(np.uint32)
    half = np.uint32(1 << (drop - 1))
    return ((pattern + half) >> drop << drop).view(np.float32).astype(np.float64)


def _read_out(seen: Particles, bits: int) -> Particles:
    """Round pt, eta and phi, and derive the energy from what is left of them."""
    pt, eta = round_mantissa(seen.pt, bits), round_mantissa(seen.eta, bits)
    last = np.floor(np.pi * 2 ** (bits - 1)) / 2 ** (
        bits - 1
    )  # below pi: no angle leaves its range
    phi = np.clip(round_mantissa(seen.phi, bits), -last, last)
    energy = np.hypot(pt * np.cosh(eta), np.where(seen.charge == 0, 0, _PION_MASS))
    return replace(seen, pt=pt, eta=eta, phi=phi, energy=energy)


def wrap(phi: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring angles into [-pi, pi)."""
    return (phi + np.pi) % (2 * np.pi) - np.pi
