"""Control: the free-energy difference that quadrature gives for a particle's potential."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sciae.sampling import Landscape
    from sciae.simulation.engines.potential import Potential

__all__ = ["exact"]


def exact(landscape: Landscape, potential: Potential) -> float:
    """The difference of a landscape's two basins, kJ/mol, over the same bins."""
    from sciae.free_energy import thermal_energy
    from sciae.simulation.engines.exact import exact_free_energy

    profile = landscape.profile
    kt = thermal_energy(profile.temperature)
    along = ["xyz".index(name) for name in profile.names]
    with np.errstate(divide="ignore"):  # bins far out hold nothing
        energy = exact_free_energy(potential, kt=kt, edges=profile.edges, along=along)
    mass = np.exp(-energy / kt) * profile.bins.volume
    a, b = (mass[basin.core].sum() for basin in landscape.basins.values())
    return float(-kt * np.log(b / a))
