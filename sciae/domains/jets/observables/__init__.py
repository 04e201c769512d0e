"""Observables of jets: kinematics, shapes, N-subjettiness, correlators, grooming, Lund plane.

Every one is invariant under a turn in azimuth, the order of constituents and, but for the
sign of `eta`, a flip of the beam. A jet without usable constituents is NaN throughout; a
jet of one has zeros where a spread is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sciae.domains.jets.frame import jet_frame
from sciae.domains.jets.observables.correlators import correlators
from sciae.domains.jets.observables.groom import groom
from sciae.domains.jets.observables.njettiness import njettiness
from sciae.domains.jets.observables.shapes import shapes
from sciae.domains.jets.ragged import jet_axis
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from sciae.domains.jets.ragged import Constituents

    Floats = NDArray[np.float64]

__all__ = ["OBSERVABLES", "Observable", "observables"]


class Observable(NamedTuple):
    """What one observable is."""

    unit: str
    formula: str
    source: str
    piece: str  # which kernel finds it: axis, shapes, njettiness, correlators or groom


# z_i = pt_i / sum pt; dR = distance in rapidity and azimuth, of i to the jet axis unless said.
OBSERVABLES = {
    "pt": Observable("GeV", "|sum_i pT_i| (vectors)", "four-vector sum", "axis"),
    "eta": Observable("1", "asinh(sum pz / pt)", "four-vector sum", "axis"),
    "mass": Observable("GeV", "sqrt((sum E)^2 - |sum p|^2)", "four-vector sum", "axis"),
    "multiplicity": Observable("1", "number of i with pt_i > 0", "count", "shapes"),
    "girth": Observable("1", "sum_i z_i dR_i", "arXiv:1106.3076", "shapes"),
    "width": Observable("1", "sum_i z_i dR_i^2", "arXiv:1408.3122", "shapes"),
    "ptd": Observable("1", "sqrt(sum_i z_i^2)", "arXiv:1408.3122", "shapes"),
    "lha": Observable("1", "sum_i z_i (dR_i / R)^(1/2)", "arXiv:1408.3122", "shapes"),
    "leading_fraction": Observable("1", "max_i z_i", "share of pt", "shapes"),
    "n95": Observable("1", "fewest i with sum z_i >= 0.95", "share of pt", "shapes"),
    "tau1": Observable("1", "sum_i z_i dR_i1 / R, WTA axis", "arXiv:1011.2268", "njettiness"),
    "tau2": Observable("1", "sum_i z_i min_k<=2 dR_ik / R", "arXiv:1011.2268", "njettiness"),
    "tau3": Observable("1", "sum_i z_i min_k<=3 dR_ik / R", "arXiv:1011.2268", "njettiness"),
    "tau4": Observable("1", "sum_i z_i min_k<=4 dR_ik / R", "arXiv:1011.2268", "njettiness"),
    "tau21": Observable("1", "tau2 / tau1", "arXiv:1011.2268", "njettiness"),
    "tau32": Observable("1", "tau3 / tau2", "arXiv:1011.2268", "njettiness"),
    "tau43": Observable("1", "tau4 / tau3", "arXiv:1011.2268", "njettiness"),
    "c1": Observable("1", "e2 = sum_i<j z_i z_j dR_ij", "arXiv:1305.0007", "correlators"),
    "c2": Observable("1", "3e3 / e2^2", "arXiv:1305.0007", "correlators"),
    "d2": Observable("1", "3e3 / e2^3", "arXiv:1409.6298", "correlators"),
    "m2": Observable("1", "1e3 / e2", "arXiv:1609.07483", "correlators"),
    "n2": Observable("1", "2e3 / e2^2", "arXiv:1609.07483", "correlators"),
    "soft_drop_mass": Observable(
        "GeV", "mass after zcut = 0.1, beta = 0", "arXiv:1402.2657", "groom"
    ),
    "zg": Observable("1", "z of the first splitting kept", "arXiv:1402.2657", "groom"),
    "theta_g": Observable("1", "dR / R of the first splitting kept", "arXiv:1402.2657", "groom"),
    "nsd": Observable("1", "primary splittings with z > 0.1", "arXiv:1704.06266", "groom"),
    "lund_primary_1gev": Observable(
        "1", "primary splittings with pt_soft dR > 1 GeV", "arXiv:1807.04758", "groom"
    ),
    "lund_primary_5gev": Observable(
        "1", "primary splittings with pt_soft dR > 5 GeV", "arXiv:1807.04758", "groom"
    ),
    "lund_multiplicity": Observable(
        "1", "1 + all splittings with pt_soft dR > 1 GeV", "arXiv:2205.02861", "groom"
    ),
}


def _known(names: Iterable[str]) -> list[str]:
    wanted = list(names)
    strange = [name for name in wanted if name not in OBSERVABLES]
    if strange:
        raise SpecError(
            f"no observable {strange[0]!r}", expected=f"one of {', '.join(OBSERVABLES)}"
        )
    return wanted


def observables(
    constituents: Constituents, *, radius: float, names: Iterable[str] = tuple(OBSERVABLES)
) -> dict[str, Floats]:
    """Find the named observables of each jet.

    Parameters
    ----------
    constituents : Constituents
        The jets.
    radius : float
        Jet radius R, the scale of tau, lha and theta_g.
    names : iterable of str
        Keys of `OBSERVABLES`, which holds unit, formula and source of each; all by default.

    Returns
    -------
    dict of array, shape (jet,)
        In the order of `names`. NaN for a jet without constituents, or with one that is
        not finite or of negative pt; otherwise finite.

    Raises
    ------
    SpecError
        If a name is unknown or the radius is not positive.

    Examples
    --------
    >>> from sciae.domains.jets.ragged import Constituents
    >>> jet = Constituents.from_ptetaphi([0, 2], pt=[30, 10], eta=[0.1, -0.1], phi=[0, 0])
    >>> found = observables(jet, radius=0.8, names=["tau1", "ptd", "zg"])
    >>> {name: round(float(value[0]), 4) for name, value in found.items()}
    {'tau1': 0.0625, 'ptd': 0.7906, 'zg': 0.25}
    """
    wanted = _known(names)
    if not radius > 0:
        raise SpecError(f"radius {radius}", expected="a positive number")
    pieces = {OBSERVABLES[name].piece for name in wanted}
    found = jet_axis(constituents)._asdict() if "axis" in pieces else {}
    frame = jet_frame(constituents)
    for piece in (shapes, njettiness, groom):
        if piece.__name__ in pieces:
            found |= piece(frame, radius=radius)
    if "correlators" in pieces:
        found |= correlators(frame)
    return {name: found[name] for name in wanted}
