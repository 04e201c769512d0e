"""States told apart: deep targeted discriminant analysis of labelled frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from sciae.errors import DataError, SpecError
from sciae.tasks.cv.descent import Examples, descend, require_large
from sciae.tasks.cv.encoder import of_net
from sciae.tasks.cv.net import dense
from sciae.tasks.cv.objectives import deep_tda
from sciae.tasks.cv.problem import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from sciae.tasks.cv.problem import Problem

    Array = NDArray[np.float64]

__all__ = ["counted", "targeted", "targets"]

APART, WIDTH = 14.0, 0.2  # of neighbouring states, and of each: as in the paper


def targeted(problem: Problem) -> Found:
    """A net that puts each state's frames at a centre of its own, in a Gaussian of given width.

    The loss is a statistic of the batch. It knows nothing of the frames between the states,
    and is fitted to labelled frames only.

    Raises
    ------
    DataError
        If there are no labels, or a state has no frames to train or to judge by.
    SpecError
        If the targets do not fit the states.
    """
    require_large(problem.training)
    problem = problem.labelled()
    states = counted(problem)
    wanted = targets(states, problem.dim, problem.centres, problem.widths)
    size = max(1.0, float(np.abs(wanted[0]).max()))  # outputs of order one are soon reached
    centres, widths = (torch.from_numpy(x / size) for x in wanted)
    net = dense(problem, problem.dim)

    def loss(some: Examples, _: torch.Generator) -> Tensor:
        assert some.label is not None
        return deep_tda(net(some.now), some.weight, some.label, centres, widths)

    train, held = (Examples.of_rows(one) for one in (problem.train, problem.held))
    history = descend(net, loss, train, held, training=problem.training, rng=problem.rng)
    encoder = of_net(net, problem.train.normaliser, activation=problem.activation)
    with torch.no_grad():
        missed = size * math.sqrt(float(loss(held, torch.Generator())) / (states * problem.dim))
    return Found(encoder=encoder, history=history, scores={"missed": missed})


def counted(problem: Problem) -> int:
    """How many states there are, 0 to n - 1, each with frames on both sides."""
    both = [problem.train.states, problem.held.states]
    found = np.unique(np.concatenate(both)).tolist()
    if len(found) < 2 or found != list(range(len(found))):  # noqa: PLR2004 - to be told apart
        raise DataError(
            f"states {found}", where="labels", expected="two or more, numbered 0, 1, ..."
        )
    for frames, name in ((problem.train, "train on"), (problem.held, "judge by")):
        missing = sorted(set(found) - set(np.unique(frames.states).tolist()))
        if missing:
            raise DataError(
                f"no frames of states {missing} to {name}",
                where="labels",
                expected="each state in two trajectories or blocks of time, or more",
            )
    return len(found)


def targets(
    states: int, dim: int, centres: Array | None = None, widths: Array | None = None
) -> tuple[Array, Array]:
    """Centres and widths of the states, each of shape (state, dim).

    By default in a row if there is one coordinate, and at the corners of a simplex if there
    is one less than states; neighbours 14 apart, 0.2 wide.

    Raises
    ------
    SpecError
        If there is no default, or what is given has another shape, or a width is not positive.

    Examples
    --------
    >>> targets(3, 1)[0].ravel().tolist()
    [-14.0, 0.0, 14.0]
    """
    shape = (states, dim)
    if centres is None:
        centres = _centres(states, dim)
    widths = np.full(shape, WIDTH) if widths is None else widths
    for name, x in (("centres", centres), ("widths", widths)):
        if x.shape != shape or not np.isfinite(x).all():
            raise SpecError(
                f"{name} of shape {x.shape}",
                where="deep-tda",
                expected=f"finite numbers, one row for each of {states} states, {dim} each",
            )
    if not (widths > 0).all():
        raise SpecError("a width that is not positive", where="deep-tda", expected="widths > 0")
    return centres, widths


def _centres(states: int, dim: int) -> Array:
    if dim == 1:
        return APART * (np.arange(states, dtype=np.float64)[:, None] - (states - 1) / 2)
    if dim != states - 1:
        raise SpecError(
            f"dim {dim} for {states} states",
            where="deep-tda",
            expected=f"1 or {states - 1}, or `centres` of your own",
        )
    corners = np.eye(states) - 1 / states
    axes = np.linalg.svd(corners)[2][:dim]
    placed: Array = corners @ axes.T * (APART / math.sqrt(2))
    return placed
