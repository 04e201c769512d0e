"""The closed loop: learn a variable, simulate along it, reweight, learn again.

``rounds`` -> ``Rounds``
    From frames of one basin to a biased run that goes back and forth.
``Recipe``
    What is learnt in each round.
``Segment``, ``pool``
    Frames of all rounds as one weighted table.
``of_run``, ``of_colvar`` -> ``Sampled``; ``landscapes`` -> ``Landscape``
    What a run says: free energies along its variable or any feature, basins, verdict.
"""

from __future__ import annotations

from sciae.sampling.landscape import SKIP, Landscape, landscape, landscapes
from sciae.sampling.pool import Segment, pool
from sciae.sampling.recipe import Recipe
from sciae.sampling.result import Round, Rounds
from sciae.sampling.rounds import rounds
from sciae.sampling.sampled import Sampled, of_colvar, of_run, outside_of

__all__ = [
    "SKIP", "Landscape", "Recipe", "Round", "Rounds", "Sampled", "Segment", "landscape",
    "landscapes", "of_colvar", "of_run", "outside_of", "pool", "rounds",
]  # fmt: skip
