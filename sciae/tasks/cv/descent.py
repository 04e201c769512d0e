"""Descent: a plain loop over large batches of tensors, stopped by held-out trajectories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from sciae.autoencoders.adam import AdamW
from sciae.autoencoders.training import Epoch, Training
from sciae.errors import FitError, SpecError
from sciae.rng import torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sciae.tasks.cv.frames import Frames
    from sciae.tasks.cv.lag import Pairs

__all__ = ["LEAST_BATCH", "Examples", "descend", "require_large"]

LEAST_BATCH = 1000
SETTLED = 10  # epochs


@dataclass(frozen=True, eq=False)
class Examples:
    """What a loss is given, one row each.

    Attributes
    ----------
    now : Tensor, shape (example, input)
    weight : Tensor, shape (example,)
    later : Tensor, shape (example, input), or None
    label : Tensor of int, shape (example,), or None
    """

    now: Tensor
    weight: Tensor
    later: Tensor | None = None
    label: Tensor | None = None

    @classmethod
    def of_pairs(cls, frames: Frames, pairs: Pairs) -> Examples:
        """Frames and those a lag later."""
        inputs = torch.from_numpy(frames.inputs).float()
        now, later = (inputs[torch.from_numpy(at)] for at in (pairs.now, pairs.later))
        return cls(now, torch.from_numpy(pairs.weight / pairs.weight.mean()), later)

    @classmethod
    def of_rows(cls, frames: Frames) -> Examples:
        """Frames with their states."""
        weight = torch.from_numpy(frames.weight / frames.weight.mean())
        inputs = torch.from_numpy(frames.inputs).float()
        return cls(inputs, weight, label=torch.from_numpy(np.ascontiguousarray(frames.states)))

    def __len__(self) -> int:
        return len(self.now)

    def take(self, rows: Tensor) -> Examples:
        """These examples, in this order."""
        later, label = (
            None if x is None else x.index_select(0, rows) for x in (self.later, self.label)
        )
        return Examples(
            self.now.index_select(0, rows), self.weight.index_select(0, rows), later, label
        )


def require_large(training: Training) -> None:
    """Raise unless batches are large enough for a loss that is a statistic of the batch.

    Raises
    ------
    SpecError
        If `batch` is below `LEAST_BATCH`.
    """
    if training.batch < LEAST_BATCH:
        raise SpecError(
            f"batch {training.batch}",
            where="Training",
            expected=f"{LEAST_BATCH} rows or more: the loss is a statistic of the batch",
        )


def descend(
    net: nn.Module,
    loss: Callable[[Examples, torch.Generator], Tensor],
    train: Examples,
    held: Examples,
    *,
    training: Training,
    rng: np.random.Generator,
    settle: Callable[[], None] | None = None,
) -> tuple[Epoch, ...]:
    """Lower the loss; the net is left with the weights of the best epoch on `held`.

    Each step sees `Training.batch` rows or more (fewer only if there are no more), so that
    a loss may be a statistic of its batch. The held-out loss is that of all held-out rows at
    once, with the same noise at each epoch.

    Parameters
    ----------
    net : Module
        Changed in place.
    loss : callable
        Examples and a generator for noise -> a number.
    train, held : Examples
    training : Training
    rng : Generator
    settle : callable, optional
        Called every ten epochs: may change the net in ways that leave the loss alone.

    Returns
    -------
    tuple of Epoch
        Mean loss of the steps, and the held-out loss.

    Raises
    ------
    FitError
        If the loss is not finite.
    """
    order = torch_generator(rng)
    parameters = [x for x in net.parameters() if x.requires_grad]
    optimiser = AdamW(parameters, weight_decay=training.weight_decay)
    history: list[Epoch] = []
    best, kept, since = math.inf, _copied(net), 0
    for epoch in range(training.epochs):
        if settle is not None and epoch % SETTLED == 0:
            settle()
        rate = training.rate_at(epoch)
        told = [
            _step(parameters, loss(train.take(rows), order), optimiser, rate, training.clip)
            for rows in _batches(len(train), training.batch, order)
        ]
        with torch.no_grad():
            judged = float(loss(held, torch.Generator().manual_seed(0)))
        history.append(Epoch({"loss": sum(told) / len(told)}, {"loss": judged}))
        if not (math.isfinite(judged) and math.isfinite(sum(told))):
            raise FitError(
                "the loss is not finite", where=f"epoch {epoch}", fix="Lower the learning rate."
            )
        since += 1
        if judged < best:
            best, kept, since = judged, _copied(net), 0
        if since >= training.patience:
            break
    net.load_state_dict(kept)
    return tuple(history)


def _batches(rows: int, batch: int, rng: torch.Generator) -> tuple[Tensor, ...]:
    """A shuffled epoch in pieces of at least `batch` rows."""
    return torch.tensor_split(torch.randperm(rows, generator=rng), max(1, rows // batch))


def _step(
    parameters: Sequence[Tensor], loss: Tensor, optimiser: AdamW, rate: float, clip: float | None
) -> float:
    gradients = torch.autograd.grad(loss, parameters)
    if clip is not None:
        norm = torch.nn.utils.get_total_norm(gradients)
        gradients = tuple(g * (clip / (norm + 1e-6)).clamp(max=1.0) for g in gradients)
    optimiser.step(gradients, rate=rate)
    return float(loss.detach())


def _copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: x.detach().clone() for name, x in net.state_dict().items()}
