"""Training: what was learnt, and whether it can be trusted, in words and in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.page import Cell, Finding, Numbers
from sciae.report.words import MINUS, listed, number

if TYPE_CHECKING:
    from sciae.autoencoders.fit import Fitted
    from sciae.autoencoders.model import Autoencoder
    from sciae.schema import Field
    from sciae.tasks.anomaly import Calibration, Detector

__all__ = ["fields_table", "model_text", "training_findings", "training_table"]

GAP = 0.25  # of the spread of the calibration scores: beyond, it is more than a detail
LAST = 0.1  # share of epochs that count as the end
TIMES = " \N{MULTIPLICATION SIGN} "
AT_FLOOR = 2.0  # a width below so many floors is held up by the floor alone


def training_findings(fitted: Fitted, detector: Detector) -> tuple[Finding, ...]:
    """Whether training converged, generalises, and has noise of its own; and its calibration."""
    spread = float(np.std(detector.calibration.scores)) or 1.0
    found = [
        converged(fitted),
        _gap(fitted, spread),
        _floor(detector.model),
        _calibration(detector.calibration),
    ]
    return tuple(one for one in found if one is not None)


def converged(fitted: Fitted) -> Finding:
    """Whether training stopped by itself; what is not shown to have converged is not called so."""
    epochs, best = len(fitted.history), fitted.best + 1
    if fitted.stopped_early:
        return Finding(
            "good",
            f"Training stopped by itself after {epochs} epochs: "
            f"{fitted.training.monitor} on validation rows was best at epoch "
            f"{best}.",
            "Convergence:",
        )
    text = f"Training used up all {epochs} epochs; the best was {best}. "
    gain = _late_gain(fitted)
    if gain is not None:
        text += (
            f"The last {max(1, round(LAST * epochs))} lowered the best "
            f"{fitted.training.monitor} by {number(gain)} nats per row. "
        )
    if fitted.training.schedule == "cosine":
        return Finding(
            "note",
            text + "The learning rate falls to zero on this schedule, so the "
            "end is flat by design: it does not show convergence.",
            "Convergence:",
        )
    return Finding(
        "warning", text + "It is not shown to have converged: allow more epochs.", "Convergence:"
    )


def _late_gain(fitted: Fitted) -> float | None:
    """By how much the last tenth of the epochs lowered the best value."""
    values = [epoch.validation[fitted.training.monitor] for epoch in fitted.history]
    early = values[: -max(1, round(LAST * len(values)))]
    return min(early) - min(*early, *values) if early else None


def _gap(fitted: Fitted, spread: float) -> Finding:
    at = fitted.history[fitted.best]
    gap = at.validation["loss"] - at.train["loss"]
    text = (
        f"At the epoch kept, the validation loss is {number(abs(gap))} nats per row "
        f"{'above' if gap >= 0 else 'below'} training; the scores of the calibration rows "
        f"spread by {number(spread)} nats (standard deviation)."
    )
    if gap > GAP * spread:
        return Finding(
            "warning",
            f"{text} The model has learnt its training rows by heart to "
            "some degree: more rows or a smaller net would help.",
            "Generalisation:",
        )
    return Finding("good", f"{text} No sign of learning by heart.", "Generalisation:")


def _floor(model: Autoencoder) -> Finding | None:
    """Learnt widths that only their floor holds up."""
    fields = _fields_at_floor(model)
    if not fields:
        return None
    return Finding(
        "warning",
        f"The learnt noise of {listed(fields)} is at its floor: these are "
        "reconstructed almost perfectly (are they constant, or copies of "
        "others?), and tiny changes of them dominate the score.",
        "Noise:",
    )


def _fields_at_floor(model: Autoencoder) -> list[str]:
    import torch
    from torch.nn.functional import softplus

    from sciae.autoencoders.heads.normal import Normal

    low = torch.zeros(model.heads.layout.targets, dtype=torch.bool)
    for block in model.heads.blocks:
        head = model.heads.heads[block.head]
        if isinstance(head, Normal) and head.sigma in ("learnt", "shared"):
            sigma = softplus(head.raw_sigma.detach().cpu()) + head.floor
            low[block.targets] = sigma < AT_FLOOR * head.floor
    return [p.field.name for p in model.heads.layout.places if bool(low[p.targets].any())]


def _calibration(calibration: Calibration) -> Finding:
    n, smallest = len(calibration), float(calibration.p_value([np.inf])[0])
    kind = "held-out" if calibration.weight is None else "weighted held-out"
    return Finding(
        "note",
        f"{n:,} {kind} rows give the p-values; the smallest possible is {number(smallest, 2)}.",
        "Calibration size:",
    )


def training_table(fitted: Fitted) -> Numbers:
    """Each term at the epoch that was kept."""
    at = fitted.history[fitted.best]
    rows = tuple(
        (Cell(term), Cell(number(at.train[term], 4)), Cell(number(value, 4)))
        for term, value in at.validation.items()
        if term in at.train
    )
    rows = rows if len(rows) > 2 else rows[:1]  # noqa: PLR2004 - the total and its one term
    return Numbers(
        header=("nats per row", "training", "validation"),
        rows=rows,
        caption=f"Epoch {fitted.best + 1} of {len(fitted.history)}, the one kept",
        notes=("Terms before their weight in the loss.",) if len(rows) > 1 else (),
    )


def model_text(model: Autoencoder) -> str:
    """The model in a sentence."""
    weights = sum(parameter.numel() for parameter in model.parameters())
    kind = type(model.latent).__name__.lower()
    return (
        f"An autoencoder with {_counted(len(model.schema.names), 'field')}, a {kind} code of "
        f"{_counted(model.latent.dim, 'number')} and {_counted(weights, 'parameter')}. "
        f"A score is {MINUS}ln p(x) in nats."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fields_table(model: Autoencoder) -> Numbers:
    """The fields that the model reads, with kind, shape, unit and what they are."""
    rows = tuple(
        (Cell(f.name), Cell(f.kind), Cell(_shape(f)), Cell(f.unit), Cell(f.doc))
        for f in model.schema
    )
    return Numbers(
        header=("field", "kind", "shape", "unit", "what it is"),
        rows=rows,
        caption="What the model reads",
        words=True,
    )


def _shape(field: Field) -> str:
    if field.size is not None:
        return f"up to {field.size}"
    return TIMES.join(map(str, field.shape)) or "1"
