"""Jets as ragged arrays: one flat array per coordinate, and where each jet begins."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.fourvector import axis_of, mass_of, mass_squared, rapidity, wrapped
from sciae.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Constituents", "JetAxis", "delta_phi", "jet_axis"]


@dataclass(frozen=True, eq=False)
class Constituents:
    """The constituents of many jets, in flat arrays.

    Jet ``i`` owns the entries ``offsets[i]:offsets[i + 1]``; it may own none. A
    constituent without transverse momentum is padding: every kernel leaves it out.

    Parameters
    ----------
    offsets : array of int64, shape (jet + 1,)
        Where each jet begins; starts at 0, never falls, ends at the number of constituents.
    pt : array of float64, shape (constituent,)
        Transverse momentum, in GeV.
    eta : array of float64, shape (constituent,)
        Pseudorapidity.
    phi : array of float64, shape (constituent,)
        Azimuth, in rad, of any branch.
    energy : array of float64, shape (constituent,)
        Energy, in GeV. Below the momentum (by rounding) it counts as the momentum.

    Raises
    ------
    DataError
        If lengths disagree, or the offsets do not partition the constituents.

    Examples
    --------
    >>> two = Constituents.from_ptetaphi([0, 2, 3], pt=[3, 1, 5], eta=[0, 0, 1], phi=[0, 0.1, 3])
    >>> len(two), two.counts.tolist()
    (2, [2, 1])
    """

    offsets: Integers
    pt: Floats
    eta: Floats
    phi: Floats
    energy: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets", _flat(self.offsets, "offsets", np.int64))
        for name in ("pt", "eta", "phi", "energy"):
            object.__setattr__(self, name, _flat(getattr(self, name), name, np.float64))
        _check_partition(self.offsets, self.pt, self.eta, self.phi, self.energy)

    @classmethod
    def from_ptetaphi(
        cls,
        offsets: ArrayLike,
        pt: ArrayLike,
        eta: ArrayLike,
        phi: ArrayLike,
        *,
        mass: ArrayLike | None = None,
        energy: ArrayLike | None = None,
    ) -> Constituents:
        """Build from collider coordinates and energy, else mass, else massless."""
        pt_, eta_ = np.asarray(pt, np.float64), np.asarray(eta, np.float64)
        if energy is None:
            momentum = pt_ * np.cosh(eta_)
            energy = momentum if mass is None else np.hypot(momentum, np.asarray(mass, np.float64))
        return cls(offsets, pt_, eta_, phi, energy)  # type: ignore[arg-type]  # made flat above

    @classmethod
    def from_cartesian(
        cls, offsets: ArrayLike, px: ArrayLike, py: ArrayLike, pz: ArrayLike, e: ArrayLike
    ) -> Constituents:
        """Build from four-vectors, in GeV; one along the beam (pt = 0) becomes padding."""
        px_, py_, pz_ = (np.asarray(p, np.float64) for p in (px, py, pz))
        pt = np.hypot(px_, py_)
        seen = pt != 0
        eta = np.arcsinh(np.divide(pz_, pt, out=np.zeros_like(pt), where=seen))
        energy = np.where(seen, np.asarray(e, np.float64), 0.0)
        return cls(offsets, pt, eta, np.arctan2(py_, px_), energy)  # type: ignore[arg-type]

    def __len__(self) -> int:
        """Return the number of jets."""
        return len(self.offsets) - 1

    @property
    def counts(self) -> Integers:
        """Number of constituents of each jet, padding included."""
        return np.diff(self.offsets)

    def take(self, rows: ArrayLike | slice) -> Constituents:
        """Return the named jets, in the order given.

        Parameters
        ----------
        rows : array of int or bool, or slice
            Which jets.

        Examples
        --------
        >>> three = Constituents.from_ptetaphi([0, 1, 1, 3], [1, 2, 3], [0, 0, 0], [0, 0, 0])
        >>> three.take([2, 1, 0]).pt.tolist()
        [2.0, 3.0, 1.0]
        """
        key = rows if isinstance(rows, slice) else np.asarray(rows)
        chosen = np.arange(len(self))[key if np.size(key) else slice(0)]  # type: ignore[arg-type]
        counts = self.counts[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        index = np.repeat(self.offsets[chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
        columns = (self.pt[index], self.eta[index], self.phi[index], self.energy[index])
        return Constituents(offsets, *columns)


def _flat(values: ArrayLike, name: str, dtype: type) -> NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise DataError(f"shape {array.shape}", where=name, expected="one dimension")
    if dtype is np.int64 and array.size and array.dtype.kind not in "iu":
        raise DataError(f"dtype {array.dtype}", where=name, expected="integers")
    return np.ascontiguousarray(array, dtype)


def _check_partition(offsets: Integers, *columns: Floats) -> None:
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        found = sorted(lengths)
        raise DataError(f"pt, eta, phi, energy differ in length: {found}", where="constituents")
    last = lengths.pop()
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != last or (np.diff(offsets) < 0).any():
        expected = f"0 first, never falling, {last} last"
        raise DataError(
            "they do not partition the constituents", where="offsets", expected=expected
        )


@compiled
def _delta_phi(first: Floats, second: Floats) -> Floats:
    difference = np.empty(first.size)
    for i in range(first.size):
        difference[i] = wrapped(first[i] - second[i])
    return difference


def delta_phi(first: ArrayLike, second: ArrayLike = 0.0) -> Floats:
    """Azimuth from `second` to `first` on the branch [-pi, pi), in rad, elementwise.

    Examples
    --------
    >>> delta_phi([3.1, -3.1], [-3.1, 3.1]).round(3)
    array([-0.083,  0.083])
    """
    a, b = np.broadcast_arrays(np.asarray(first, np.float64), np.asarray(second, np.float64))
    return _delta_phi(a.ravel(), b.ravel()).reshape(a.shape)


@compiled
def _jet_axes(offsets: Integers, pt: Floats, eta: Floats, phi: Floats, energy: Floats) -> Floats:
    axes = np.full((4, offsets.size - 1), np.nan)
    for jet in range(offsets.size - 1):
        one = slice(offsets[jet], offsets[jet + 1])
        axes[0, jet], axes[1, jet], axes[2, jet], y0 = axis_of(
            pt[one], eta[one], phi[one], energy[one]
        )
        if not isfinite(y0):
            continue
        y, dphi, mass2 = np.zeros(pt[one].size), np.zeros(pt[one].size), np.zeros(pt[one].size)
        for i in range(y.size):
            if pt[one][i] > 0:
                mass2[i] = mass_squared(pt[one][i], eta[one][i], energy[one][i])
                y[i] = rapidity(pt[one][i], eta[one][i], mass2[i]) - y0
                dphi[i] = wrapped(phi[one][i] - axes[2, jet])
        axes[3, jet] = mass_of(pt[one], y, dphi, mass2)
    return axes


class JetAxis(NamedTuple):
    """The four-vector sum of each jet; NaN for a jet without constituents."""

    pt: Floats  # (jet,) GeV
    eta: Floats  # (jet,) pseudorapidity
    phi: Floats  # (jet,) rad, in [-pi, pi)
    mass: Floats  # (jet,) GeV, never negative


def jet_axis(constituents: Constituents) -> JetAxis:
    """Sum the four-vectors of each jet (the E-scheme).

    NaN for a jet without constituents, or with one that is not finite or of negative pt.

    Examples
    --------
    >>> jet = Constituents.from_ptetaphi([0, 2], pt=[1, 1], eta=[0, 0], phi=[3.1, -3.1])
    >>> [round(float(x[0]), 3) for x in jet_axis(jet)]
    [1.998, 0.0, -3.142, 0.083]
    """
    c = constituents
    return JetAxis(*_jet_axes(c.offsets, c.pt, c.eta, c.phi, c.energy))
