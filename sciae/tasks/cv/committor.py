"""Committor: a net that rises from one state to the other where the dynamics goes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.errors import DataError, SpecError
from sciae.tasks.cv.descent import Examples, descend, require_large
from sciae.tasks.cv.encoder import of_net
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.net import dense
from sciae.tasks.cv.objectives import committor
from sciae.tasks.cv.problem import Found
from sciae.tasks.cv.states import counted

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.tasks.cv.problem import Problem

__all__ = ["rising"]

SOME = 1000  # frames of each state in a step
TWO = 2  # states


def rising(problem: Problem) -> Found:
    """Log odds of two labelled states, by `sciae.tasks.cv.objectives.committor`.

    Pairs of all frames say how they may change, labels only where they begin and end. A step
    somewhere between the states costs as much as the trajectories that go through it: frames
    there, from a bias along an earlier variable, make the next one smooth.

    Raises
    ------
    DataError
        If there are not two states, with frames to train and to judge by.
    SpecError
        If more than one coordinate is asked for.
    """
    require_large(problem.training)
    if problem.dim != 1:
        raise SpecError(f"dim {problem.dim}", where="committor", expected="1, between two states")
    if (states := counted(problem.labelled())) != TWO:
        raise DataError(
            f"{states} states", where="labels", expected="two, 0 and 1",
            fix="Label one pair of states, or choose deep-tda or deep-tica.",
        )  # fmt: skip
    net = dense(problem, 1)
    sides = problem.train, problem.held
    pairs = [lagged(one.group, one.weight, problem.lag) for one in sides]
    train, held = (Examples.of_pairs(*one) for one in zip(sides, pairs, strict=True))
    own, other = (_States.of(Examples.of_rows(one)) for one in sides)

    def loss(some: Examples, order: torch.Generator) -> Tensor:
        assert some.later is not None
        states = other if some is held else own
        (a, u), (b, v) = (states.some(state, order) for state in range(TWO))
        inputs = torch.cat([some.now, some.later, a, b])
        if problem.noise:
            inputs = inputs + problem.noise * torch.randn(inputs.shape, generator=order)
        z = net(inputs)[:, 0].double()
        now, later, first, second = z.split([len(some), len(some), len(a), len(b)])
        return committor(now, later, some.weight, ((first, u), (second, v)))

    history = descend(net, loss, train, held, training=problem.training, rng=problem.rng)
    encoder = of_net(net, problem.train.normaliser, activation=problem.activation)
    return Found(encoder=encoder, history=history)


class _States:
    """The labelled rows, by state."""

    def __init__(self, rows: tuple[tuple[Tensor, Tensor], ...]) -> None:
        self.rows = rows

    @classmethod
    def of(cls, frames: Examples) -> _States:
        assert frames.label is not None
        own = [frames.label == state for state in range(TWO)]
        return cls(tuple((frames.now[rows], frames.weight[rows].double()) for rows in own))

    def some(self, state: int, order: torch.Generator) -> tuple[Tensor, Tensor]:
        """Up to a thousand rows of a state, and their shares."""
        rows, weight = self.rows[state]
        chosen = torch.randperm(len(rows), generator=order)[:SOME]
        return rows[chosen], weight[chosen] / weight[chosen].sum()
