"""The closed loop: learn a variable, simulate along it, reweight, learn again.

``rounds`` -> ``Rounds``
    From frames of one basin to a biased run that goes back and forth.
``Recipe``
    What is learnt in each round.
``Segment``, ``pool``
    Frames of all rounds as one weighted table.
"""

from __future__ import annotations

from sciae.sampling.pool import Segment, pool
from sciae.sampling.recipe import Recipe
from sciae.sampling.result import Round, Rounds
from sciae.sampling.rounds import rounds

__all__ = ["Recipe", "Round", "Rounds", "Segment", "pool", "rounds"]
