"""Learning: the loss of a collective variable, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import GREY, canvas, key
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.autoencoders.training import Epoch

__all__ = ["learning_curve"]

BEGINNING = 0.05  # share of epochs that may lie above the axis
LATE = 0.9  # the best epoch after this share of them: it might have gone on


def learning_curve(history: Sequence[Epoch]) -> Figure | None:
    """Training and held-out loss against the epoch; None if nothing was trained.

    Parameters
    ----------
    history : sequence of Epoch
        Each with the term "loss"; its unit depends on what was minimised.
    """
    if not history:
        return None
    epochs = np.arange(1, len(history) + 1)
    train, held = (
        np.array([getattr(epoch, side)["loss"] for epoch in history], np.float64)
        for side in ("train", "validation")
    )
    best = int(np.nanargmin(held))
    with canvas() as (drawing, axes):
        single = {"marker": "o"} if len(history) == 1 else {}
        axes.plot(epochs, train, color="#0072B2", linestyle="--", label="training", **single)
        axes.plot(epochs, held, color="#D55E00", label="held out", **single)
        axes.axvline(best + 1, color=GREY, linestyle=(0, (1, 1.5)), linewidth=1.2, label="best")
        axes.set(xlabel="epoch", ylabel="loss", xlim=(1, max(len(epochs), 2)))
        axes.set_ylim(*_limits(train, held))
        axes.locator_params(axis="x", integer=True)
        key(drawing, axes, columns=3)
        return Figure(
            to_svg(drawing),
            f"Loss by epoch: held out from {number(float(held[0]))} to {number(float(held[best]))} "
            f"at epoch {best + 1} of {len(history)}.",
            f"Loss by epoch, the lower the better; dotted: the best, epoch {best + 1} of "
            f"{len(history)}.{_late(best, len(history))} Bad: the held-out loss rises while that "
            "of training falls.",
        )


def _limits(*curves: np.ndarray) -> tuple[float, float]:
    """The axis after the first epochs, which may lie above it."""
    skip = int(BEGINNING * len(curves[0]))
    low = min(float(np.nanmin(curve)) for curve in curves)
    high = max(float(np.nanmax(curve[skip:])) for curve in curves)
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def _late(best: int, epochs: int) -> str:
    late = epochs > 1 and best + 1 > LATE * epochs
    return " The best is near the end: more epochs might do better." if late else ""
