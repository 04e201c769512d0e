"""The training loop: epochs of plain steps, judged on held-out rows, resumable."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import torch
from tqdm import tqdm

from sciae.autoencoders.adam import AdamW
from sciae.autoencoders.checkpoint import read_checkpoint, under, write_checkpoint
from sciae.autoencoders.faults import not_finite
from sciae.autoencoders.model import Loss, evaluating
from sciae.autoencoders.training import Epoch, Fitted
from sciae.errors import FitError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Training

__all__ = ["Loop", "Rows"]

VALIDATION_ROWS = 4096  # judged at once


@dataclass(frozen=True)
class Rows:
    """Normalised rows, the number of each in its table, and what each counts in a step."""

    features: Features
    numbers: Tensor  # (row,)
    share: Tensor  # (row,) of a step's objective, sum_i share_i loss_i

    @classmethod
    def of(cls, features: Features, numbers: Tensor, *, batch: int) -> Rows:
        """The one place where weights enter: a weight of two equals the row twice.

        In a step of `batch` rows, shares sum to one on average.
        """
        weight = features.targets.new_ones(len(features))
        if features.weight is not None:
            weight = features.weight / features.weight.mean()
        return cls(features, numbers, weight / min(batch, len(features)))

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass
class State:
    """What a checkpoint holds beside tensors."""

    run: str = ""  # fingerprint
    epoch: int = 0
    step: int = 0
    best: int = -1
    since: int = 0
    history: list[Epoch] = field(default_factory=list)

    @classmethod
    def from_json(cls, text: str) -> State:
        """From the JSON of its fields."""
        values = json.loads(text)
        values["history"] = [Epoch(**epoch) for epoch in values["history"]]
        return cls(**values)


class Loop:
    """One training run: its data, its optimiser, its random numbers and where it is."""

    def __init__(
        self,
        model: Autoencoder,
        training: Training,
        rows: Rows,
        held_out: Rows,
        rng: torch.Generator,
    ) -> None:
        self.model, self.training, self.rng = model, training, rng
        self.rows, self.held_out = rows, held_out
        self.parameters = [x for x in model.parameters() if x.requires_grad]
        self.optimiser = AdamW(self.parameters, weight_decay=training.weight_decay)
        self.state = State()
        self.best = _copied(model.state_dict())

    def run(self, checkpoint: Path | None, *, resume: bool, fingerprint: str = "") -> Fitted:
        """Epoch by epoch until patience or epochs run out."""
        self.state.run = fingerprint
        if resume and checkpoint is not None and checkpoint.exists():
            self._resume(checkpoint)
        start, epochs = self.state.epoch, self.training.epochs
        with tqdm(total=epochs, initial=start, disable=None, unit="epoch", leave=False) as bar:
            while not self._done():
                self._epoch()
                bar.set_postfix(self.state.history[-1].validation)
                bar.update()
                if checkpoint is not None and self._due():
                    self._save(checkpoint)
        self.model.load_state_dict(self.best)
        self.model.to("cpu").eval()
        history, early = tuple(self.state.history), self.state.epoch < epochs
        return Fitted(self.model, history, self.state.best, early, self.training)

    def _done(self) -> bool:
        ran_out = self.state.since >= self.training.patience
        return ran_out or self.state.epoch >= self.training.epochs

    def _due(self) -> bool:
        return self.state.epoch % self.training.checkpoint_every == 0 or self._done()

    # ---- one epoch ---------------------------------------------------------------------------

    def _epoch(self) -> None:
        before, step = self._tensors(), self.state.step
        train = self._train()
        if not (_finite(train) and self._weights_are_finite()):
            self._load(before)
            self.state.step = step
            self._explain_training()
        validation = self._validate()
        if not _finite(validation):
            self._explain_validation()
        self._judge(Epoch(train, validation))

    def _train(self) -> dict[str, float]:
        self.model.train()
        rate = self.training.rate_at(self.state.epoch)
        order = self._order()
        losses = [self._step(rows, rate) for rows in order]
        return _average(losses, self.rows.share[torch.cat(order)])

    def _order(self) -> tuple[Tensor, ...]:
        """Which rows each step of an epoch sees."""
        order = torch.randperm(len(self.rows), generator=self.rng, device=self.rng.device)
        return torch.split(order, self.training.batch)

    def _step(self, rows: Tensor, rate: float) -> Loss:
        loss = self.model.loss(self.rows.features.take(rows), self.rng, step=self.state.step)
        share = self.rows.share.index_select(0, rows)
        found = torch.autograd.grad(loss.total, self.parameters, share, allow_unused=True)
        pairs = zip(self.parameters, found, strict=True)
        gradients = [torch.zeros_like(x) if g is None else g for x, g in pairs]
        if self.training.clip is not None:
            gradients = _clipped(gradients, self.training.clip)
        self.optimiser.step(gradients, rate=rate)
        self.state.step += 1
        return Loss(loss.total.detach(), {name: x.detach() for name, x in loss.terms.items()})

    def _validate(self) -> dict[str, float]:
        with evaluating(self.model):
            losses = [loss for _, _, loss in self._held_out_losses()]
        return _average(losses, self.held_out.share)

    @torch.no_grad()  # not inference_mode: a penalty may need a gradient of its own
    def _held_out_losses(self) -> Iterator[tuple[Tensor, Features, Loss]]:
        """The same noise and the final penalties at every epoch: only the weights differ."""
        noise = torch.Generator(self.rng.device).manual_seed(0)
        everything = torch.arange(len(self.held_out), device=self.rng.device)
        for rows in torch.split(everything, VALIDATION_ROWS):
            features = self.held_out.features.take(rows)
            yield rows, features, self.model.loss(features, noise)

    def _judge(self, epoch: Epoch) -> None:
        state, monitor = self.state, self.training.monitor
        state.history.append(epoch)
        value = epoch.validation[monitor]
        if state.best < 0 or value < state.history[state.best].validation[monitor]:
            state.best, state.since = state.epoch, 0
            self.best = _copied(self.model.state_dict())
        else:
            state.since += 1
        state.epoch += 1

    # ---- what can go wrong, and how to go on -------------------------------------------------

    def _explain_training(self) -> None:
        """Replay the epoch and raise at the step where it stops being finite."""
        self.model.train()
        rate = self.training.rate_at(self.state.epoch)
        for rows in self._order():
            features, noise = self.rows.features.take(rows), self.rng.get_state()
            loss = self.model.loss(features, self.rng, step=self.state.step)
            self.rng.set_state(noise)
            finite = bool(loss.total.isfinite().all())
            if finite:
                self._step(rows, rate)
                finite = self._weights_are_finite()
            if not finite:
                where = f"epoch {self.state.epoch}, step {self.state.step}, in training"
                numbers = self.rows.numbers[rows]
                raise not_finite(self.model, loss, features, numbers, where=where)
        raise FitError("the loss was not finite", where=f"epoch {self.state.epoch}, in training")

    def _weights_are_finite(self) -> bool:
        return all(bool(x.isfinite().all()) for x in self.parameters)

    def _explain_validation(self) -> None:
        where = f"epoch {self.state.epoch}, in validation"
        with evaluating(self.model):
            for rows, features, loss in self._held_out_losses():
                if not bool(loss.total.isfinite().all()):
                    numbers = self.held_out.numbers[rows]
                    raise not_finite(self.model, loss, features, numbers, where=where)
        raise FitError("the loss was not finite", where=where)

    def _save(self, path: Path) -> None:
        write_checkpoint(
            path, {**self._tensors(), "best": self.best}, json.dumps(asdict(self.state))
        )

    def _resume(self, path: Path) -> None:
        tensors, text = read_checkpoint(path)
        state = State.from_json(text)
        if state.run != self.state.run:
            raise SpecError(
                "the checkpoint is of another run",
                where=path,
                expected="the same rows, model and training (epochs and patience may differ)",
                fix="Remove it, or train without `resume`.",
            )
        self.state, self.best = state, under("best", tensors)
        self._load({part: under(part, tensors) for part in ("model", "optimiser", "noise")})

    def _tensors(self) -> dict[str, dict[str, Tensor]]:
        """Weights, optimiser and random numbers, as copies."""
        return {
            "model": _copied(self.model.state_dict()),
            "optimiser": self.optimiser.state(),
            "noise": {"state": self.rng.get_state()},
        }

    def _load(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        self.model.load_state_dict(tensors["model"])
        self.optimiser.load(tensors["optimiser"])
        self.rng.set_state(tensors["noise"]["state"])


def _average(losses: Sequence[Loss], share: Tensor) -> dict[str, float]:
    """The weighted mean of the loss and of each term over all rows, judged in this order."""
    share = share.double() / share.double().sum()
    named = [{"loss": loss.total, **loss.terms} for loss in losses]
    columns = {name: torch.cat([one[name] for one in named]).double() for name in named[0]}
    return {name: torch.dot(column, share).item() for name, column in columns.items()}


def _finite(values: dict[str, float]) -> bool:
    return all(math.isfinite(value) for value in values.values())


def _clipped(gradients: list[Tensor], most: float) -> list[Tensor]:
    """The gradients, scaled so that their joint norm is at most `most`."""
    norm = torch.nn.utils.get_total_norm(gradients)
    factor = (most / (norm + 1e-6)).clamp(max=1.0)
    return [gradient * factor for gradient in gradients]


def _copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
