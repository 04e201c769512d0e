"""Parts: the kinds of descriptors, one dataclass each.

``KINDS``
    The classes by the word that stands for them in JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.descriptors.parts.aligned import RMSD, Positions
from sciae.descriptors.parts.angles import Angles, Torsions
from sciae.descriptors.parts.contacts import Contacts, Coordination
from sciae.descriptors.parts.distances import Distances, InverseDistances
from sciae.descriptors.parts.gyration import RadiusOfGyration

if TYPE_CHECKING:
    from sciae.descriptors.parts.part import Part

__all__ = ["KINDS"]

KINDS: dict[str, type[Part]] = {
    "distances": Distances,
    "inverse-distances": InverseDistances,
    "contacts": Contacts,
    "coordination": Coordination,
    "angles": Angles,
    "torsions": Torsions,
    "radius-of-gyration": RadiusOfGyration,
    "rmsd": RMSD,
    "positions": Positions,
}
