"""Collective variables: learn them from trajectories, and say what they are good for."""

from __future__ import annotations

from sciae.tasks.cv.association import Association, against
from sciae.tasks.cv.frames import FLOORS
from sciae.tasks.cv.gradients import Gradients, gradient_norm
from sciae.tasks.cv.kinds import KINDS
from sciae.tasks.cv.learn import learn
from sciae.tasks.cv.learnt import Learned
from sciae.tasks.cv.purity import Purity, purity
from sciae.tasks.cv.selection import Candidate, Selection, select
from sciae.tasks.cv.sensitivity import Sensitivity, sensitivity

__all__ = [
    "FLOORS", "KINDS", "Association", "Candidate", "Gradients", "Learned", "Purity", "Selection",
    "Sensitivity", "against", "gradient_norm", "learn", "purity", "select", "sensitivity",
]  # fmt: skip
