"""Linear kinds: TICA and principal components, one layer each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.tasks.cv.encoder import of_projection
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.problem import Found
from sciae.tasks.cv.spectrum import Spectrum, pca, tica

if TYPE_CHECKING:
    from sciae.tasks.cv.problem import Problem

__all__ = ["principal", "slowest"]


def slowest(problem: Problem) -> Found:
    """The linear combinations that decay most slowly; see `sciae.tasks.cv.spectrum.tica`.

    Without a ridge the objective does not change if an input is scaled.
    """
    frames = problem.train
    pairs = lagged(frames.group, frames.weight, problem.lag)
    found = tica(frames.inputs, pairs, ridge=problem.ridge)
    return _of(found, problem, "eigenvalue")


def principal(problem: Problem) -> Found:
    """The linear combinations that vary most, of standardised inputs."""
    return _of(pca(problem.train.inputs, problem.train.weight), problem, "variance")


def _of(found: Spectrum, problem: Problem, named: str) -> Found:
    problem.require_width(found.vectors.shape[1], "the rank of the inputs")
    vectors = found.vectors[:, : problem.dim]
    scores = {f"{named}_{d}": float(found.values[d]) for d in range(problem.dim)}
    encoder = of_projection(vectors, found.mean, problem.train.normaliser)
    return Found(encoder=encoder, scores=scores)
