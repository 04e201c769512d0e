"""History: training and validation, term by term."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import GREY, canvas, key
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure

if TYPE_CHECKING:
    from sciae.autoencoders.fit import Fitted

__all__ = ["training_history"]

WARM_UP = 0.05  # share of epochs that may lie above the axis


def training_history(fitted: Fitted) -> tuple[Figure, ...]:
    """One figure per term of the loss; the total only if there is more than one term."""
    terms = list(fitted.history[0].validation) if fitted.history else []
    if len(terms) == 2:  # noqa: PLR2004 - the total and the one term that it is
        terms = terms[:1]
    return tuple(_term(fitted, term) for term in terms)


def _term(fitted: Fitted, term: str) -> Figure:
    epochs = np.arange(1, len(fitted.history) + 1)
    train = np.array([epoch.train.get(term, np.nan) for epoch in fitted.history])
    held_out = np.array([epoch.validation.get(term, np.nan) for epoch in fitted.history])
    with canvas() as (drawing, axes):
        axes.plot(epochs, train, color="#0072B2", linestyle="--", label="training")
        axes.plot(epochs, held_out, color="#D55E00", label="validation")
        axes.axvline(
            fitted.best + 1, color=GREY, linestyle=(0, (1, 1.5)), linewidth=1.2, label="kept"
        )
        low, high, above = _limits(train, held_out)
        axes.set(
            xlim=(1, max(len(epochs), 2)),
            xlabel="epoch",
            ylabel=f"{term} (nats per row)",
            ylim=(low, high),
        )
        axes.locator_params(axis="x", integer=True)
        if len(epochs) == 1:
            axes.plot(epochs, held_out, "o", color="#D55E00")
        key(drawing, axes, columns=3)
        note = " The first epochs lie above the axis." if above else ""
        return Figure(
            to_svg(drawing),
            f"{term} by epoch: validation from {held_out[0]:.4g} to {held_out[fitted.best]:.4g} "
            f"nats per row at epoch {fitted.best + 1}, the one kept.",
            f"“{term}”, mean per row. The dotted line marks the epoch that was kept.{note}",
        )


def _limits(*curves: np.ndarray) -> tuple[float, float, bool]:
    """The axis after the first epochs, and whether something lies above it."""
    values = np.concatenate(curves)
    skip = int(WARM_UP * len(curves[0])) + (len(curves[0]) > 5)  # noqa: PLR2004 - a start
    settled = np.concatenate([curve[skip:] for curve in curves])
    low, high = float(np.nanmin(values)), float(np.nanmax(settled))
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin, bool(np.nanmax(values) > high + margin)
