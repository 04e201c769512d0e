"""The training loop: epochs of plain steps, judged on held-out rows, resumable."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

import torch
from tqdm import tqdm

from sciae.autoencoders import ranks
from sciae.autoencoders.adam import AdamW
from sciae.autoencoders.checkpoint import State, read_checkpoint, under, write_checkpoint
from sciae.autoencoders.faults import not_finite
from sciae.autoencoders.model import Loss, evaluating
from sciae.autoencoders.precision import computing_in
from sciae.autoencoders.rows import Rows, Sums, steps
from sciae.autoencoders.training import Epoch, Fitted
from sciae.errors import FitError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Training

__all__ = ["Loop", "Rows", "Source"]

VALIDATION_ROWS = 4096  # judged at once
TOGETHER = 32  # steps whose rows are gathered with one call


class Source(Protocol):
    """Where an epoch's rows come from: `Rows` in memory, or `ChunkedRows`."""

    def visit(self, rng: torch.Generator) -> Iterator[Rows]:
        """All rows once, in one piece or in several."""

    @property
    def sha256(self) -> str:
        """Equal for equal rows."""


class Loop:
    """One training run: its data, its optimiser, its random numbers and where it is.

    Every process goes through the same epochs and steps, and takes its own rows of each
    step. `order`, the order of rows, is the same on all; `noise` is each one's own.
    """

    def __init__(
        self,
        model: Autoencoder,
        training: Training,
        source: Source,
        held_out: Rows,
        *,
        order: torch.Generator,
        noise: torch.Generator,
        on_epoch: Callable[[int, Autoencoder], None] | None = None,
    ) -> None:
        self.model, self.training, self.on_epoch = model, training, on_epoch
        self.source, self.held_out = source, held_out
        self.order, self.noise = order, noise
        self.parameters = [x for x in model.parameters() if x.requires_grad]
        self.optimiser = AdamW(self.parameters, weight_decay=training.weight_decay)
        self.state = State()
        self.best = _copied(model.state_dict())

    def run(self, checkpoint: Path | None, *, resume: bool, fingerprint: str = "") -> Fitted:
        """Epoch by epoch until patience or epochs run out."""
        self.state.run = fingerprint
        if resume and checkpoint is not None:
            self._resume(checkpoint)
        hidden = True if ranks.rank() else None  # None: unless it is not a terminal
        start, epochs = self.state.epoch, self.training.epochs
        with tqdm(total=epochs, initial=start, disable=hidden, unit="epoch", leave=False) as bar:
            while not self._done():
                self._epoch()
                bar.set_postfix(self.state.history[-1].validation)
                bar.update()
                if checkpoint is not None and self._due():
                    self._save(checkpoint)
        self.model.load_state_dict(self.best)
        self.model.to("cpu").eval()
        history = tuple(self.state.history)
        return Fitted(self.model, history, self.state.best, self._out_of_patience(), self.training)

    def _out_of_patience(self) -> bool:
        return self.state.since >= self.training.patience

    def _done(self) -> bool:
        return self._out_of_patience() or self.state.epoch >= self.training.epochs

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
        if self.on_epoch is not None:
            self.on_epoch(self.state.epoch - 1, self.model)

    def _train(self) -> dict[str, float]:
        self.model.train()
        sums, rate = Sums(), self.training.rate_at(self.state.epoch)
        with computing_in(self.training.precision, self.model):
            for rows in self.source.visit(self.order):
                order = self._steps(rows)
                for at in range(0, len(order), TOGETHER):
                    sums.add(*self._train_on(rows, order[at : at + TOGETHER], rate))
                del rows  # before the next chunk is read
        return sums.means()

    def _train_on(self, rows: Rows, order: list[Tensor], rate: float) -> tuple[list[Loss], Tensor]:
        """Some steps, whose rows are gathered at once; their losses, and shares in this order."""
        every, sizes = torch.cat(order), [len(own) for own in order]
        features = rows.features.take(every).split(sizes)
        share = rows.share.index_select(0, every)
        each = zip(features, torch.split(share, sizes), strict=True)
        return [self._step(one, own, rate) for one, own in each], share

    def _steps(self, rows: Rows) -> list[Tensor]:
        """Which of these rows each step sees, in this process."""
        order = torch.randperm(len(rows), generator=self.order, device=self.order.device)
        each = torch.tensor_split(order, steps(len(rows), self.training.batch))
        return [ranks.own(step) for step in each]

    def _step(self, features: Features, share: Tensor, rate: float) -> Loss:
        loss = self.model.loss(features, self.noise, step=self.state.step)
        found = torch.autograd.grad(loss.total, self.parameters, share, allow_unused=True)
        pairs = zip(self.parameters, found, strict=True)
        gradients = ranks.summed([torch.zeros_like(x) if g is None else g for x, g in pairs])
        if self.training.clip is not None:
            gradients = _clipped(gradients, self.training.clip)
        self.optimiser.step(gradients, rate=rate)
        self.state.step += 1
        return Loss(loss.total.detach(), {name: x.detach() for name, x in loss.terms.items()})

    def _validate(self) -> dict[str, float]:
        sums = Sums()
        with evaluating(self.model):
            for own, _, loss in self._held_out_losses():
                sums.add([loss], self.held_out.share[own])
        return sums.means()

    @torch.no_grad()  # not inference_mode: a penalty may need a gradient of its own
    def _held_out_losses(self) -> Iterator[tuple[Tensor, Features, Loss]]:
        """The same noise and the final penalties at every epoch: only the weights differ."""
        noise = torch.Generator(self.noise.device).manual_seed(ranks.rank())
        everything = torch.arange(len(self.held_out), device=self.noise.device)
        for rows in torch.split(everything, VALIDATION_ROWS):
            own = ranks.own(rows)
            features = self.held_out.features.take(own)
            yield own, features, self.model.loss(features, noise)

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
        """Replay the epoch and raise, on all ranks, at the step where it stops being finite."""
        self.model.train()
        rate = self.training.rate_at(self.state.epoch)
        with computing_in(self.training.precision, self.model):
            for rows in self.source.visit(self.order):
                for own in self._steps(rows):
                    self._explain_step(rows, own, rate)
        raise FitError("the loss was not finite", where=f"epoch {self.state.epoch}, in training")

    def _explain_step(self, rows: Rows, own: Tensor, rate: float) -> None:
        features, before = rows.features.take(own), self._tensors()
        where = f"epoch {self.state.epoch}, step {self.state.step}, in training"
        loss = self.model.loss(features, self.noise, step=self.state.step)
        self._load(before)  # the noise, and what a part remembers of its rows
        self._tell(loss, features, rows.numbers[own], where, ok=True)
        self._step(features, rows.share.index_select(0, own), rate)
        ok = self._weights_are_finite()
        self._tell(loss, features, rows.numbers[own], where, ok=ok)

    def _tell(
        self, loss: Loss, features: Features, numbers: Tensor, where: str, *, ok: bool
    ) -> None:
        """Raise on all ranks unless the loss is finite on each and all is `ok`."""
        finite = ok and bool(loss.total.isfinite().all())
        error = None if finite else not_finite(self.model, loss, features, numbers, where=where)
        ranks.tell(error, self.model.device)

    def _weights_are_finite(self) -> bool:
        return all(bool(x.isfinite().all()) for x in self.parameters)

    def _explain_validation(self) -> None:
        where = f"epoch {self.state.epoch}, in validation"
        with evaluating(self.model):
            for own, features, loss in self._held_out_losses():
                self._tell(loss, features, self.held_out.numbers[own], where, ok=True)
        raise FitError("the loss was not finite", where=where)

    def _save(self, path: Path) -> None:
        """On rank 0, with the noise of all."""
        device = self.model.device
        noises = ranks.gathered(self.noise.get_state().to(device))
        parts = {**self._tensors(), "best": self.best}
        parts["noise"] = {str(number): noise for number, noise in enumerate(noises)}
        with ranks.together(device):
            if ranks.rank() == 0:
                write_checkpoint(path, parts, json.dumps(asdict(self.state)))

    def _resume(self, path: Path) -> None:
        """From the checkpoint, if it is there: the noise, too, if there are as many ranks."""
        with ranks.together(self.model.device):
            found = path.exists()
            tensors, text = read_checkpoint(path) if found else ({}, "")
            state = State.from_json(text) if found else self.state
            self._require_same_run(state, path)
        ranks.require_same(text, what="the checkpoint that they see", device=self.model.device)
        if not found:
            return
        self.state, self.best = state, under("best", tensors)
        noises = under("noise", tensors)
        same = len(noises) == ranks.world()
        noise = noises[str(ranks.rank())] if same else self.noise.get_state()
        parts = {part: under(part, tensors) for part in ("model", "optimiser", "order")}
        self._load({**parts, "noise": {"state": noise}})

    def _require_same_run(self, state: State, path: Path) -> None:
        if state.run != self.state.run:
            raise SpecError(
                "the checkpoint is of another run",
                where=path,
                expected="the same rows, model and training (epochs and patience may differ)",
                fix="Remove it, or train without `resume`.",
            )

    def _tensors(self) -> dict[str, dict[str, Tensor]]:
        """Weights, optimiser and random numbers, as copies."""
        return {
            "model": _copied(self.model.state_dict()),
            "optimiser": self.optimiser.state(),
            "order": {"state": self.order.get_state()},
            "noise": {"state": self.noise.get_state()},
        }

    def _load(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        self.model.load_state_dict(tensors["model"])
        self.optimiser.load(tensors["optimiser"])
        self.order.set_state(tensors["order"]["state"])
        self.noise.set_state(tensors["noise"]["state"])


def _finite(values: dict[str, float]) -> bool:
    return all(math.isfinite(value) for value in values.values())


def _clipped(gradients: list[Tensor], most: float) -> list[Tensor]:
    """The gradients, scaled so that their joint norm is at most `most`."""
    norm = torch.nn.utils.get_total_norm(gradients)
    factor = (most / (norm + 1e-6)).clamp(max=1.0)
    return [gradient * factor for gradient in gradients]


def _copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
