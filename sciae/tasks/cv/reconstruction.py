"""Reconstruction kinds: autoencoders whose code is the variable, trained by `sciae.fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.fit import fit
from sciae.autoencoders.kinds import composed
from sciae.autoencoders.latents import Gaussian, Latent, Point, Ring
from sciae.autoencoders.penalties import KL
from sciae.export.dense import encoder_of
from sciae.rng import seeded
from sciae.tasks.cv.autocorrelation import Autocorrelation
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.problem import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.penalties import Penalty
    from sciae.autoencoders.training import Fitted
    from sciae.tasks.cv.problem import Problem

__all__ = ["autoencoder", "dynamics", "on_ring", "time_lagged", "variational"]

STARTS = 3  # of a ring: a start may wind round the rows in a way that training cannot undo


def autoencoder(problem: Problem) -> Found:
    """A bottleneck: what tells most of a frame. Large motions win, slow or not."""
    return _best(problem, Point(problem.dim))


def time_lagged(problem: Problem) -> Found:
    """What tells most of the frame a lag later: fast motions tell nothing of it.

    Wehmeyer and Noé, J. Chem. Phys. 148 (2018) 241703. A pair counts as its first frame.
    """
    return _best(problem, Point(problem.dim), lag=problem.lag)


def variational(problem: Problem) -> Found:
    """A normal posterior, whose mean is the variable; beta nats are paid per nat of rate."""
    return _best(problem, Gaussian(problem.dim), (KL(problem.beta),))


def dynamics(problem: Problem) -> Found:
    """The variational dynamics encoder: time-lagged, variational, and slow.

    Hernández et al., Phys. Rev. E 97 (2018) 062412. The autocorrelation is a statistic of
    the batch; its weight is `slowness`, by default the number of inputs, because the
    reconstruction is summed over them.
    """
    penalties = (KL(problem.beta), Autocorrelation(problem.slowness))
    return _best(problem, Gaussian(problem.dim), penalties, lag=problem.lag)


def on_ring(problem: Problem) -> Found:
    """Angles on circles, for motions that return to where they began; the best of few starts."""
    return _best(problem, Ring(problem.dim), starts=STARTS)


def _best(
    problem: Problem,
    latent: Latent,
    penalties: Sequence[Penalty] = (),
    *,
    lag: int = 0,
    starts: int = 1,
) -> Found:
    """The start with the least held-out loss."""
    if lag:
        for frames in (problem.train, problem.held):
            lagged(frames.group, frames.weight, lag)  # or say what is missing
    fits = [_fitted(problem, _model(problem, latent, penalties, lag)) for _ in range(starts)]
    best = min(fits, key=lambda one: one.history[one.best].validation["loss"])
    encoder = encoder_of(best.model.cv())
    return Found(encoder=encoder, history=best.history, model=best.model)


def _model(problem: Problem, latent: Latent, penalties: Sequence[Penalty], lag: int) -> Autoencoder:
    """With one width for all columns, or those easiest to tell would crowd out the others."""
    schema = problem.train.table.schema
    with seeded(problem.rng):
        model = composed(
            schema,
            latent,
            penalties=penalties,
            lag=lag,
            hidden=problem.hidden,
            activation=problem.activation,
            sigma="shared",
        )
    model.normaliser.load_state_dict(problem.train.normaliser.state_dict())
    return model


def _fitted(problem: Problem, model: Autoencoder) -> Fitted:
    return fit(
        model,
        problem.train.table,
        validation=problem.held.table,
        training=problem.training,
        rng=problem.rng,
    )
