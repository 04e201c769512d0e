"""Slow kinds: nets whose outputs are the slowest functions, by deep TICA or VAMP-2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.tasks.cv.descent import Examples, descend, require_large
from sciae.tasks.cv.encoder import folded, of_net
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.net import dense
from sciae.tasks.cv.objectives import deep_tica, vamp2_loss
from sciae.tasks.cv.problem import Found
from sciae.tasks.cv.spectrum import Spectrum, tica, vamp

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from sciae.autoencoders.nets import Dense
    from sciae.tasks.cv.lag import Pairs
    from sciae.tasks.cv.problem import Problem

__all__ = ["deep_slowest", "vampnet"]

MORE = 4  # outputs than coordinates: a slow motion is found where one of them feels it


def deep_slowest(problem: Problem) -> Found:
    """Deep TICA: a net, and TICA on its outputs, whose projection goes into its last layer."""
    return _found(problem, deep_tica, tica, "eigenvalue")


def vampnet(problem: Problem) -> Found:
    """A VAMPnet with smooth features as outputs, and their leading singular functions.

    Both lobes share one net. Outputs are features, not softmax memberships: a membership
    is flat inside its state, and a bias along it gives no force there.
    """
    return _found(problem, vamp2_loss, vamp, "singular")


def _found(
    problem: Problem,
    objective: Callable[[Tensor, Tensor, Tensor], Tensor],
    project: Callable[[NDArray[np.float64], Pairs], Spectrum],
    named: str,
) -> Found:
    require_large(problem.training)
    both = problem.train, problem.held
    train, held = (lagged(one.group, one.weight, problem.lag) for one in both)
    least = problem.hidden[-1] if problem.hidden else problem.train.inputs.shape[1]
    net = dense(problem, max(problem.dim, min(problem.dim + MORE, least)))
    inputs = torch.from_numpy(problem.train.inputs).float()

    @torch.no_grad()
    def projected() -> Spectrum:
        return project(net(inputs).double().numpy(), train)

    def loss(some: Examples, _: torch.Generator) -> Tensor:
        assert some.later is not None
        return objective(net(some.now), net(some.later), some.weight)

    examples = (Examples.of_pairs(*one) for one in zip(both, (train, held), strict=True))
    history = descend(net, loss, *examples, training=problem.training, rng=problem.rng,
        settle=lambda: _settle(net, projected()))  # fmt: skip
    found = projected()
    problem.require_width(found.vectors.shape[1], "the rank of the net's outputs")
    encoder = of_net(net, problem.train.normaliser, activation=problem.activation)
    scores = {f"{named}_{d}": float(found.values[d]) for d in range(problem.dim)}
    vectors = found.vectors[:, : problem.dim]
    leading = folded(encoder, vectors.T, -found.mean @ vectors)
    return Found(encoder=leading, history=history, scores=scores)


@torch.no_grad()
def _settle(net: Dense, found: Spectrum) -> None:
    """Outputs made uncorrelated and of variance one, which leaves the loss as it is.

    Two outputs that both follow the slowest motion are nearly one: what is left of the
    second is so small against the ridge that it is long not felt. Stretched, it is.
    """
    layer = len(net.narrows) - 1
    weight, bias = (net.get_parameter(f"{name}_{layer}") for name in ("weight", "bias"))
    if found.vectors.shape[1] < len(bias):
        return
    vectors = torch.from_numpy(found.vectors.copy()).to(weight)
    mean = torch.from_numpy(found.mean).to(bias)
    weight.copy_(vectors.T @ weight if net.narrows[layer] else weight @ vectors)
    bias.copy_((bias - mean) @ vectors)
