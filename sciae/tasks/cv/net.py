"""Net: layers from the inputs of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.nets import Dense
from sciae.rng import seeded

if TYPE_CHECKING:
    from sciae.tasks.cv.problem import Problem

__all__ = ["dense"]


def dense(problem: Problem, outputs: int) -> Dense:
    """A net from the inputs to so many outputs, with initial weights of the problem's own."""
    sizes = (problem.train.inputs.shape[1], *problem.hidden, outputs)
    with seeded(problem.rng):
        return Dense(sizes, between=problem.activation)
