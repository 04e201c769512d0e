"""The state-predictive information bottleneck: states and variable learnt from each other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn

from sciae.autoencoders.nets import Dense
from sciae.rng import seeded
from sciae.tasks.cv.descent import Examples, descend
from sciae.tasks.cv.encoder import of_net
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.problem import Found

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sciae.autoencoders.training import Epoch
    from sciae.tasks.cv.frames import Frames
    from sciae.tasks.cv.problem import Problem

    Array = NDArray[np.float64]
    Labels = NDArray[np.int64]

__all__ = ["StatePredictive", "state_predictive"]

ROUNDS = 25  # of training and relabelling, at most
STEADY = 2  # rounds in which nearly no label changed, before it is over
CHANGED = 0.005  # share of frames
FIRST = 8  # times as long: a net that knows nothing yet leads every frame to one state


class StatePredictive(nn.Module):
    r"""A normal encoder whose draw foretells the state of the frame a lag later.

    .. math:: -\ln q(y_{t+\tau} \mid z) + \beta\, [\ln p(z \mid x_t) - \ln r(z)], \qquad
              z \sim N(\mu(x_t), \sigma^2), \quad
              r(z) = \sum_k \omega_k\, N(z;\, \mu(u_k), \sigma^2)

    with one sigma per coordinate, and a prior r whose components sit at representative
    frames u_k, one per state, with learnt weights. Wang and Tiwary, J. Chem. Phys. 154
    (2021) 134111; the prior is that of Tomczak and Welling, arXiv:1705.07120.

    Parameters
    ----------
    encoder : Dense
        Inputs -> mu.
    decoder : Dense
        z -> logits of the states.
    """

    representatives: Tensor

    def __init__(self, encoder: Dense, decoder: Dense, *, inputs: int) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        dim = len(encoder.get_parameter(f"bias_{len(encoder.narrows) - 1}"))
        self.log_sigma = nn.Parameter(torch.zeros(dim))
        self.register_buffer("representatives", torch.zeros(1, inputs))
        self.log_share = nn.Parameter(torch.zeros(1))

    def represent(self, frames: Tensor, share: Tensor) -> None:
        """New representative frames, shape (state, input), and the shares that they begin with."""
        self.representatives = frames
        self.log_share = nn.Parameter(share.log())

    def forward(self, x: Tensor, label: Tensor, rng: torch.Generator, *, beta: float) -> Tensor:
        """The loss of each row, in nats, with the state of the later frame as `label`."""
        mean = self.encoder(x)
        z = mean + self.log_sigma.exp() * torch.randn(mean.shape, generator=rng)
        told = nn.functional.cross_entropy(self.decoder(z), label, reduction="none")
        rate = self._log_normal(z, mean) - self._log_prior(z)
        return told + beta * rate

    def _log_normal(self, z: Tensor, mean: Tensor) -> Tensor:
        residual = (z - mean) * (-self.log_sigma).exp()
        each = 0.5 * residual.square() + self.log_sigma + 0.5 * math.log(2 * math.pi)
        return -each.sum(-1)

    def _log_prior(self, z: Tensor) -> Tensor:
        centres = self.encoder(self.representatives)  # (state, dim)
        each = self._log_normal(z[:, None], centres)  # (row, state)
        prior: Tensor = torch.logsumexp(each + torch.log_softmax(self.log_share, 0), 1)
        return prior

    @torch.no_grad()
    def states(self, inputs: Array) -> Labels:
        """The state that each frame most likely leads to."""
        logits = self.decoder(self.encoder(torch.from_numpy(inputs).float()))
        found: Labels = logits.argmax(1).numpy()
        return found


def state_predictive(problem: Problem) -> Found:
    """Train, relabel each frame by the state it leads to, and again until labels are steady.

    It begins with the labels given, or with `states` clusters of the inputs. States that a
    lag does not tell apart merge, because frames of either lead to the more frequent one.
    """
    train, held = _labelled(problem)
    model = _model(problem, int(max(train.states.max(), held.states.max())) + 1)
    history: list[Epoch] = []
    steady, rounds = 0, 0
    while steady < STEADY and rounds < ROUNDS:
        _represent(model, train)
        history += _round(problem, model, train, held, longer=1 if rounds else FIRST)
        labels = [model.states(frames.inputs) for frames in (train, held)]
        changed = np.average(labels[0] != train.states, weights=train.weight)
        steady = steady + 1 if changed < CHANGED else 0
        train, held = (f.labelled(y) for f, y in zip((train, held), labels, strict=True))
        rounds += 1
    normaliser = problem.train.normaliser
    encoder = of_net(model.encoder, normaliser, activation=problem.activation)
    alive = np.unique(train.states)
    return Found(
        encoder=encoder,
        history=tuple(history),
        states=_leads_to(model, alive),
        scores={"states": float(len(alive)), "rounds": float(rounds)},
        notes=() if steady >= STEADY else (f"labels were not steady after {rounds} rounds",),
    )


def _leads_to(model: StatePredictive, alive: Labels) -> Callable[[Array], Labels]:
    """Inputs -> state, numbered 0, 1, ... without those that died."""
    return lambda inputs: np.searchsorted(alive, model.states(inputs))


def _labelled(problem: Problem) -> tuple[Frames, Frames]:
    """Frames with the labels given, or with clusters of the training inputs."""
    train, held = problem.train, problem.held
    if train.label is not None and held.label is not None:
        known = np.unique(np.concatenate([train.label, held.label]))
        first, second = (f.labelled(np.searchsorted(known, f.states)) for f in (train, held))
        return first, second
    seed = int(problem.rng.integers(2**31))
    clusters = KMeans(problem.states, n_init=1, random_state=seed)
    clusters.fit(train.inputs, sample_weight=train.weight)
    first, second = (f.labelled(clusters.predict(f.inputs).astype(np.int64)) for f in (train, held))
    return first, second


def _model(problem: Problem, states: int) -> StatePredictive:
    inputs = problem.train.inputs.shape[1]
    sizes = (inputs, *problem.hidden, problem.dim)
    with seeded(problem.rng):
        encoder = Dense(sizes, between=problem.activation)
        decoder = Dense((*sizes[:0:-1], states), between=problem.activation)
        return StatePredictive(encoder, decoder, inputs=inputs)


@torch.no_grad()
def _represent(model: StatePredictive, frames: Frames) -> None:
    """For each state, the frame whose code is nearest to the mean of its codes."""
    x, w = torch.from_numpy(frames.inputs).float(), torch.from_numpy(frames.weight)
    code = model.encoder(x).double()
    chosen, shares = [], []
    for state in np.unique(frames.states[frames.weight > 0]):
        own = torch.from_numpy(frames.states == state) & (w > 0)
        share = w[own] / w[own].sum()
        far = (code[own] - share @ code[own]).square().sum(1)
        chosen.append(x[own][far.argmin()])
        shares.append(w[own].sum() / w.sum())
    model.represent(torch.stack(chosen), torch.stack(shares).float())


def _round(
    problem: Problem, model: StatePredictive, train: Frames, held: Frames, *, longer: int
) -> tuple[Epoch, ...]:
    def loss(some: Examples, rng: torch.Generator) -> Tensor:
        assert some.label is not None
        each: Tensor = model(some.now, some.label, rng, beta=problem.beta)
        weight = some.weight.float()
        return weight @ each / weight.sum()

    both = (_foretold(frames, problem.lag) for frames in (train, held))
    training = problem.training
    training = replace(
        training, epochs=longer * training.epochs, patience=longer * training.patience
    )
    return descend(model, loss, *both, training=training, rng=problem.rng)


def _foretold(frames: Frames, lag: int) -> Examples:
    """Each frame with the state of the frame a lag later."""
    pairs = lagged(frames.group, frames.weight, lag)
    examples = Examples.of_pairs(frames, pairs)
    return replace(examples, later=None, label=torch.from_numpy(frames.states[pairs.later]))
