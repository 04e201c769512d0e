"""Separation: the ROC as background rejection against signal efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import BACKGROUND, Look, canvas, key, looks, named, plain_numbers
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sciae.tasks.anomaly import Evaluation, Roc

    Floats = NDArray[np.float64]

__all__ = ["areas", "rejection_curves"]

LEAST_BACKGROUND = 20  # events left, as in `sciae.tasks.anomaly.curves`
POINTS = 240  # of a curve: more cannot be seen


def rejection_curves(signal: str, methods: Mapping[str, Evaluation]) -> Figure:
    """1 / background efficiency against signal efficiency, up and to the right is better.

    Parameters
    ----------
    signal : str
    methods : mapping of str to Evaluation
        The model first, drawn in black and thick; then the baselines.
    """
    model, *others = methods
    drawn = {model: Look("black", "-", "o"), **looks(others)}
    with canvas(size=(4.8, 3.9)) as (drawing, axes):
        for name, look in drawn.items():
            _curve(axes, methods[name].curve, look, named(name), thick=name == model)
        chance = np.linspace(0.01, 1, POINTS)
        axes.plot(chance, 1 / chance, color="#9aa3ab", linewidth=1, label="random")
        axes.set_yscale("log")
        axes.set(
            xlim=(0, 1),
            ylim=(1, _top(methods)),
            xlabel="signal efficiency",
            ylabel="background rejection (1 / efficiency)",
        )
        plain_numbers(axes.yaxis)
        key(drawing, axes)
        return Figure(
            to_svg(drawing),
            _alt(signal, methods),
            f"{signal}: background rejection at each signal efficiency; higher is better, below "
            f"the thin grey line is worse than chance. A curve ends where fewer than "
            f"{LEAST_BACKGROUND} background rows pass.",
        )


def _curve(axes: Axes, curve: Roc, look: Look, label: str, *, thick: bool) -> None:
    signal, background = _seen(curve)
    axes.plot(
        signal,
        1 / background,
        color=look.colour,
        linestyle=look.line,
        label=label,
        linewidth=2.2 if thick else 1.4,
        zorder=3 if thick else 2,
    )


def _seen(curve: Roc) -> tuple[Floats, Floats]:
    """The curve where enough background passes, thinned evenly along both axes."""
    enough = curve.background_events >= LEAST_BACKGROUND
    signal, background = curve.signal[enough], curve.background[enough]
    if len(signal) <= POINTS:
        return signal, background
    along = np.concatenate(
        [[0], np.cumsum(np.abs(np.diff(signal)) + np.abs(np.diff(np.log10(background))))]
    )
    at = np.searchsorted(along, np.linspace(0, along[-1], POINTS))
    at = np.unique(at.clip(0, len(signal) - 1))
    return signal[at], background[at]


def _top(methods: Mapping[str, Evaluation]) -> float:
    """Above every curve where its signal efficiency is visible, and at least 10."""
    best = 10.0
    for one in methods.values():
        signal, background = _seen(one.curve)
        visible = signal > 0.01  # noqa: PLR2004 - the left edge
        best = max([best, *(1.5 / background[visible])])
    return best


def areas(evaluations: Mapping[str, Mapping[str, Evaluation]]) -> Figure:
    """The area under the ROC of each method on each signal, with its interval.

    Parameters
    ----------
    evaluations : mapping of signal to mapping of method to Evaluation
    """
    methods = list(dict.fromkeys(m for one in evaluations.values() for m in one))
    drawn, step = looks(list(evaluations)), 0.5 / len(evaluations)
    with canvas(size=(4.8, max(2.6, 1.3 + 0.4 * len(methods)))) as (drawing, axes):
        for number, (signal, look) in enumerate(drawn.items()):
            at = [i + step * (number - (len(drawn) - 1) / 2) for i in range(len(methods))]
            _intervals(axes, [evaluations[signal].get(m) for m in methods], at, look, signal)
        axes.axvline(0.5, color=BACKGROUND, linewidth=1, zorder=1)
        axes.set_yticks(range(len(methods)), [named(m, 22) for m in methods])
        axes.set(xlim=(0, 1), ylim=(len(methods) - 0.5, -0.5), xlabel="area under the ROC")
        axes.tick_params(axis="y", length=0)
        key(drawing, axes)
        return Figure(
            to_svg(drawing),
            f"Area under the ROC of {', '.join(methods)} on {', '.join(evaluations)}.",
            "Area under the ROC with its interval. Left of the line, at 0.5, a signal is ranked "
            "as more normal than background.",
        )


def _intervals(
    axes: Axes, found: Sequence[Evaluation | None], at: Sequence[float], look: Look, signal: str
) -> None:
    there = [(one.auc, place) for one, place in zip(found, at, strict=True) if one is not None]
    values = [auc.value for auc, _ in there]
    ends = [[auc.value - auc.low for auc, _ in there], [auc.high - auc.value for auc, _ in there]]
    axes.errorbar(
        values,
        [place for _, place in there],
        xerr=np.nan_to_num(ends).clip(0),
        fmt=look.marker,
        color=look.colour,
        markersize=5,
        elinewidth=1.6,
        markeredgecolor="white",
        markeredgewidth=0.5,
        label=named(signal),
    )


def _alt(signal: str, methods: Mapping[str, Evaluation]) -> str:
    areas = ", ".join(f"{name} {one.auc.value:.3f}" for name, one in methods.items())
    return f"Background rejection against efficiency for {signal}; areas under the ROC: {areas}."
