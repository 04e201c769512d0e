"""Training: how to train, what each epoch came to, and what comes out."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.model import Autoencoder

__all__ = ["Epoch", "Fitted", "Training"]


@dataclass(frozen=True, kw_only=True)
class Training:
    """How to train.

    Attributes
    ----------
    epochs : int
        At most.
    batch : int
        Rows per step, at most, of all processes together: an epoch's steps are nearly equal.
    learning_rate, weight_decay : float
        Of AdamW; the rate falls to zero along half a cosine if `schedule` is "cosine".
    schedule : str
        "constant" or "cosine".
    clip : float, optional
        Largest norm of a step's gradient.
    patience : int
        Epochs without a better `monitor` before training stops.
    monitor : str
        The validation term that decides: "loss", or a term such as "reconstruction" or "kl".
    validation : float
        Share of the groups of rows held out for it, if no validation table is given.
    checkpoint_every : int
        Epochs between checkpoints.
    precision : str
        "float32": encoder and decoder compute in the model's own type; "bfloat16": in that,
        while they are trained. Weights, heads, penalties and validation keep the model's type.

    Raises
    ------
    SpecError
        If a value is out of its range.

    Examples
    --------
    >>> round(Training(epochs=3, schedule="cosine", learning_rate=1.0).rate_at(1), 9)
    0.75
    """

    epochs: int = 200
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    clip: float | None = None
    patience: int = 20
    monitor: str = "loss"
    validation: float = 0.1
    checkpoint_every: int = 5
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "patience", "checkpoint_every"):
            self._check(name, getattr(self, name) >= 1, "1 or more")
        self._check("learning_rate", 0 < self.learning_rate < math.inf, "a positive number")
        self._check("weight_decay", 0 <= self.weight_decay < math.inf, "0 or more")
        self._check("clip", self.clip is None or self.clip > 0, "a positive number, or None")
        self._check("schedule", self.schedule in ("constant", "cosine"), "'constant' or 'cosine'")
        self._check("validation", 0 < self.validation < 1, "a share between 0 and 1")
        known = self.precision in ("float32", "bfloat16")
        self._check("precision", known, "'float32' or 'bfloat16'")

    def _check(self, name: str, ok: bool, expected: str) -> None:  # noqa: FBT001 - a sentence
        if not ok:
            raise SpecError(f"{name} {getattr(self, name)!r}", where="Training", expected=expected)

    def rate_at(self, epoch: int) -> float:
        """The learning rate of an epoch."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / self.epochs))


@dataclass(frozen=True)
class Epoch:
    """Weighted means over the rows, in nats per row, by term; "loss" is the total."""

    train: dict[str, float]
    validation: dict[str, float]


@dataclass(frozen=True)
class Fitted:
    """What `fit` returns.

    Attributes
    ----------
    model : Autoencoder
        With the weights of the best epoch.
    history : tuple of Epoch
    best : int
        The epoch that `model` is from.
    stopped_early : bool
        Whether patience ran out.
    training : Training
    """

    model: Autoencoder
    history: tuple[Epoch, ...]
    best: int
    stopped_early: bool
    training: Training

    def summary(self) -> dict[str, Any]:
        """Plain JSON for the model's file."""
        return {
            "training": asdict(self.training),
            "best": self.best,
            "epochs": len(self.history),
            "stopped_early": self.stopped_early,
            "train": self.history[self.best].train,
            "validation": self.history[self.best].validation,
        }
